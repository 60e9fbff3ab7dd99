// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Glibc
import Images
import Linux
import Runtime
import Supervisor

extension ArchiveForm: ExpressibleByArgument {}

struct ImageSave: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save", abstract: "Write images as an archive, which docker and skopeo read, too.",
        discussion: "Example: trice image save redis:7 | ssh host trice image load")

    @Option(name: [.short, .long], help: ArgumentHelp("The archive (default: standard output).", valueName: "FILE"))
    var output: String?
    @Option(
        help: ArgumentHelp("docker: an OCI layout that docker reads as well; oci: an OCI layout.", valueName: "FORM"))
    var format: ArchiveForm = .docker
    @Argument(help: ArgumentHelp("Names or ids.", valueName: "IMAGE"))
    var images: [String]

    func run() throws {
        let store = ImageStore(root: Roots.fromEnvironment().root)
        for image in images { _ = try store.resolve(image) }
        guard let output else {
            guard isatty(1) == 0 else {
                throw Failure(
                    "an archive is nothing for a terminal", hint: "name a file with -o, or redirect the output")
            }
            return try store.save(images, to: Descriptor(try check("dup") { dup(1) }), form: format)
        }
        // A part of an archive is none: it has its name when it is whole.
        let temporary = "\(output).\(getpid()).tmp"
        do {
            try store.save(
                images, to: try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644), form: format)
            try check("rename", output) { rename(temporary, output) }
        } catch {
            unlink(temporary)
            throw (error as? SystemError).map { Failure("\($0)") } ?? error
        }
    }
}

struct ImageTag: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "tag", abstract: "Give an image one more name.")

    @Argument(help: ArgumentHelp("A name or an id.", valueName: "IMAGE"))
    var image: String
    @Argument(help: ArgumentHelp("The new name.", valueName: "NAME"))
    var name: String

    func run() throws {
        try ImageStore(root: Roots.fromEnvironment().root).tag(image, as: try Reference(name))
    }
}

struct ImagePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove images without a name, and what interrupted pulls have left.")

    @Flag(name: [.short, .long], help: "All images that no container was made from.")
    var all = false
    @Flag(name: [.short, .long], help: "Do not ask.")
    var force = false

    func run() throws {
        let roots = Roots.fromEnvironment()
        let what = all ? "all images that no container was made from" : "all images without a name"
        guard try force || Confirmation.ask("This removes \(what).") else { throw ExitCode(1) }
        let result = try ImageStore(root: roots.root).prune(all: all, inUse: Set(try ImageUse(roots).byImage.keys))
        for line in result.lines { Output.line(line) }
        Output.line("Total reclaimed space: \(SizeText.text(result.freed))")
    }
}

/// Which images containers were made from: the name of one of them, by the image's id.
struct ImageUse {
    private(set) var byImage: [String: String] = [:]

    init(_ roots: Roots) throws {
        for record in try ProjectPaths.all(roots).flatMap({ try RecordStore($0).load().records }) {
            byImage[record.config.imageID] = record.name
            for image in record.config.mountedImages?.values.map(\.id) ?? [] { byImage[image] = record.name }
        }
    }
}

/// Asks a person whether something is to be done.
enum Confirmation {
    /// - Throws: `Failure` where nobody can be asked.
    static func ask(_ what: String) throws -> Bool {
        guard isatty(0) == 1 else { throw Failure("\(what) Nobody can be asked", hint: "add --force") }
        Output.standardError("\(what) Go on? [y/N] ")
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }
}
