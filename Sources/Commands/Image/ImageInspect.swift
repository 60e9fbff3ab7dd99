// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Images
import Linux
import Runtime

struct ImageInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show all that is known of images, as JSON or as a template says.")

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("json, on one line, or a template such as '{{.Id}}'.", valueName: "FORMAT"))
    var format: String?
    @Argument(help: ArgumentHelp("Names or ids.", valueName: "IMAGE"), completion: .images)
    var images: [String]

    func validate() throws { try InspectTemplate(format).check() }

    /// As docker names the fields.
    private struct Document: Encodable {
        struct Root: Encodable {
            var `Type` = "layers"
            let Layers: [String]
        }

        let Id: String
        let RepoTags: [String]
        let RepoDigests: [String]
        let Created: String?
        let Author: String?
        let Architecture: String
        let Os: String
        let Variant: String?
        let Size: Int64
        let Config: ImageConfig?
        let RootFS: Root
        /// The manifest's digest.
        let Digest: String
        /// Directories of the unpacked layers, the topmost first.
        let Layers: [String]
    }

    func run() throws {
        let store = ImageStore(root: Roots.fromEnvironment().root)
        let documents = try images.map { name in
            let (image, file) = try store.configuration(of: name)
            return Document(
                Id: image.id, RepoTags: image.references.filter { !$0.contains("@") }, RepoDigests: image.digests,
                Created: file.created, Author: file.author, Architecture: image.platform.architecture,
                Os: image.platform.os, Variant: image.platform.variant, Size: image.size, Config: file.config,
                RootFS: .init(Layers: try file.diffIDs().map { "\($0)" }), Digest: image.digest,
                Layers: image.layerPaths)
        }
        Output.standardOutput(try InspectTemplate(format).text(documents))
    }
}

struct ImageHistory: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "history", abstract: "Show how an image came to be.")

    @Flag(help: "Do not shorten the steps.")
    var noTrunc = false
    @Option(help: ArgumentHelp("table or json.", valueName: "FORMAT"))
    var format: ListFormat = .table
    @Argument(help: ArgumentHelp("A name or an id.", valueName: "IMAGE"), completion: .images)
    var image: String

    private struct Row: Encodable {
        let CreatedAt: String
        let CreatedBy: String
        let Size: Int64
        let Comment: String
    }

    func run() throws {
        var table = Table("CREATED", "CREATED BY", "SIZE", "COMMENT")
        for (step, size) in try ImageStore(root: Roots.fromEnvironment().root).history(of: image) {
            let line = (step.created_by ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let row = Row(
                CreatedAt: step.created ?? "", CreatedBy: line, Size: size, Comment: step.comment ?? "")
            if format == .json {
                Output.line(String(decoding: try encodeJSON(row), as: UTF8.self))
            } else {
                let shown = noTrunc || line.count <= 45 ? line : line.prefix(44) + "…"
                table.add(row.CreatedAt, shown, SizeText.text(size), row.Comment)
            }
        }
        if format == .table { Output.standardOutput(table.text) }
    }
}
