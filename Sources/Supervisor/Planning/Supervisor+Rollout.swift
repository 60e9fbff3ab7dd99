// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Reconciler
import Runtime

/// What the planner does not know of rollouts: what services were before.
extension Supervisor {
    /// Remembers what services are whose rollout begins with these goals.
    func previousServices(for next: Goals) -> [String: PreviousService]? {
        guard let saved else { return nil }
        var previous = saved.previous ?? [:]
        for (name, goal) in next.desired.services {
            guard let before = saved.desired.services[name], goal.hash != before.hash else { continue }
            // Of an update that has not come to its end nobody knows whether it is good.
            if before.rollout?.began ?? 0 > 0 && previous[name] != nil { continue }
            previous[name] = previousService(name, before, in: saved.project)
        }
        return previous.isEmpty ? nil : previous
    }

    private func previousService(_ name: String, _ goal: ServiceGoal, in project: Project) -> PreviousService? {
        let made = containers.values.first { $0.isReplica(of: name) && $0.state.hash == goal.hash }
        guard goal.rollout != nil, let service = project.service(name), let made else { return nil }
        let volumes = service.mounts.compactMap { mount -> Volume? in
            guard case .volume(let volume) = mount, let key = volume.source else { return nil }
            return project.volume(key)
        }
        return PreviousService(
            definition: service, networks: service.networks.compactMap { project.network($0.network) },
            volumes: volumes, goal: goal, imageID: made.record.config.imageID)
    }

    func rollBack(_ name: String, _ reason: String) -> Bool {
        guard var next = saved, let goal = next.desired.services[name],
            let place = next.project.services.firstIndex(where: { $0.name == name })
        else { return false }
        if let previous = next.previous?[name] {
            let config = next.project.services[place].deploy?.rollbackConfig
            next.project.services[place] = previous.definition
            next.project.networks += previous.networks.filter { old in
                !next.project.networks.contains { $0.key == old.key }
            }
            next.project.volumes += previous.volumes.filter { old in
                !next.project.volumes.contains { $0.key == old.key }
            }
            next.desired.networks.formUnion(previous.networks.map(\.name))
            next.desired.volumes.formUnion(previous.volumes.map(\.name))
            next.desired.services[name] = goal.rolledBack(
                to: previous.goal, config.map { Rollout($0) } ?? Rollout(), because: reason, at: realTime())
        } else {
            // There is nothing to go back to.
            next.desired.services[name]?.rollout?.failureAction = .pause
        }
        return write(next)
    }

    func endRollout(_ name: String) -> Bool {
        guard var next = saved else { return false }
        next.desired.services[name]?.rollout?.began = 0
        return write(next)
    }

    /// The image of a new container: after a rollback the very one of before, whatever its name means by now.
    func imageName(of service: Service) -> String {
        guard saved?.desired.services[service.name]?.rolledBack != nil, let previous = saved?.previous?[service.name]
        else { return service.image }
        return previous.imageID
    }

    private func write(_ next: SavedProject) -> Bool {
        do { try keep(next) } catch { log("what is desired cannot be put on record: \(error)") }
        return true
    }
}
