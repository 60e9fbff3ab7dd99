// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

@Suite struct RestartTests {
    @Test(
        arguments: [
            (0, 100), (1, 200), (2, 400), (3, 800), (4, 1600), (5, 3200), (6, 6400), (7, 12_800), (8, 25_600),
            (9, 51_200),
            (10, 60_000), (11, 60_000), (1_000_000, 60_000), (-1, 100),
        ] as [(Int, UInt64)])
    func `the pause doubles from 100 ms to a minute`(_ row: (Int, UInt64)) {
        #expect(RestartBackOff.delay(afterQuickRestarts: row.0) == row.1 * millisecond)
    }

    @Test func `a run of ten seconds is long enough to begin again`() {
        #expect(RestartBackOff.forgiven == 10 * second)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let rule: RestartRule
        var exitCode: Int32 = 0
        var restarts = 0
        var stoppedByUser = false
        let isRestarted: Bool
        var testDescription: String {
            "\(rule) after exit \(exitCode), \(restarts) restarts\(stoppedByUser ? ", stopped" : "")"
        }
    }

    @Test(arguments: [
        Row(rule: .no, exitCode: 1, isRestarted: false),
        Row(rule: .always, isRestarted: true), Row(rule: .always, exitCode: 1, restarts: 999, isRestarted: true),
        Row(rule: .always, stoppedByUser: true, isRestarted: false),
        Row(rule: .unlessStopped, isRestarted: true),
        Row(rule: .unlessStopped, stoppedByUser: true, isRestarted: false),
        Row(rule: .onFailure(nil), isRestarted: false),
        Row(rule: .onFailure(nil), exitCode: 1, restarts: 999, isRestarted: true),
        Row(rule: .onFailure(nil), exitCode: 137, stoppedByUser: true, isRestarted: false),
        Row(rule: .onFailure(3), exitCode: 1, restarts: 2, isRestarted: true),
        Row(rule: .onFailure(3), exitCode: 1, restarts: 3, isRestarted: false),
        Row(rule: .onFailure(0), exitCode: 1, isRestarted: false),
    ])
    func `the policy says whether an ended container starts again`(_ row: Row) {
        var state = container("a", 1, .exited) {
            ($0.exitCode, $0.restarts, $0.stoppedByUser, $0.quickRestarts) = (
                row.exitCode, row.restarts, row.stoppedByUser, 2
            )
        }
        let time = RestartBackOff.restartTime(of: state, row.rule)
        #expect(time == (row.isRestarted ? 300 * second + 400 * millisecond : nil))
        let plan = planned(["a": goal { $0.restart = row.rule }], [state])
        #expect(plan.actions == (row.isRestarted ? [.start(container: "a-1")] : []))
        state.phase = .running
        #expect(RestartBackOff.restartTime(of: state, row.rule) == nil)
    }

    @Test func `a restart waits for its time, and the earliest one wakes`() {
        let services = ["a": goal { $0.restart = .always }, "b": goal { $0.restart = .always }]
        func ended(_ name: String, _ quick: Int, at time: UInt64) -> ContainerState {
            container(name, 1, .exited) { ($0.finished, $0.quickRestarts) = (time, quick) }
        }
        let waiting = planned(services, [ended("a", 5, at: now), ended("b", 3, at: now)])
        #expect(waiting.actions.isEmpty)
        #expect(waiting.wake == now + 800 * millisecond)
        #expect(waiting.verdicts == ["a": .settled, "b": .settled])
        let one = planned(services, [ended("a", 5, at: now), ended("b", 0, at: now - 100 * millisecond)])
        #expect(one.actions == [.start(container: "b-1")])
        #expect(one.wake == now + 3200 * millisecond)
    }

    @Test func `a restart by the policy does not ask the dependencies`() {
        let plan = planned(
            ["db": goal(), "web": goal(needs: [DependencyGoal("db", .completed)]) { $0.restart = .always }],
            [container("db"), container("web", 1, .exited)])
        #expect(plan.actions == [.start(container: "web-1")])
    }
}
