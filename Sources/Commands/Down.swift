// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Images
import Linux
import Reconciler
import Runtime
import Supervisor

struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Stop the stack and remove its containers and networks.",
        discussion: """
            Named volumes stay, unless -v is given.

            EXAMPLES
              trice down
              trice down -v --rmi all      nothing of the stack is left
            """)

    @Flag(name: [.short, .long], help: "Remove the volumes that the file declares, too.")
    var volumes = false
    @Option(name: [.short, .long], help: ArgumentHelp("Grace before a container is killed.", valueName: "SECONDS"))
    var timeout: Int?
    @Flag(help: "Accepted for docker compose's sake: down removes every container of the project.")
    var removeOrphans = false
    @Option(
        help: ArgumentHelp(
            "Remove images, too: all, or local for those without a name of their own in the file.",
            valueName: "all|local"))
    var rmi: ImageChoice?
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    enum ImageChoice: String, ExpressibleByArgument, CaseIterable { case all, local }

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        // Read before the records go.
        let images = try imagesToRemove(context, paths)
        if services.isEmpty {
            try takeDown(context, paths)
        } else {
            try ServiceRequest(context, paths).perform(.remove(services: services, stop: true, volumes: volumes))
        }
        try remove(images, context, paths)
    }

    private func takeDown(_ context: Context, _ paths: ProjectPaths) throws {
        let wasUp = exists(paths.desired)
        if try !RecordStore(paths).isEmpty || exists(paths.socket) {
            var options = Request.DownOptions()
            (options.volumes, options.timeout) = (volumes, timeout)
            try ServiceRequest(context, paths).perform(.down(options))
        }
        // Those of a stack that was up its supervisor has removed.
        if !wasUp { try removeLeftVolumes(context) }
    }

    /// The volumes that the file declares, of a stack that is down already.
    private func removeLeftVolumes(_ context: Context) throws {
        guard volumes, let project = try context.projectIfThere() else { return }
        let store = VolumeStore(context.roots)
        let inUse = try ContainerRecord.volumesInUse(context.roots, besides: project.name)
        for volume in project.volumes + project.unusedVolumes
        where !volume.isExternal && store.exists(volume.name) {
            if inUse.contains(volume.name) {
                Output.standardError(" Volume \(volume.name)  is in use by another project, and stays\n")
                continue
            }
            try Effect.perform([Effect("remove", .volume, volume.name)]) {
                try store.remove(volume.name)
                Output.standardError(" Volume \(volume.name)  Removed\n")
            }
        }
    }

    // MARK: Images

    /// Names of the stack's images: as the file has them, else as its containers were made from.
    private func imagesToRemove(_ context: Context, _ paths: ProjectPaths) throws -> [String] {
        guard let rmi else { return [] }
        var names: [String] = []
        if let project = try context.projectIfThere() {
            for service in project.services where services.isEmpty || services.contains(service.name) {
                let built = "\(project.name)-\(service.name)"
                if service.image.isEmpty || service.image == built {
                    names.append(built)
                } else if rmi == .all {
                    names.append(service.image)
                }
            }
        } else if rmi == .all {
            names = try RecordStore(paths).load().records.map(\.config.image)
        }
        var seen = Set<String>()
        return names.filter { seen.insert($0).inserted }
    }

    private func isToGo(_ record: ContainerRecord, _ paths: ProjectPaths) -> Bool {
        if record.config.project != paths.project { return false }
        return services.isEmpty
            || services.contains(record.config.service) && !record.state.reconciled.isOneOff
    }

    private func remove(_ names: [String], _ context: Context, _ paths: ProjectPaths) throws {
        let store = ImageStore(root: context.roots.root)
        var inUse: [String: String] = [:]
        for record in try ProjectPaths.all(context.roots).flatMap({ try RecordStore($0).load().records })
        where !isToGo(record, paths) {
            inUse[record.config.imageID] = record.name
        }
        for name in names {
            // One that is not there is gone already, as with docker compose.
            guard let image = try store.find(name) else { continue }
            if let container = inUse[image.id] {
                Output.standardError(" Image \(name)  is in use by container \(container), and stays\n")
                continue
            }
            try Effect.perform([Effect("remove", .image, name)]) {
                _ = try store.remove(name, inUse: inUse)
                Output.standardError(" Image \(name)  Removed\n")
            }
        }
    }
}
