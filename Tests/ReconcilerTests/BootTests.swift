// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

@Suite struct BootTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let rule: RestartRule
        var intent = ServiceGoal.Intent.running
        var phase = ContainerState.Phase.exited
        var stoppedByUser = false
        let becomes: ServiceGoal.Intent
        var testDescription: String { "\(rule), to be \(intent), \(phase)\(stoppedByUser ? " by the user" : "")" }
    }

    @Test(arguments: [
        Row(rule: .always, becomes: .running),
        Row(rule: .always, intent: .stopped, stoppedByUser: true, becomes: .running),
        Row(rule: .always, intent: .created, phase: .created, becomes: .created),
        Row(rule: .always, intent: .removed, becomes: .removed), Row(rule: .atMost(3), becomes: .running),
        Row(rule: .unlessStopped, becomes: .running),
        Row(rule: .unlessStopped, intent: .stopped, stoppedByUser: true, becomes: .stopped),
        Row(rule: .unlessStopped, stoppedByUser: true, becomes: .stopped),
        Row(rule: .no, becomes: .stopped), Row(rule: .onFailure(nil), becomes: .stopped),
        Row(rule: .no, phase: .running, becomes: .running),
    ])
    func `the restart rule says what comes back`(_ row: Row) {
        var desired = Desired()
        desired.services["a"] = goal(row.intent) { $0.restart = row.rule }
        let state = container("a", 1, row.phase) { ($0.stoppedByUser, $0.exitCode) = (row.stoppedByUser, 255) }
        desired.boot([state], at: now)
        #expect(desired.services["a"]?.intent == row.becomes)
        let starts = row.becomes == .running && row.phase == .exited
        #expect(
            plan(desired, Observed(containers: [state]), now: now).actions.contains(.start(container: "a-1")) == starts)
    }

    @Test func `what comes back starts in the order of its dependencies, but for those that stay down`() {
        var desired = Desired()
        desired.services = [
            "db": goal {
                ($0.restart, $0.hasHealthcheck) = (.always, true)
            }, "once": goal(),
            "web": goal(needs: [DependencyGoal("db", .healthy), DependencyGoal("once", .completed)]) {
                $0.restart = .unlessStopped
            },
        ]
        var states = ["db", "once", "web"].map { container($0, 1, .exited) { $0.exitCode = 255 } }
        desired.boot(states, at: now)
        func planned() -> [Action] { plan(desired, Observed(containers: states), now: now).actions }
        #expect(planned() == [.start(container: "db-1")])
        (states[0].phase, states[0].started, states[0].health) = (.running, now, .healthy)
        #expect(planned() == [.start(container: "web-1")])
    }
}
