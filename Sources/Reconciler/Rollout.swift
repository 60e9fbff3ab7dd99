// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// How the containers of a changed service are replaced by new ones (Compose Specification, deploy.md, `update_config` and
/// `rollback_config`). Durations are nanoseconds.
package struct Rollout: Codable, Hashable, Sendable {
    package enum Order: String, Codable, Sendable { case stopFirst, startFirst }
    package enum FailureAction: String, Codable, Sendable { case pause, goOn, rollBack }

    /// How many at a time; 0 for all.
    package var parallelism: Int
    /// Between one batch and the next.
    package var delay: UInt64
    /// So long a new container must run well before it counts as good.
    package var monitor: UInt64
    /// The part of the replicas, from 0 to 1, that may fail.
    package var maxFailureRatio: Double
    package var order: Order
    package var failureAction: FailureAction
    /// When the one that is under way began, nanoseconds since 1970; 0 where none is. Containers made before are not on
    /// trial.
    package var began: UInt64 = 0

    package init(
        parallelism: Int = 1, delay: UInt64 = 0, monitor: UInt64 = 5_000_000_000, maxFailureRatio: Double = 0,
        order: Order = .stopFirst, failureAction: FailureAction = .pause
    ) {
        (self.parallelism, self.delay, self.monitor) = (parallelism, delay, monitor)
        (self.maxFailureRatio, self.order, self.failureAction) = (maxFailureRatio, order, failureAction)
    }
}

/// What is thought of a new container while a rollout is under way.
private enum Trial {
    case good
    case open
    case failed(String)
}

/// How far the rollout of a service is.
private struct RolloutState {
    let goal: ServiceGoal
    let rollout: Rollout
    let new: ArraySlice<ContainerState>
    let old: [ContainerState]
    let trials: [Trial]

    /// Why the new containers are not good enough; nil while no more have failed than may.
    var failure: String? {
        let reasons = trials.compactMap { if case .failed(let reason) = $0 { reason } else { nil } }
        return Double(reasons.count) > rollout.maxFailureRatio * Double(goal.replicas) ? reasons.first : nil
    }

    /// Old ones that serve and are not to be restarted.
    var running: [ContainerState] { old.filter { $0.phase == .running && $0.started >= goal.restartBefore } }

    /// New ones that may still turn out either way.
    var open: Int { trials.count { if case .open = $0 { true } else { false } } }

    /// All but those. Of what has failed and may, no more is expected.
    var serving: Int { running.count + trials.count - open }

    var surplus: Int { max(0, new.count + old.count - goal.replicas) }
    var missing: Int { max(0, goal.replicas - new.count - old.count) }
    var batch: Int { rollout.parallelism == 0 ? goal.replicas : rollout.parallelism }
}

extension Planner {
    /// Goes a step on from old containers to new ones.
    mutating func roll(
        _ name: String, _ goal: ServiceGoal, _ rollout: Rollout, _ containers: [ContainerState], _ gate: Readiness
    ) -> Verdict {
        let fresh = containers.filter { !goal.isStale($0) }, new = fresh.prefix(goal.replicas)
        let state = RolloutState(
            goal: goal, rollout: rollout, new: new, old: containers.filter { goal.isStale($0) },
            trials: new.map { trial(of: $0, goal, rollout) })
        if let reason = state.failure, rollout.failureAction == .rollBack {
            plan.actions.append(.rollBack(service: name, reason: reason))
            return .pending
        }
        let verdict = all(fresh.dropFirst(goal.replicas).map { stopThenRemove($0) } + new.map { keep($0, goal, gate) })
        if let reason = state.failure, rollout.failureAction == .pause {
            return .failed("the update of service \"\(name)\" is paused: \(reason)")
        }
        // Who is to be restarted goes, as its dependencies wait for that.
        for container in state.old where container.phase == .running && container.started < goal.restartBefore {
            _ = stopThenRemove(container)
        }
        guard gate == .ready else {
            removeSurplus(of: state)
            create(name, state.missing, beside: containers)
            return gate.verdict(otherwise: .pending)
        }
        let wanted = makeRoom(state)
        create(name, wanted, beside: containers)
        if !state.old.isEmpty || state.open > 0 || wanted > 0 { return .pending }
        plan.actions.append(.endRollout(service: name))
        return verdict
    }

    /// Removes what is too much in any case: nothing is replaced by what may not start yet.
    private mutating func removeSurplus(of state: RolloutState) {
        for container in state.running.suffix(max(0, state.serving - state.goal.replicas)) {
            _ = stopThenRemove(container)
        }
        for container in state.old.filter({ !$0.isLive }).suffix(state.surplus) { _ = stopThenRemove(container) }
    }

    /// Removes the old containers whose turn it is.
    ///
    /// - Returns: how many new ones are to be made.
    private mutating func makeRoom(_ state: RolloutState) -> Int {
        for container in state.old where container.phase != .running { _ = stopThenRemove(container) }
        let isDelayed = isDelayed(state.new, state.goal, state.rollout)
        switch state.rollout.order {
        case .stopFirst: return stopFirst(state, isDelayed)
        case .startFirst: return startFirst(state, isDelayed)
        }
    }

    private mutating func stopFirst(_ state: RolloutState, _ isDelayed: Bool) -> Int {
        // Those that are too many anyway go first, the newest before the others.
        let excess = state.running.suffix(state.surplus)
        let next = isDelayed ? [] : state.running.dropLast(state.surplus)
        let spared = max(0, state.serving - (state.goal.replicas - state.batch))
        for container in (excess + next).prefix(spared) { _ = stopThenRemove(container) }
        return state.missing
    }

    private mutating func startFirst(_ state: RolloutState, _ isDelayed: Bool) -> Int {
        let replaced = state.running.prefix(max(0, state.serving - state.goal.replicas))
        for container in replaced { _ = stopThenRemove(container) }
        if isDelayed { return state.missing }
        let leaving = state.old.count - state.running.count + replaced.count
        let room = min(state.goal.replicas - state.new.count, state.batch - state.open - leaving)
        return max(state.missing, room)
    }

    /// Whether the pause after the last batch is not over.
    private mutating func isDelayed(_ new: ArraySlice<ContainerState>, _ goal: ServiceGoal, _ rollout: Rollout) -> Bool
    {
        let latest = new.filter { $0.created >= rollout.began }.map(\.started).max() ?? 0
        let next = latest == 0 ? 0 : latest &+ rollout.monitor &+ rollout.delay
        if next > now { wake(at: next) }
        return next > now
    }

    private mutating func trial(of container: ContainerState, _ goal: ServiceGoal, _ rollout: Rollout) -> Trial {
        // Of one that was there before nothing is to be proved.
        let isOnTrial = container.created >= rollout.began
        func failed(_ reason: String) -> Trial { isOnTrial ? .failed(reason) : .good }
        switch container.phase {
        case .created, .starting, .stopping, .removing: return .open
        case .failed: return container.finished < goal.requested ? .open : failed(container.failure)
        case .exited:
            if isRunAgain(container, goal) || container.started < goal.restartBefore { return .open }
            if container.stoppedByUser || isCompleted(container, goal) { return .good }
            return failed("container \(container.name) exited (\(container.exitCode))")
        case .running: break
        }
        if container.failed > goal.requested { return failed(container.failure) }
        if container.restarts > 0 && isOnTrial {
            return .failed("container \(container.name) exited and was restarted")
        }
        if container.isSettingUp || container.started < goal.restartBefore { return .open }
        if goal.hasHealthcheck {
            if container.health == .unhealthy { return failed("container \(container.name) is unhealthy") }
            if container.health != .healthy { return .open }
        }
        let proof = container.started &+ rollout.monitor
        if !isOnTrial || proof <= now { return .good }
        wake(at: proof)
        return .open
    }
}
