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
    @Argument(help: ArgumentHelp("Names or ids.", valueName: "IMAGE"), completion: .images)
    var images: [String]

    func run() throws {
        let store = ImageStore(root: Roots.fromEnvironment().root)
        for image in images { _ = try store.resolve(image) }
        try Effect.perform(images.map { Effect("save", .image, $0, output) }) { try save(store) }
    }

    private func save(_ store: ImageStore) throws {
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

    @Argument(help: ArgumentHelp("A name or an id.", valueName: "IMAGE"), completion: .images)
    var image: String
    @Argument(help: ArgumentHelp("The new name.", valueName: "NAME"))
    var name: String

    func run() throws {
        let store = ImageStore(root: Roots.fromEnvironment().root)
        let reference = try Reference(name)
        try store.checkTag(image, as: reference)
        try Effect.perform([Effect("tag", .image, image, "\(reference)")]) { try store.tag(image, as: reference) }
    }
}
