// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// A container of the simulated world: what the supervisor holds in memory, what is on disk, what the kernel runs, and what
/// has really happened to it.
struct Simulated {
    var state: ContainerState
    var record: ContainerState
    var process: Process?
    /// The process that the record names, alive or not, is this one.
    var processIsOnRecord = false
    /// The supervisor waits for the end of a start that its predecessor's death cut off.
    var isCutOff = false
    /// The supervisor waits for the end of `post_start`.
    var hookRuns = false
    /// Why the start that is under way began.
    var startReason: StartReason?
    var truth = Truth()
    let node: Graph.Node

    struct Process {
        var isSettingUp = true
        /// Told to end: it will, with this status.
        var dies: Int32?
        /// It has ended, which no supervisor has seen yet.
        var ended: (exitCode: Int32, time: UInt64)?
    }

    init(_ state: ContainerState, _ node: Graph.Node) { (self.state, record, self.node) = (state, state, node) }

    mutating func save() { record = state }

    /// Whether something will happen to it without anybody's doing.
    var isUnderWay: Bool {
        if isCutOff || process?.dies != nil { return true }
        switch state.phase {
        case .starting, .stopping: return true
        case .running: return hookRuns || state.health == .starting || node.kind == .oneShot
        case .created, .exited, .failed, .removing: return false
        }
    }
}

/// What has happened to a container, kept apart from what trice thinks of it: the invariants are told from this.
struct Truth {
    enum Outcome { case neverStarted, ended, couldNotStart }
    var outcome = Outcome.neverStarted
    var started: UInt64 = 0
    var ended: UInt64 = 0
    /// When the supervisor heard of the end.
    var seen: UInt64 = 0
    var exitCode: Int32 = 0
    /// What follows the start is done.
    var hookIsDone = false
    /// A stop is under way, or the user has killed it.
    var isStopping = false
    var stoppedByUser = false
    /// The stop that is under way, or that ended it, was for its health.
    var stoppedForHealth = false
    /// When the user's stop or kill began.
    var stopBegan: UInt64?
    /// The policy's restarts since the user's last start, and those after short runs.
    var restarts = 0
    var quickRestarts = 0

    /// The run is over.
    mutating func end(exitCode: Int32, at time: UInt64, _ goal: ServiceGoal?) {
        if goal?.intent != .running { stoppedForHealth = false }
        if isStopping && started >= goal?.restartBefore ?? 0 && !stoppedForHealth { stoppedByUser = true }
        (outcome, ended, isStopping) = (.ended, time, false)
        self.exitCode = exitCode
        if time - started >= 10 * second { quickRestarts = 0 }
        if let window = goal?.restartWindow, time - started >= window { restarts = 0 }
    }
}
