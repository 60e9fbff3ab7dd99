// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import CLinux
import Core
import Glibc
import Images
import Linux
import Runtime
import Supervisor

struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Fetch, send, load, save, list and remove images.",
        subcommands: [
            ImageList.self, ImagePull.self, ImagePush.self, ImageLoad.self, ImageSave.self, ImageImport.self,
            ImageInspect.self, ImageHistory.self, ImageTag.self, ImageRemove.self, ImagePrune.self,
        ])
}

struct ImageLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Load the images of an archive: docker-archive or OCI layout, also compressed.")

    @Option(name: [.short, .long], help: ArgumentHelp("The archive (default: standard input).", valueName: "FILE"))
    var input: String?
    @Flag(name: [.short, .long], help: "Print nothing.")
    var quiet = false

    func run() throws {
        let file = try InputFile.open(input)
        try Effect.perform([Effect("load", .archive, input ?? "on standard input")]) {
            let store = ImageStore(root: Roots.fromEnvironment().root)
            for name in try store.load(file, named: input ?? "on standard input") where !quiet {
                Output.line("Loaded image: \(name)")
            }
        }
    }
}

struct ImageImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make an image of the tar archive of a root file system.")

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "How its containers run: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR, as in a Dockerfile; may be repeated.",
            valueName: "INSTRUCTION"))
    var change: [String] = []
    @Argument(help: ArgumentHelp("The archive, - for standard input.", valueName: "FILE"))
    var file: String
    @Argument(help: ArgumentHelp("The image's name.", valueName: "NAME"))
    var name: String?

    func run() throws {
        var config = ImageConfig()
        for text in change { try ImageChange.apply(text, to: &config) }
        let reference = try name.map { try Reference($0) }
        let source = file == "-" ? "on standard input" : file
        let input = try InputFile.open(file == "-" ? nil : file)
        let named = reference.map { "\($0)" } ?? "without a name"
        try Effect.perform([Effect("create", .image, named, "of \(source)")]) {
            let store = ImageStore(root: Roots.fromEnvironment().root)
            let id = try store.make(
                ImageStore.Making(reference: reference, config: config, created: creationTime()), of: input,
                named: "root file system \(source)")
            Output.line(id)
        }
    }
}

/// Now, as image configurations have it.
func creationTime() -> String { String(timestamp(realTime()).prefix(19)) + "Z" }

struct ImageList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List the images.", aliases: ["list"])

    @Flag(name: [.short, .long], help: "Only the ids.")
    var quiet = false
    @Flag(help: "Do not shorten the ids.")
    var noTrunc = false
    @Option(
        help: ArgumentHelp("table, json, or a template such as '{{.Repository}}:{{.Tag}}'.", valueName: "FORMAT"))
    var format = "table"

    func validate() throws { _ = try ListTemplate(format) }

    private struct Row: Encodable {
        let ID: String
        let Repository: String
        let Tag: String
        let Digest: String
        let Size: Int64
        let CreatedAt: String
    }

    func run() throws {
        let images = try ImageStore(root: Roots.fromEnvironment().root).list()
        func id(_ image: Image) -> String { noTrunc ? image.id : String(image.id.dropFirst(7).prefix(12)) }
        if quiet { return images.forEach { Output.line(id($0)) } }
        let named = images.flatMap { image in
            (image.references.isEmpty ? ["<none>:<none>"] : image.references).map { (image, ImageName($0)) }
        }
        if format == "json" {
            for (image, name) in named {
                let row = Row(
                    ID: image.id, Repository: name.repository, Tag: name.tag, Digest: image.digest, Size: image.size,
                    CreatedAt: timestamp(image.created))
                Output.line(String(decoding: try encodeJSON(row), as: UTF8.self))
            }
            return
        }
        let rows = named.map { image, name in
            [
                "ID": id(image), "Repository": name.repository, "Tag": name.tag, "Digest": image.digest,
                "CreatedSince": "\(Age.text(since: image.created)) ago", "CreatedAt": timestamp(image.created),
                "Size": SizeText.text(image.size),
            ]
        }
        let table = "table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}"
        let template = try ListTemplate(format == "table" ? table : format)
        Output.standardOutput(try template.text(rows, headings: ["ID": "IMAGE ID", "CreatedSince": "CREATED"]))
    }
}

struct ImageRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove images that no container was made from.", aliases: ["remove"])

    @Argument(help: ArgumentHelp("Names or ids.", valueName: "IMAGE"), completion: .images)
    var images: [String]

    func run() throws {
        let roots = Roots.fromEnvironment()
        let store = ImageStore(root: roots.root)
        let inUse = try ImageUse(roots).byImage
        for image in images {
            try Effect.perform(
                [Effect("remove", .image, image, store.removal(of: image, inUse: inUse).joined(separator: ", "))]
            ) {
                for line in try store.remove(image, inUse: inUse) { Output.line(line) }
            }
        }
    }
}

/// Repository and tag, as lists show them.
struct ImageName {
    let repository: String
    let tag: String

    init(_ reference: String) {
        if let at = reference.firstIndex(of: "@") {
            (repository, tag) = (String(reference[..<at]), "<none>")
            return
        }
        let afterSlash = reference.lastIndex(of: "/").map { reference.index(after: $0) } ?? reference.startIndex
        let colon = reference[afterSlash...].lastIndex(of: ":")
        repository = colon.map { String(reference[..<$0]) } ?? reference
        tag = colon.map { String(reference[reference.index(after: $0)...]) } ?? "latest"
    }
}

/// Bytes as docker shows them: `1.85MB`.
enum SizeText {
    static func text(_ bytes: Int64) -> String {
        var value = Double(bytes)
        for unit in ["B", "kB", "MB", "GB"] {
            if value < 1000 { return unit == "B" ? "\(bytes)B" : "\(rounded(value))\(unit)" }
            value /= 1000
        }
        return "\(rounded(value))TB"
    }

    /// Three digits.
    private static func rounded(_ value: Double) -> String {
        let scale = value < 10 ? 100.0 : value < 100 ? 10.0 : 1.0
        let number = (value * scale).rounded() / scale
        return scale == 1 ? "\(Int(number))" : "\(number)"
    }
}

/// Where an archive is written to: a file, or standard output, which must not be a terminal.
enum OutputFile {
    static func open(_ path: String?) throws -> Descriptor {
        guard let path else {
            if isatty(1) == 1 {
                throw Failure("standard output is a terminal", hint: "name a file with -o, or pipe the archive on")
            }
            return Descriptor(try check("dup") { dup(1) })
        }
        do throws(SystemError) {
            return try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        } catch { throw Failure("\(error)") }
    }
}

/// An input that the user names, or standard input.
enum InputFile {
    static func open(_ path: String?) throws -> Descriptor {
        guard let path else {
            if isatty(0) == 1 {
                throw Failure("standard input is a terminal", hint: "name an archive, or give one: … < FILE")
            }
            return Descriptor(try check("dup") { dup(0) })
        }
        do throws(SystemError) { return try Descriptor.open(path, O_RDONLY) } catch { throw Failure("\(error)") }
    }
}
