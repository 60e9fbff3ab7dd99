// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

/// `x-trice.on-unhealthy: restart`
@Suite struct HealthRestartTests {
    static let unfit = container("a") { $0.health = .unhealthy }
    static let goals = ["a": goal { ($0.hasHealthcheck, $0.restartsUnhealthy) = (true, true) }]

    @Test func `an unhealthy container is stopped, and started after the back-off whatever its policy says`() {
        var state = Self.unfit
        #expect(planned(Self.goals, [state]).actions == [.stop(container: "a-1")])
        state.beginStop(at: now, Self.goals["a"])
        state.end(exitCode: 0, at: now, Self.goals["a"])
        #expect(!state.stoppedByUser)
        #expect(planned(Self.goals, [state]).wake == now + 100 * millisecond)
        state.beginStart(Self.goals["a"])
        #expect(state.restarts == 1 && !state.stoppedForHealth)
        state.takeBackStart()
        #expect(state.restarts == 0 && state.stoppedForHealth)
    }

    @Test func `without being asked to, nothing is done about its health`() {
        #expect(planned(["a": goal { $0.hasHealthcheck = true }], [Self.unfit]).actions.isEmpty)
    }

    @Test func `one that the user stops meanwhile rests`() {
        var state = Self.unfit
        state.beginStop(at: now, Self.goals["a"])
        state.end(exitCode: 143, at: now, goal(.stopped) { $0.restartsUnhealthy = true })
        #expect(state.stoppedByUser && !state.stoppedForHealth)
    }

    @Test func `who depends on its health waits for the next run`() {
        var services = Self.goals
        services["web"] = goal(needs: [DependencyGoal("a", .healthy)])
        let plan = planned(services, [Self.unfit, container("web", 1, .created)])
        #expect(plan.actions == [.stop(container: "a-1")])
        #expect(plan.verdicts["web"] == .pending)
    }
}
