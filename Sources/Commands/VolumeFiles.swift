// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Glibc
import Images
import Linux
import Runtime
import Supervisor

struct VolumePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove volumes that no container has.",
        discussion: """
            Those without a name of their own, as a container's image or a mount without a source makes them; with --all \
            also those that files or trice volume create have named.
            """)

    @Flag(name: [.short, .long], help: "Also volumes with a name.")
    var all = false
    @Flag(name: [.short, .long], help: "Do not ask; trice never does.")
    var force = false

    private func isAnonymous(_ volume: VolumeStore.Record) -> Bool { volume.key.isEmpty && !volume.project.isEmpty }

    func run() throws {
        let roots = Roots.fromEnvironment()
        let store = VolumeStore(roots)
        let inUse = try ContainerRecord.volumesInUse(roots, besides: "")
        var reclaimed: Int64 = 0
        let superfluous = try store.list().map(\.name).filter { name in
            try !inUse.contains(name) && (all || isAnonymous(store.record(name)))
        }
        try Effect.perform(superfluous.map { Effect("remove", .volume, $0) }) {
            for name in superfluous {
                reclaimed += try diskUsage(store.data(name))
                try store.remove(name)
                Output.line(name)
            }
            Output.line("Total reclaimed space: \(SizeText.text(reclaimed))")
        }
    }
}

struct VolumeExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a volume's files as a tar archive, with their owners.",
        discussion: """
            EXAMPLES
              trice volume export -o data.tar shop_data
              trice volume export shop_data | trice volume import copy -
            """)

    @Option(
        name: [.short, .long], help: ArgumentHelp("Write to a file, and not to standard output.", valueName: "FILE"))
    var output: String?
    @Argument(help: ArgumentHelp("The volume.", valueName: "VOLUME"), completion: .volumes)
    var volume: String

    func run() throws {
        let store = VolumeStore(Roots.fromEnvironment())
        guard store.exists(volume) else { throw Failure("no such volume: \(volume)") }
        try Effect.perform([Effect("export", .volume, volume, output)]) {
            let target = try OutputFile.open(output)
            try store.mount(volume)
            try TreeArchive.pack("\(store.source(volume))/.", to: target, isBare: true)
        }
    }
}

struct VolumeImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Write what a tar archive holds into a volume, which is made if it is not there.",
        discussion: "Files that are there stay, unless the archive has others of their names.")

    @Argument(help: ArgumentHelp("The volume.", valueName: "VOLUME"), completion: .volumes)
    var volume: String
    @Argument(help: ArgumentHelp("The archive, - for standard input.", valueName: "FILE"))
    var file = "-"

    func run() throws {
        let store = VolumeStore(Roots.fromEnvironment())
        let input = try InputFile.open(file == "-" ? nil : file)
        guard VolumeCreate.isName(volume) else { throw Failure(VolumeCreate.noName(volume)) }
        let creation = store.exists(volume) ? [] : [Effect("create", .volume, volume)]
        let source = file == "-" ? "on standard input" : file
        try Effect.perform(creation + [Effect("fill", .volume, volume, "from \(source)")]) {
            try store.create(
                VolumeStore.Record(name: volume, project: "", key: "", labels: [:], created: realTime()))
            try store.mount(volume)
            try TreeArchive.unpack(input, to: "\(store.source(volume))", keepsOwners: true)
        }
    }
}
