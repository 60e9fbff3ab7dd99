// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

let second: UInt64 = 1_000_000_000
let millisecond: UInt64 = 1_000_000
/// The instant that the tables are looked at.
let now = 1000 * second

/// A container as it is after it was made at 100 s, started at 200 s and, where it has ended, ended at 300 s.
func container(
    _ service: String, _ number: Int = 1, _ phase: ContainerState.Phase = .running, hash: String = "h",
    _ change: (inout ContainerState) -> Void = { _ in }
) -> ContainerState {
    var state = ContainerState(
        id: "\(service)-\(number)", name: "p-\(service)-\(number)", service: service, number: number, hash: hash)
    state.created = 100 * second
    state.phase = phase
    if phase != .created { state.started = 200 * second }
    if phase == .exited || phase == .failed { state.finished = 300 * second }
    if phase == .failed { state.failure = "why" }
    change(&state)
    return state
}

func goal(
    _ intent: ServiceGoal.Intent = .running, replicas: Int = 1, needs: [DependencyGoal] = [],
    _ change: (inout ServiceGoal) -> Void = { _ in }
) -> ServiceGoal {
    var goal = ServiceGoal(intent: intent, replicas: replicas, hash: "h", dependencies: needs)
    change(&goal)
    return goal
}

func planned(
    _ services: [String: ServiceGoal], _ containers: [ContainerState], _ change: (inout Desired) -> Void = { _ in }
) -> Plan {
    var desired = Desired()
    desired.services = services
    change(&desired)
    return plan(desired, Observed(containers: containers), now: now)
}
