// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

/// `--parallel`: how many starts and stops are under way at once.
@Suite struct ParallelismTests {
    private func actions(
        _ most: Int?, _ intent: ServiceGoal.Intent, _ phases: [ContainerState.Phase]
    ) -> [Action] {
        var goals: [String: ServiceGoal] = [:]
        var containers: [ContainerState] = []
        for (name, phase) in zip(["a", "b", "c", "d"], phases) {
            goals[name] = goal(intent)
            containers.append(container(name, 1, phase))
        }
        return planned(goals, containers) { $0.parallelism = most }.actions
    }

    @Test func `no more begin than may, with those that are under way`() {
        let made: [ContainerState.Phase] = [.created, .created, .created]
        #expect(actions(nil, .running, made).count == 3)
        #expect(actions(1, .running, made) == [.start(container: "a-1")])
        #expect(actions(2, .running, [.starting] + made) == [.start(container: "b-1")])
        #expect(actions(1, .running, [.stopping] + made) == [])
        #expect(
            actions(2, .stopped, [.running, .running, .running]) == ["a", "b"].map { .stop(container: "\($0)-1") })
    }

    @Test func `what waits for its turn is pending`() {
        let plan = planned(["a": goal(), "b": goal()], [container("a", 1, .created), container("b", 1, .created)]) {
            $0.parallelism = 1
        }
        #expect(plan.verdicts == ["a": .pending, "b": .pending])
    }
}
