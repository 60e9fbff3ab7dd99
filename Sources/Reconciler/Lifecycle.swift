// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What happens to a container, and what that makes of its state. Pure: instants are nanoseconds since 1970, and the goal is
/// its service's at that instant, nil where the service has none.
extension ContainerState {
    /// A start begins. The restart policy's adds to the back-off; the user's begins anew.
    package mutating func beginStart(_ goal: ServiceGoal?) {
        let byPolicy =
            phase == .exited && finished >= goal?.requested ?? 0 && started >= goal?.restartBefore ?? 0
            && !stoppedByUser
        beforeStart = BeforeStart(self)
        if byPolicy {
            restarts += 1
            quickRestarts += 1
        } else {
            (restarts, quickRestarts) = (0, 0)
        }
        (stoppedByUser, stopBegan, stoppedForHealth) = (false, 0, false)
        (phase, failed) = (.starting, 0)
    }

    /// Its program runs.
    package mutating func completeStart(at time: UInt64) {
        (phase, started, beforeStart) = (.running, time, nil)
    }

    /// Its program could not be started.
    package mutating func failStart(_ reason: String, exitCode: Int32, at time: UInt64) {
        (phase, failure, finished, beforeStart) = (.failed, reason, time, nil)
        self.exitCode = exitCode
        (isSettingUp, health) = (false, .none)
    }

    /// The start that is under way is as if it had not been.
    package mutating func takeBackStart() {
        guard let before = beforeStart else { return phase = finished > 0 ? .exited : .created }
        (phase, failed, restarts, quickRestarts) = (before.phase, before.failed, before.restarts, before.quickRestarts)
        (stoppedByUser, stopBegan, beforeStart) = (before.stoppedByUser, before.stopBegan, nil)
        stoppedForHealth = before.stoppedForHealth
    }

    /// A stop begins.
    package mutating func beginStop(at time: UInt64, _ goal: ServiceGoal?) {
        stoppedForHealth = goal.map { $0.isUnfit(self) } ?? false
        (phase, stopBegan) = (.stopping, time)
    }

    /// The machine's end has ended it, and its restart rule does not bring it back: as one that the user has stopped.
    package mutating func rest() { stoppedByUser = true }

    /// The user kills it: its end is near.
    package mutating func kill(at time: UInt64) { (stoppedByUser, stopBegan) = (true, time) }

    /// The user stops it: where it waits for its restart, it waits no more.
    package mutating func rest(at time: UInt64, _ goal: ServiceGoal?) {
        if let goal, RestartBackOff.restartTime(of: self, goal) != nil { kill(at: time) }
    }

    /// Its program has ended.
    package mutating func end(exitCode: Int32, at time: UInt64, _ goal: ServiceGoal?) {
        // One that ends at once may be heard of sooner than its start.
        if phase == .starting || started > time { started = time }
        if goal?.intent != .running { stoppedForHealth = false }
        if phase == .stopping, started >= goal?.restartBefore ?? 0, !stoppedForHealth { stoppedByUser = true }
        (phase, finished, beforeStart) = (.exited, time, nil)
        self.exitCode = exitCode
        (isSettingUp, health) = (false, .none)
        let ran = time - started
        if ran >= RestartBackOff.forgiven { quickRestarts = 0 }
        if let window = goal?.restartWindow, ran >= window { restarts = 0 }
    }
}

/// What the user's words make of a service's goal.
extension ServiceGoal {
    /// Takes the instant at which the user asked before for that of now, where it makes no difference, since nothing has
    /// happened to the service's own containers: then an `up` with nothing to do leaves all as it is, on disk too.
    package mutating func keepRequest(of before: ServiceGoal?, beside own: [ContainerState]) {
        guard let before, !own.isEmpty else { return }
        let isQuiet = own.allSatisfy { $0.phase == .running && !$0.stoppedByUser && $0.failed <= before.requested }
        if isQuiet { requested = before.requested }
    }

    package mutating func start(at time: UInt64) {
        (intent, requested, rerunsCompleted) = (.running, time, true)
    }

    package mutating func restart(at time: UInt64) {
        start(at: time)
        restartBefore = time
    }

    /// The goal after this one, which was not good: the one before it, towards which containers go one batch after the other.
    package func rolledBack(
        to before: ServiceGoal, _ rollout: Rollout, because reason: String, at time: UInt64
    ) -> ServiceGoal {
        var goal = before
        (goal.intent, goal.requested, goal.rollout) = (intent, time, rollout)
        goal.rollout?.began = time
        // What was good before is not given up for something older.
        if goal.rollout?.failureAction == .rollBack { goal.rollout?.failureAction = .pause }
        goal.rolledBack = "an update was rolled back: \(reason)"
        return goal
    }

    /// The service's containers are to be as this goal says, and those that are not are replaced one batch after the other.
    package mutating func beginRollout(_ containers: [ContainerState], _ before: ServiceGoal?, now: UInt64) {
        guard rollout != nil else { return }
        let began = before?.rollout?.began ?? 0
        let goesOn = began > 0 && before?.hash == hash && recreateBefore == 0
        let isStale = containers.contains { self.isStale($0) }
        rollout?.began = isStale && !goesOn ? now : began
    }
}
