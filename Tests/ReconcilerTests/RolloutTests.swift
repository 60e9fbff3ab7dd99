// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

/// `deploy.update_config`: a service "a" of three replicas whose containers have the hash "old", to have "h".
@Suite struct RolloutTests {
    /// A letter a container: o old, n new and good, y new and young, f new and failed, s new and starting, x old and ended.
    private static func containers(_ letters: String) -> [ContainerState] {
        letters.enumerated().map { index, letter in
            let isOld = "ox".contains(letter)
            let phase: ContainerState.Phase = letter == "s" ? .starting : "fx".contains(letter) ? .exited : .running
            return container("a", index + 1, phase, hash: isOld ? "old" : "h") {
                $0.created = isOld ? 100 * second : 900 * second
                $0.started = letter == "y" ? now - second : isOld ? 200 * second : 910 * second
                $0.exitCode = letter == "f" ? 1 : 0
                if letter == "f" { $0.finished = 920 * second }
            }
        }
    }

    private static func goals(_ change: (inout Rollout) -> Void) -> [String: ServiceGoal] {
        var rollout = Rollout()
        rollout.began = 800 * second
        change(&rollout)
        return ["a": goal(replicas: 3) { ($0.rollout, $0.requested) = (rollout, 800 * second) }]
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let letters: String
        var parallelism = 1
        var order = Rollout.Order.stopFirst
        var failureAction = Rollout.FailureAction.pause
        var ratio = 0.0
        let actions: [Action]
        var testDescription: String { "\(letters), \(parallelism) at a time, \(order), \(failureAction)" }
    }

    private static func stop(_ numbers: Int...) -> [Action] { numbers.map { .stop(container: "a-\($0)") } }
    private static func create(_ numbers: Int...) -> [Action] { numbers.map { .create(service: "a", number: $0) } }
    private static let rollBack = Action.rollBack(service: "a", reason: "container p-a-1 exited (1)")

    @Test(arguments: [
        Row(letters: "ooo", actions: stop(1)), Row(letters: "ooo", parallelism: 2, actions: stop(1, 2)),
        Row(letters: "ooo", parallelism: 0, actions: stop(1, 2, 3)), Row(letters: "oo", actions: create(1 + 2)),
        Row(letters: "soo", actions: []), Row(letters: "yoo", actions: []), Row(letters: "noo", actions: stop(2)),
        Row(letters: "nyo", actions: []), Row(letters: "yoo", parallelism: 2, actions: []),
        Row(letters: "nno", actions: stop(3)), Row(letters: "nnn", actions: [.endRollout(service: "a")]),
        Row(letters: "xoo", actions: [.remove(container: "a-1")]),
        Row(letters: "nnoo", actions: stop(4, 3).sorted { "\($0)" > "\($1)" }),
        Row(letters: "foo", actions: []), Row(letters: "foo", ratio: 0.4, actions: stop(2)),
        Row(letters: "foo", failureAction: .goOn, actions: stop(2)),
        Row(letters: "foo", failureAction: .rollBack, actions: [rollBack]),
        Row(letters: "ooo", order: .startFirst, actions: create(4)),
        Row(letters: "ooo", parallelism: 0, order: .startFirst, actions: create(4, 5, 6)),
        Row(letters: "ooos", order: .startFirst, actions: []),
        Row(letters: "ooon", order: .startFirst, actions: stop(1)),
        Row(letters: "oonn", order: .startFirst, actions: stop(1)),
        Row(letters: "onn", order: .startFirst, actions: create(4)),
        Row(letters: "nno", order: .startFirst, actions: create(4)),
    ])
    func `so many are replaced at a time, and what serves is kept`(_ row: Row) {
        let goals = Self.goals {
            ($0.parallelism, $0.order) = (row.parallelism, row.order)
            ($0.failureAction, $0.maxFailureRatio) = (row.failureAction, row.ratio)
        }
        let plan = planned(goals, Self.containers(row.letters))
        #expect(plan.actions == row.actions, "\(plan.actions)")
    }

    @Test func `the next batch waits until the last one has proved good and the delay is over`() {
        let goals = Self.goals { ($0.monitor, $0.delay) = (10 * second, 5 * second) }
        #expect(planned(goals, Self.containers("yoo")).wake == now + 9 * second)
        var proved = Self.containers("yoo")
        proved[0].started = now - 10 * second
        let plan = planned(goals, proved)
        #expect(plan.actions.isEmpty && plan.wake == now + 5 * second)
    }

    @Test func `a paused update says so, a container of before is not on trial`() {
        let paused = planned(Self.goals { _ in }, Self.containers("foo"))
        #expect(
            paused.verdicts["a"] == .failed("the update of service \"a\" is paused: container p-a-1 exited (1)"))
        var old = Self.containers("foo")
        old[0].created = 100 * second
        #expect(planned(Self.goals { _ in }, old).actions == [.stop(container: "a-2")])
    }

    @Test func `what is rolled back is replaced in the same way, and told when it is done`() throws {
        let failed = try #require(Self.goals { $0.failureAction = .rollBack }["a"])
        let before = goal(replicas: 3) { $0.hash = "old" }
        let goal = failed.rolledBack(to: before, Rollout(failureAction: .rollBack), because: "why", at: now)
        #expect(goal.rollout?.failureAction == .pause && goal.rollout?.began == now)
        #expect(planned(["a": goal], Self.containers("foo")).actions == [.remove(container: "a-1")])
        let back = planned(["a": goal], Self.containers("ooo"))
        #expect(back.verdicts["a"] == .failed("an update was rolled back: why"))
    }
}
