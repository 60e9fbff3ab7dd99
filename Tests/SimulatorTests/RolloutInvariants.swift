// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// What holds while the containers of a changed service are replaced.
extension World {
    func rollout(_ goal: ServiceGoal?) -> Rollout? {
        guard let goal, goal.intent == .running, desired?.down == false else { return nil }
        return goal.rollout.flatMap { $0.began > 0 ? $0 : nil }
    }

    private func batch(_ goal: ServiceGoal, _ rollout: Rollout) -> Int {
        rollout.parallelism == 0 ? goal.replicas : rollout.parallelism
    }

    /// How many containers there may be besides the wanted number; nil where no rollout lets new ones come first.
    func overlap(_ goal: ServiceGoal) -> Int? {
        rollout(goal).flatMap { $0.order == .startFirst ? batch(goal, $0) : nil }
    }

    /// Whether a new container has shown that what the service is to be is not good.
    private func hasFailed(_ container: Simulated, _ goal: ServiceGoal, _ rollout: Rollout) -> Bool {
        guard !isStale(container, goal), container.state.created >= rollout.began else { return false }
        let truth = container.truth
        if container.state.phase == .failed { return truth.ended >= goal.requested }
        if container.state.phase == .exited {
            if truth.stoppedByUser { return false }
            switch startReason(container, goal) {
            case .asked: return false
            case .policy: return true
            case nil: return truth.exitCode != 0
            }
        }
        return container.state.phase == .running && (truth.restarts > 0 || container.state.health == .unhealthy)
    }

    private func own(_ service: String) -> [Simulated] { containers.filter { $0.node.name == service } }

    private func failures(_ goal: ServiceGoal, _ rollout: Rollout, _ service: String) -> [Simulated] {
        own(service).filter { hasFailed($0, goal, rollout) }
    }

    /// Whether the rollout has come to a halt, because of what has failed.
    func isPaused(_ service: String) -> Bool {
        guard let goal = desired?.services[service], let rollout = rollout(goal) else { return false }
        let failed = Double(failures(goal, rollout, service).count)
        return rollout.failureAction == .pause && failed > rollout.maxFailureRatio * Double(goal.replicas)
    }

    mutating func checkRollback(_ service: String) {
        let goal = desired?.services[service]
        guard let goal, let rollout = rollout(goal), rollout.failureAction == .rollBack,
            Double(failures(goal, rollout, service).count) > rollout.maxFailureRatio * Double(goal.replicas)
        else { return broken("rolls back what has failed, and where it is asked to", service) }
    }

    mutating func checkEnd(ofRollout service: String) {
        guard let goal = desired?.services[service], let rollout = rollout(goal) else {
            return broken("ends a rollout that is under way", service)
        }
        for container in own(service)
        where container.state.created >= rollout.began && rank(container) < goal.replicas {
            let isYoung = clock < container.truth.started + rollout.monitor && container.state.phase == .running
            if container.state.isLive && container.state.phase != .running
                || isYoung && !hasFailed(container, goal, rollout)
            {
                return broken("ends a rollout when each new container has shown that it is good", container.state.id)
            }
        }
        if own(service).contains(where: { isStale($0, goal) }) {
            broken("ends a rollout when nothing old is left", service)
        }
    }

    /// So many serve at each moment of a rollout as was asked for, unless they end by themselves.
    mutating func checkServing(_ container: Simulated, _ actions: [Action]) {
        let service = container.node.name
        guard let goal = goal(container), let rollout = rollout(goal), isStale(container, goal),
            container.truth.started >= goal.restartBefore
        else { return }
        if isPaused(service) { return broken("pauses where too much has failed", container.state.id) }
        let serving = own(service).filter { other in
            if hasFailed(other, goal, rollout) { return true }
            if actions.contains(.stop(container: other.state.id)) { return false }
            if isStale(other, goal) { return other.state.phase == .running }
            if other.state.phase == .exited { return true }
            return other.state.phase == .running && other.truth.hookIsDone && other.state.health != .starting
        }
        let wanted = rollout.order == .startFirst ? goal.replicas : goal.replicas - batch(goal, rollout)
        if serving.count < wanted {
            broken("keeps enough of the service running", "\(serving.count) of \(wanted) without \(container.state.id)")
        }
    }
}
