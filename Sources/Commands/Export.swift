// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Glibc
import Images
import Linux
import Reconciler
import Runtime
import Supervisor

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a service's file system as a tar archive.",
        discussion: """
            The image's files as the container has changed them, with their owners as they are inside; not what is in \
            volumes and other mounts. Works with containers that have ended, too.

            EXAMPLES
              trice export -o web.tar web
              trice export web | trice image import - web:changed
            """)

    @Option(help: ArgumentHelp("The replica's number.", valueName: "NUMBER"))
    var index = 1
    @Option(
        name: [.short, .long], help: ArgumentHelp("Write to a file, and not to standard output.", valueName: "FILE"))
    var output: String?
    @Argument(help: ArgumentHelp("The service.", valueName: "SERVICE"), completion: .services)
    var service: String

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let record = try RecordStore(paths).replica(index, of: service, context)
        try Effect.perform([Effect("export", .container, record.name, output)]) {
            let target = try OutputFile.open(output)
            try ContainerFiles.enterRoot(record, paths)
            try TreeArchive.pack("/.", to: target, isBare: true)
        }
    }
}
