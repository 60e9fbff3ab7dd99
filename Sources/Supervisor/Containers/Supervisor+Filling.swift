// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Linux
import Reconciler
import Runtime

/// An empty volume gets what the image has at its place. A container that starts does that itself; where somebody could see
/// the difference, it is done when the container is made, as with Docker: another service has the volume too and may run
/// before, or nothing starts for now.
extension Supervisor {
    private static let fillPrefix = "fill/"

    /// Whether a volume that the container has is being filled: it starts after that.
    func isFilling(_ container: Container) -> Bool {
        if fillings.isEmpty { return false }
        let own = Set(container.record.config.volumes.values)
        return fillings.values.contains { !$0.isDisjoint(with: own) }
    }

    /// Begins to fill the volumes of a new container. Where it fails, the start tries again and says why.
    func fillVolumes(of container: Container) {
        do { try beginFilling(container) } catch {
            log("the volumes of \(container.record.name) cannot be filled before it starts: \(error)")
        }
    }

    private func beginFilling(_ container: Container) throws {
        if container.record.config.volumes.isEmpty { return }
        let shared = namesOfSharedVolumes()
        let waits = saved?.desired.services[container.record.config.service]?.intent != .running
        let names = container.record.config.volumes.filter { waits || shared.contains($0.value) }
        if names.isEmpty { return }
        try mountVolumes(container)
        var spec = try Specification(paths: paths, config: container.record.config).container(
            namespaces: ContainerSpec.Namespaces(), more: [])
        spec.mounts = try spec.mounts.filter { mount in
            try mount.copiesUp && names[mount.destination] != nil && listDirectory(mount.source).isEmpty
        }
        if spec.mounts.isEmpty { return }
        spec.fillsVolumes = true
        (spec.namespaces.user, spec.namespaces.network) = (container.record.config.ids, .host)
        let cgroup = try makeControlGroup(container, ServiceDevices(container.service))
        spec.process.controlGroups = container.controlGroups
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let filled = Set(spec.mounts.compactMap { names[$0.destination] })
        let id = Supervisor.fillPrefix + container.id
        try launcher.create(
            id, spec, stdio: [null, null, null], cgroup: cgroup, filter: memoryFile("seccomp", []),
            mounts: userNamespaces.mounts(for: spec, of: container.service)
        ) { [unowned self, unowned container] result in
            if case .failure(let failure) = result {
                self.execs[id] = nil
                self.filled(container, failure: failure)
            }
        }
        waitForFilling(id, container, filled)
    }

    /// What an earlier supervisor began goes on.
    func adoptFilling(_ child: LauncherReply.Child) {
        guard child.id.hasPrefix(Supervisor.fillPrefix),
            let container = containers[String(child.id.dropFirst(Supervisor.fillPrefix.count))]
        else { return }
        waitForFilling(child.id, container, Set(container.record.config.volumes.values))
    }

    private func waitForFilling(_ id: String, _ container: Container, _ volumes: Set<String>) {
        fillings[container.id] = volumes
        execs[id] = { [unowned self, unowned container] ended in
            let failure = ended.status == .exited(0) ? nil : SetupFailure("fill", reason: "\(ended.status)")
            self.filled(container, failure: failure)
        }
    }

    private func filled(_ container: Container, failure: SetupFailure?) {
        fillings[container.id] = nil
        if let failure { log("the volumes of \(container.record.name) are not filled before it starts: \(failure)") }
        (container.cgroup, container.controlGroups) = (nil, [])
        do { try paths.cgroup(container.id, in: hierarchy).end() } catch {
            log("\(container.record.name) left something behind: \(error)")
        }
        reconcile()
    }

    /// Volumes that several services have.
    private func namesOfSharedVolumes() -> Set<String> {
        var count: [String: Int] = [:]
        for service in saved?.project.services ?? [] {
            let keys = service.mounts.compactMap { if case .volume(let volume) = $0 { volume.source } else { nil } }
            for key in Set(keys) { count[saved?.project.volume(key)?.name ?? key, default: 0] += 1 }
        }
        return Set(count.filter { $0.value > 1 }.keys)
    }
}
