// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Networking
import Reconciler
import Runtime

extension Request.RunOptions {
    /// What comes up before the container: what its service depends on; where nothing of the project is there yet, and with
    /// it nothing comes up, its networks and volumes do.
    package func comingBefore(inNewProject isNew: Bool) -> Request.UpOptions? {
        var options = Request.UpOptions()
        options.services = ignoreDependencies ? [] : service.dependencies.map(\.service)
        if options.services.isEmpty {
            if !isNew { return nil }
            options.services = [service.name]
            options.ignoreDependencies = true
            options.scale = [service.name: 0]
        }
        return options
    }
}

extension Supervisor {
    /// A one-off container: its dependencies come up first.
    func run(_ client: Connection, _ options: Request.RunOptions, _ descriptors: [Descriptor]) throws {
        var options = options
        var read = try project(from: descriptors)
        try read.serve(&options.service)
        let project = try read.servingPredefinedNetworks()
        let before = options.comingBefore(inNewProject: saved == nil)
        if let before { _ = try adopt(project, before) }
        try addSurroundings(of: options.service, in: project)
        listeners.append(client)
        pendingRuns.append(
            PendingRun(
                client: client, options: options, streams: Array(descriptors.dropFirst()),
                after: Set(before?.services ?? [])))
        reconcile()
    }

    /// The networks and volumes of a one-off container's service are desired as well.
    private func addSurroundings(of service: Service, in project: Project) throws {
        guard var next = saved else { return }
        next.project.networks += project.networks.filter { new in
            !next.project.networks.contains { $0.name == new.name }
        }
        next.project.volumes += project.volumes.filter { new in !next.project.volumes.contains { $0.name == new.name } }
        for attachment in service.networks {
            if let network = project.network(attachment.network) { next.desired.networks.insert(network.name) }
        }
        for mount in service.mounts {
            if case .volume(let volume) = mount, let key = volume.source, let declared = project.volume(key) {
                next.desired.volumes.insert(declared.name)
            }
        }
        next.desired.down = false
        try keep(next)
    }

    /// Starts the one-off containers whose dependencies are there.
    func startPendingRuns(_ plan: Plan) {
        for run in pendingRuns {
            if let networkFailure {
                pendingRuns.removeAll { $0 === run }
                run.client.end(.failed(networkFailure.failure))
                continue
            }
            guard let desired = saved?.desired, desired.networks.isSubset(of: networks.names),
                desired.volumes.isSubset(of: knownVolumes)
            else {
                continue
            }
            let verdicts = run.after.map { plan.verdicts[$0] ?? .settled }
            if let failed = verdicts.first(where: { if case .failed = $0 { true } else { false } }),
                case .failed(let reason) = failed
            {
                pendingRuns.removeAll { $0 === run }
                run.client.end(.failed(Failure(reason)))
            } else if run.isReady(containers.values.map(\.state)) && verdicts.allSatisfy({ $0 == .settled }) {
                pendingRuns.removeAll { $0 === run }
                start(run)
            }
        }
    }

    private func start(_ run: PendingRun) {
        do {
            let container = try make(run.options.service, name: run.options.name, number: 0, hash: "")
            container.record.state.removeAtEnd = run.options.remove
            container.terminalSize = run.options.terminalSize
            container.usesAliases = run.options.useAliases
            if run.options.detached {
                start(container)
                run.client.send(.started(container.id))
                run.client.end(.finished(0))
                return
            }
            container.client = run.client
            container.clientStreams = run.streams
            run.client.onLeave = { [unowned self, unowned container] in
                container.client = nil
                if container.state.phase == .running { self.stop(container) }
            }
            start(container)
        } catch {
            run.client.end(.failed(error as? Failure ?? Failure("\(error)")))
        }
    }
}

/// A one-off container that waits for its dependencies.
final class PendingRun {
    let client: Connection
    let options: Request.RunOptions
    let streams: [Descriptor]
    let after: Set<String>

    init(client: Connection, options: Request.RunOptions, streams: [Descriptor], after: Set<String>) {
        (self.client, self.options, self.streams, self.after) = (client, options, streams, after)
    }

    /// Whether the conditions of the service's own dependencies hold.
    func isReady(_ containers: [ContainerState]) -> Bool {
        if options.ignoreDependencies { return true }
        return options.service.dependencies.allSatisfy { dependency in
            let replicas = containers.filter { $0.service == dependency.service && !$0.isOneOff }
            if replicas.isEmpty { return !dependency.required }
            return replicas.allSatisfy { container in
                switch dependency.condition {
                case .started: container.phase == .running || container.phase == .exited
                case .healthy: container.health == .healthy || !dependency.required
                case .completedSuccessfully: container.phase == .exited && container.exitCode == 0
                }
            }
        }
    }
}
