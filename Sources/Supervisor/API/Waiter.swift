// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux
import Reconciler
import Runtime

/// A client that waits until what it asked for is so.
final class Waiter {
    enum Aim {
        /// These services are as their goals say; also healthy where asked.
        case reached(Set<String>, healthy: Bool)
        /// Nothing of the project is there; then its volumes go too where asked.
        case down(volumes: Bool)
        /// These containers have ended, or any of them.
        case ended([String], any: Bool)
    }

    let client: Connection
    let aim: Aim

    init(_ client: Connection, _ aim: Aim) { (self.client, self.aim) = (client, aim) }
}

extension Supervisor {
    /// Tells the clients whose aim is reached, or cannot be.
    func settle(_ plan: Plan) {
        for waiter in waiters {
            guard let answer = answer(to: waiter, plan) else { continue }
            waiters.removeAll { $0 === waiter }
            if case .down = waiter.aim {
                downIsDone()
                // When the client hears that all is gone, the supervisor's own files are gone too.
                if server?.connections.count == 1 { leave() }
            }
            endTrace(for: waiter.client)
            waiter.client.end(answer)
        }
    }

    private func answer(to waiter: Waiter, _ plan: Plan) -> Reply? {
        switch waiter.aim {
        case .reached(let services, let healthy): reached(services, healthy: healthy, plan)
        case .down(let volumes): isDown(volumes: volumes)
        case .ended(let ids, let any): ended(ids, any: any)
        }
    }

    private func reached(_ services: Set<String>, healthy: Bool, _ plan: Plan) -> Reply? {
        if let networkFailure { return .failed(networkFailure.failure) }
        var pending = false
        for service in services.sorted() {
            switch plan.verdicts[service] ?? .settled {
            case .failed(let reason): return .failed(failure(of: service, reason))
            case .pending: pending = true
            case .settled: continue
            }
        }
        if pending || !fillings.isEmpty { return nil }
        return healthy ? health(of: services) : .finished(0)
    }

    /// The failure behind a verdict: with its place in the file where one is known.
    private func failure(of service: String, _ reason: String) -> Failure {
        if let failed = creationFailures[service] { return failed.failure }
        for container in containers.values where container.state.failure == reason {
            if let failure = container.record.state.failure ?? container.record.state.hookFailure { return failure }
        }
        let resolved = saved?.project.service(service)
        let goal = saved?.desired.services[service]
        if goal?.rolledBack == reason { return Failure("service \(service): \(reason)") }
        if goal?.rollout?.began ?? 0 > 0 { return Failure(reason, at: resolved?.place("deploy.update_config")) }
        return Failure(reason, at: resolved?.place("depends_on"))
    }

    /// `--wait`: a one-shot container that ended with 0 has done its work, any other end is a failure.
    private func health(of services: Set<String>) -> Reply? {
        for container in containers.values
        where services.contains(container.record.config.service) && !container.state.isOneOff {
            let state = container.state
            if state.phase == .exited {
                if state.exitCode == 0 && !(container.record.config.definition.restart.map { $0 != .no } ?? false) {
                    continue
                }
                return .failed(Failure("container \(state.name) exited (\(state.exitCode))"))
            }
            switch state.health {
            case .unhealthy: return .failed(Failure("container \(state.name) is unhealthy"))
            case .starting: return nil
            case .none, .healthy: continue
            }
        }
        return .finished(0)
    }

    private func isDown(volumes removesVolumes: Bool) -> Reply? {
        guard containers.isEmpty, networks.names.isEmpty else { return nil }
        do {
            try unmountVolumes()
            if removesVolumes, let saved {
                let inUse = try ContainerRecord.volumesInUse(paths.roots, besides: paths.project)
                for volume in (saved.project.volumes + saved.project.unusedVolumes)
                where !volume.isExternal && volumes.exists(volume.name) {
                    if inUse.contains(volume.name) {
                        warn("volume \(volume.name) is in use by another project, and stays")
                        continue
                    }
                    emit(.volume, .removing, id: volume.name, name: volume.name)
                    try volumes.remove(volume.name)
                    emit(.volume, .destroy, id: volume.name, name: volume.name)
                }
            }
            return .finished(0)
        } catch {
            return .failed(error as? Failure ?? Failure("\(error)"))
        }
    }

    /// Volumes that are file systems of their own are on the host as long as a stack is up that has them.
    private func unmountVolumes() throws {
        let own = (saved?.project.volumes ?? []).map(\.name)
        guard !own.isEmpty else { return }
        let others = try ContainerRecord.volumesInUse(paths.roots, besides: paths.project)
        for name in own where !others.contains(name) { try volumes.unmount(name) }
    }

    func warn(_ text: String) {
        for listener in listeners { listener.send(.warning(text)) }
    }

    private func downIsDone() {
        saved = nil
        knownVolumes = []
        creationFailures = [:]
        networkFailure = nil
        do { try records.removeDesired() } catch { log("\(error)") }
        let next = queued
        queued = []
        for action in next { action() }
    }

    private func ended(_ ids: [String], any: Bool) -> Reply? {
        let left = ids.compactMap { containers[$0] }
        let ended = left.filter { !$0.state.isLive }
        if any ? ended.isEmpty && !left.isEmpty : ended.count < left.count { return nil }
        return .finished(ended.map(\.state.exitCode).max() ?? 0)
    }
}
