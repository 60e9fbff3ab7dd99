// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Glibc
import Images
import Linux
import Reconciler
import Runtime
import Supervisor

struct Commit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Make an image of what a service's container has changed.",
        discussion: """
            The image is the container's own with one layer more, and runs as the service does. What is in volumes and \
            other mounts is not part of it. Works with containers that have ended, too.

            EXAMPLES
              trice commit db shop/db:seeded
              trice commit --change 'CMD ["serve"]' -m 'after the migration' web shop/web:next
            """)

    @Option(name: [.short, .long], help: ArgumentHelp("Who made it.", valueName: "NAME"))
    var author: String?
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "How its containers run, an instruction of a Dockerfile as for image import; may be repeated.",
            valueName: "INSTRUCTION"))
    var change: [String] = []
    @Option(help: ArgumentHelp("The replica's number.", valueName: "NUMBER"))
    var index = 1
    @Option(name: [.short, .long], help: ArgumentHelp("Why it was made.", valueName: "TEXT"))
    var message: String?
    @Flag(
        name: [.customShort("p"), .long], inversion: .prefixedNo,
        help: "Freeze the service while its files are read; by default where control groups can be had.")
    var pause: Bool?
    @Argument(help: ArgumentHelp("The service.", valueName: "SERVICE"), completion: .services)
    var service: String
    @Argument(help: ArgumentHelp("The image's name.", valueName: "NAME"))
    var name: String?

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let reference = try name.map { try Reference($0) }
        let record = try RecordStore(paths).replica(index, of: service, context)
        var making = ImageStore.Making(
            reference: reference, config: record.config.committedConfig, created: creationTime())
        for text in change { try ImageChange.apply(text, to: &making.config) }
        (making.author, making.comment, making.base) = (author, message, record.config.imageID)
        try Effect.perform(effects(of: record, reference, paths)) {
            let layer = try frozen(record, paths, context) { try packLayer(record, paths) }
            let store = ImageStore(root: paths.roots.root)
            Output.line(try store.make(making, of: layer, named: record.config.name))
        }
    }

    private func effects(
        of record: ContainerRecord, _ reference: Reference?, _ paths: ProjectPaths
    ) throws -> [Effect] {
        let pauses = try freezes(record, paths)
        return (pauses ? [Effect("pause", .container, record.name)] : [])
            + [Effect("create", .image, reference.map { "\($0)" } ?? "without a name", "of \(record.name)")]
            + (pauses ? [Effect("unpause", .container, record.name)] : [])
    }

    /// The layer, in a file without a name.
    private func packLayer(_ record: ContainerRecord, _ paths: ProjectPaths) throws -> Descriptor {
        // O_TMPFILE, open(2).
        let file = try Descriptor.open(paths.state, O_RDWR | 0o20_200_000, mode: 0o600)
        let upper = try record.config.writes(in: paths) + "/upper"
        try BoundedDirectory(paths.disk(record.id)).mount()
        try TreeArchive.packLayer(upper, to: file, ids: record.config.ids)
        try check("lseek", "the layer") { Int32(truncatingIfNeeded: lseek(file.raw, 0, SEEK_SET)) }
        return file
    }

    private func freezes(_ record: ContainerRecord, _ paths: ProjectPaths) throws -> Bool {
        let freezes = try pause ?? (ProjectControlGroups.of(paths).absence == nil)
        return freezes && record.stateWord == "running"
    }

    private func frozen<T>(
        _ record: ContainerRecord, _ paths: ProjectPaths, _ context: Context, _ body: () throws -> T
    ) throws -> T {
        guard try freezes(record, paths) else { return try body() }
        let request = try ServiceRequest(context)
        try request.perform(.pause(services: [service], frozen: true))
        let result = Result { try body() }
        try request.perform(.pause(services: [service], frozen: false))
        return try result.get()
    }
}

extension ContainerConfig {
    /// How containers of an image run that is made of this one: as it does itself.
    fileprivate var committedConfig: ImageConfig {
        var config = imageConfig
        if let entrypoint = definition.entrypoint { (config.entrypoint, config.cmd) = (entrypoint, nil) }
        if let command = definition.command { config.cmd = command }
        let set = definition.environment.compactMap { variable in variable.value.map { "\(variable.name)=\($0)" } }
        let names = Set(definition.environment.map(\.name))
        let kept = (config.env ?? []).filter { !names.contains(String($0.prefix { $0 != "=" })) }
        if !kept.isEmpty || !set.isEmpty { config.env = kept + set }
        if let user = definition.user { config.user = user }
        if let directory = definition.workingDirectory { config.workingDir = directory }
        if let signal = definition.stopSignal { config.stopSignal = signal }
        let labels = (config.labels ?? [:]).merging(definition.labels.map { ($0.name, $0.value) }) { $1 }
        if !labels.isEmpty { config.labels = labels }
        return config
    }
}
