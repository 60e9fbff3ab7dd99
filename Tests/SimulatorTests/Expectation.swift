// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// Why a container starts that does not run.
enum StartReason {
    case asked
    /// The restart policy starts it, at this instant.
    case policy(due: UInt64)
}

/// What ought to be, told from what has happened and what was asked for.
extension World {
    /// How many containers of its service are kept before it: those that are as the file says, then those with a smaller
    /// number.
    func rank(_ container: Simulated) -> Int {
        func order(_ container: Simulated) -> (Int, Int) {
            (goal(container).map { isStale(container, $0) } ?? false ? 1 : 0, container.state.number)
        }
        let own = order(container)
        var rank = 0
        for other in containers where other.node.bit == container.node.bit && order(other) < own { rank += 1 }
        return rank
    }

    /// Whether it is to be there at all, and as it is.
    func isWanted(_ container: Simulated) -> Bool {
        guard let desired, !desired.down else { return desired == nil }
        guard let goal = desired.services[container.node.name] else { return !desired.removeOrphans }
        switch goal.intent {
        case .removed: return false
        case .stopped: return true
        case .running, .created: return rank(container) < goal.replicas && !isStale(container, goal)
        }
    }

    func isStale(_ container: Simulated, _ goal: ServiceGoal) -> Bool {
        container.state.created < goal.recreateBefore || container.state.hash != goal.hash && !goal.keepsContainers
    }

    /// Whether it is to be stopped and started for its health. `beginStop` asks when the stop has begun.
    func isUnfit(_ container: Simulated) -> Bool {
        guard let goal = goal(container), goal.restartsUnhealthy, goal.intent == .running else { return false }
        return [.running, .stopping].contains(container.state.phase) && container.state.health == .unhealthy
    }

    /// Why it starts now or later; nil where it rests.
    func startReason(_ container: Simulated, _ goal: ServiceGoal) -> StartReason? {
        let truth = container.truth
        switch truth.outcome {
        case .neverStarted: return .asked
        case .couldNotStart: return truth.ended < goal.requested ? .asked : nil
        case .ended:
            if truth.started < goal.restartBefore { return .asked }
            let end = truth.stoppedByUser ? min(truth.ended, truth.stopBegan ?? truth.ended) : truth.ended
            let endsWell =
                switch goal.restart {
                case .no, .onFailure: truth.exitCode == 0 && !truth.stoppedByUser
                case .always, .unlessStopped, .atMost: false
                }
            if end < goal.requested && (goal.rerunsCompleted || !endsWell) { return .asked }
            return policy(truth, goal)
        }
    }

    func waitsForRestart(_ container: Simulated) -> Bool {
        guard container.state.phase == .exited, let goal = goal(container) else { return false }
        return policy(container.truth, goal) != nil
    }

    private func policy(_ truth: Truth, _ goal: ServiceGoal) -> StartReason? {
        if truth.stoppedByUser { return nil }
        switch truth.stoppedForHealth && goal.restartsUnhealthy ? .always : goal.restart {
        case .no: return nil
        case .onFailure(let limit): if truth.exitCode == 0 || truth.restarts >= limit ?? .max { return nil }
        case .atMost(let limit): if truth.restarts >= limit { return nil }
        case .always, .unlessStopped: break
        }
        let backOff = truth.quickRestarts > 9 ? 60 * second : 100 * millisecond << UInt64(truth.quickRestarts)
        return .policy(due: truth.ended + (goal.restartDelay ?? min(backOff, 60 * second)))
    }

    // MARK: Dependencies

    enum Standing { case holds, waits, fails }

    /// Whether all that the service depends on lets it start.
    func gateIsOpen(_ goal: ServiceGoal) -> Bool {
        goal.dependencies.allSatisfy { dependency in
            switch standing(of: dependency) {
            case .holds: true
            case .waits: false
            case .fails: !dependency.required
            }
        }
    }

    private func standing(of dependency: DependencyGoal) -> Standing {
        guard let goal = desired?.services[dependency.service], goal.intent == .running else { return .holds }
        var found = 0
        var result = Standing.holds
        for container in containers where container.node.name == dependency.service && rank(container) < goal.replicas {
            found += 1
            switch standing(of: container, goal, dependency.condition) {
            case .holds: continue
            case .waits: if result == .holds { result = .waits }
            case .fails: result = .fails
            }
        }
        return found < goal.replicas ? .waits : result
    }

    private func standing(
        of container: Simulated, _ goal: ServiceGoal, _ condition: DependencyGoal.Condition
    ) -> Standing {
        if isStale(container, goal) { return .waits }
        let couldNotStart = container.state.phase == .failed && container.truth.ended >= goal.requested
        if couldNotStart { return .fails }
        if container.truth.started < goal.restartBefore { return .waits }
        let isRunning = container.state.phase == .running && container.truth.hookIsDone
        if !isRunning {
            if container.state.isLive || container.state.phase == .removing { return .waits }
            if case .asked = startReason(container, goal) { return .waits }
            if container.truth.outcome == .couldNotStart { return .fails }
        }
        let endsForGood = !isRunning && policy(container.truth, goal) == nil
        switch condition {
        case .started: return .holds
        case .healthy:
            if !isRunning { return endsForGood ? .fails : .waits }
            if container.state.health == .unhealthy { return goal.restartsUnhealthy ? .waits : .fails }
            return container.state.health == .healthy ? .holds : .waits
        case .completed:
            if isRunning { return .waits }
            return container.truth.exitCode == 0 ? .holds : endsForGood ? .fails : .waits
        }
    }
}
