// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

@Suite struct PlannerTests {
    struct PhaseRow: Sendable, CustomTestStringConvertible {
        let phase: ContainerState.Phase
        let intent: ServiceGoal.Intent
        let action: Action?
        let verdict: Verdict
        init(_ phase: ContainerState.Phase, _ intent: ServiceGoal.Intent, _ action: Action?, _ verdict: Verdict) {
            (self.phase, self.intent, self.action, self.verdict) = (phase, intent, action, verdict)
        }
        var testDescription: String { "\(phase) to be \(intent)" }
    }

    static let start = Action.start(container: "a-1")
    static let stop = Action.stop(container: "a-1")
    static let remove = Action.remove(container: "a-1")

    @Test(arguments: [
        PhaseRow(.created, .running, start, .pending), PhaseRow(.starting, .running, nil, .pending),
        PhaseRow(.running, .running, nil, .settled), PhaseRow(.stopping, .running, nil, .pending),
        PhaseRow(.exited, .running, nil, .settled), PhaseRow(.failed, .running, nil, .failed("why")),
        PhaseRow(.removing, .running, nil, .pending),

        PhaseRow(.created, .created, nil, .settled), PhaseRow(.starting, .created, nil, .pending),
        PhaseRow(.running, .created, nil, .settled), PhaseRow(.stopping, .created, nil, .pending),
        PhaseRow(.exited, .created, nil, .settled), PhaseRow(.failed, .created, nil, .failed("why")),
        PhaseRow(.removing, .created, nil, .pending),

        PhaseRow(.created, .stopped, nil, .settled), PhaseRow(.starting, .stopped, nil, .pending),
        PhaseRow(.running, .stopped, stop, .pending), PhaseRow(.stopping, .stopped, nil, .pending),
        PhaseRow(.exited, .stopped, nil, .settled), PhaseRow(.failed, .stopped, nil, .settled),
        PhaseRow(.removing, .stopped, nil, .pending),

        PhaseRow(.created, .removed, remove, .pending), PhaseRow(.starting, .removed, nil, .pending),
        PhaseRow(.running, .removed, stop, .pending), PhaseRow(.stopping, .removed, nil, .pending),
        PhaseRow(.exited, .removed, remove, .pending), PhaseRow(.failed, .removed, remove, .pending),
        PhaseRow(.removing, .removed, nil, .pending),
    ])
    func `a container's phase and its service's intent give the next step`(_ row: PhaseRow) {
        let plan = planned(["a": goal(row.intent)], [container("a", 1, row.phase)])
        #expect(plan.actions == (row.action.map { [$0] } ?? []))
        #expect(plan.verdicts == ["a": row.verdict])
        #expect(plan.wake == nil)
    }

    @Test(arguments: [ServiceGoal.Intent.stopped, .removed])
    func `a service without containers that is not to run is settled`(_ intent: ServiceGoal.Intent) {
        let plan = planned(["a": goal(intent, replicas: 3)], [])
        #expect(plan.actions.isEmpty)
        #expect(plan.verdicts == ["a": .settled])
    }

    // MARK: Requests

    struct RequestRow: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let phase: ContainerState.Phase
        var exitCode: Int32 = 0
        var stoppedByUser = false
        var restart = RestartRule.no
        var reruns = false
        var action: Action?
    }

    @Test(arguments: [
        RequestRow(testDescription: "a one-shot that is done rests", phase: .exited),
        RequestRow(testDescription: "also with on-failure", phase: .exited, restart: .onFailure(nil)),
        RequestRow(
            testDescription: "a one-shot that is to run again starts", phase: .exited, reruns: true, action: start),
        RequestRow(testDescription: "one that failed starts", phase: .exited, exitCode: 1, action: start),
        RequestRow(
            testDescription: "one that the user stopped starts", phase: .exited, stoppedByUser: true, action: start),
        RequestRow(
            testDescription: "one that always runs and that the user stopped starts", phase: .exited,
            stoppedByUser: true,
            restart: .always, action: start),
        RequestRow(testDescription: "one that could not be started starts", phase: .failed, action: start),
        RequestRow(testDescription: "one that runs stays", phase: .running),
    ])
    func `a new request forgets an earlier end`(_ row: RequestRow) {
        let state = container("a", 1, row.phase) { ($0.exitCode, $0.stoppedByUser) = (row.exitCode, row.stoppedByUser) }
        let plan = planned(
            [
                "a": goal {
                    ($0.restart, $0.rerunsCompleted, $0.requested) = (row.restart, row.reruns, 400 * second)
                }
            ], [state])
        #expect(plan.actions == (row.action.map { [$0] } ?? []))
        #expect(plan.verdicts["a"] == (row.action == nil ? .settled : .pending))
    }

    @Test func `one that was being stopped when the user asked for it starts when it has ended`() {
        let state = container("a", 1, .exited) {
            ($0.stoppedByUser, $0.stopBegan, $0.finished) = (true, 250 * second, 270 * second)
        }
        #expect(planned(["a": goal { $0.requested = 260 * second }], [state]).actions == [Self.start])
        #expect(planned(["a": goal { $0.requested = 240 * second }], [state]).actions.isEmpty)
    }

    @Test func `an end after the request counts`() {
        let state = container("a", 1, .exited) { $0.exitCode = 1 }
        #expect(
            planned(["a": goal { ($0.requested, $0.rerunsCompleted) = (250 * second, true) }], [state]).actions.isEmpty)
    }

    @Test(arguments: [
        PhaseRow(.running, .running, stop, .pending), PhaseRow(.exited, .running, start, .pending),
        PhaseRow(.stopping, .running, nil, .pending), PhaseRow(.created, .running, start, .pending),
    ])
    func `a restart stops what started before it and starts it again`(_ row: PhaseRow) {
        let asked = goal { $0.restartBefore = 500 * second }
        let plan = planned(["a": asked], [container("a", 1, row.phase)])
        #expect(plan.actions == (row.action.map { [$0] } ?? []))
        #expect(plan.verdicts["a"] == row.verdict)
        let restarted = container("a") { $0.started = 501 * second }
        #expect(planned(["a": asked], [restarted]).actions.isEmpty)
    }

    @Test func `a restart stops dependents first and starts them last`() {
        let services = [
            "db": goal { $0.restartBefore = 500 * second },
            "web": goal(needs: [DependencyGoal("db")]) { $0.restartBefore = 500 * second },
        ]
        func actions(_ db: ContainerState, _ web: ContainerState) -> [Action] { planned(services, [db, web]).actions }
        #expect(actions(container("db"), container("web")) == [.stop(container: "web-1")])
        #expect(actions(container("db"), container("web", 1, .stopping)).isEmpty)
        #expect(actions(container("db"), container("web", 1, .exited)) == [.stop(container: "db-1")])
        #expect(actions(container("db", 1, .exited), container("web", 1, .exited)) == [.start(container: "db-1")])
        let new = container("db") { $0.started = 501 * second }
        #expect(actions(new, container("web", 1, .exited)) == [.start(container: "web-1")])
    }

    // MARK: Another configuration

    struct StaleRow: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var hash = "h"
        var recreateBefore: UInt64 = 0
        var keeps = false
        let isStale: Bool
    }

    @Test(arguments: [
        StaleRow(testDescription: "same hash", isStale: false),
        StaleRow(testDescription: "another hash", hash: "old", isStale: true),
        StaleRow(testDescription: "another hash that stays", hash: "old", keeps: true, isStale: false),
        StaleRow(testDescription: "made before", recreateBefore: 101 * second, isStale: true),
        StaleRow(testDescription: "made at that instant", recreateBefore: 100 * second, isStale: false),
        StaleRow(testDescription: "made before, and to stay", recreateBefore: 101 * second, keeps: true, isStale: true),
    ])
    func `a stale container is stopped, removed and made again`(_ row: StaleRow) {
        let asked = goal { ($0.recreateBefore, $0.keepsContainers) = (row.recreateBefore, row.keeps) }
        let running = planned(["a": asked], [container("a", hash: row.hash)])
        #expect(running.actions == (row.isStale ? [Self.stop] : []))
        #expect(running.verdicts["a"] == (row.isStale ? .pending : .settled))
        let ended = planned(["a": asked], [container("a", 1, .exited, hash: row.hash)])
        #expect(ended.actions == (row.isStale ? [Self.remove] : []))
    }

    @Test func `a stale container serves until its dependencies let the new one start`() {
        let services = ["db": goal { $0.hasHealthcheck = true }, "web": goal(needs: [DependencyGoal("db", .healthy)])]
        let waiting = planned(services, [container("db") { $0.health = .starting }, container("web", hash: "old")])
        #expect(waiting.actions.isEmpty)
        #expect(waiting.verdicts["web"] == .pending)
        let ready = planned(services, [container("db") { $0.health = .healthy }, container("web", hash: "old")])
        #expect(ready.actions == [.stop(container: "web-1")])
    }

    @Test func `a stale container that is to be restarted stops before its dependencies do`() {
        let services = [
            "db": goal { $0.restartBefore = 500 * second },
            "web": goal(needs: [DependencyGoal("db")]) { $0.restartBefore = 500 * second },
        ]
        let plan = planned(services, [container("db"), container("web", hash: "old")])
        #expect(plan.actions == [.stop(container: "web-1")])
    }

    @Test func `a dependency that is to be made again is waited for`() {
        let services = ["db": goal(), "web": goal(needs: [DependencyGoal("db")])]
        let plan = planned(services, [container("db", hash: "old"), container("web", 1, .created)])
        #expect(plan.actions == [.stop(container: "db-1")])
        #expect(plan.verdicts == ["db": .pending, "web": .pending])
    }

    // MARK: Replicas

    struct ScaleRow: Sendable, CustomTestStringConvertible {
        let have: [Int]
        let want: Int
        let actions: [Action]
        var testDescription: String { "\(have) to \(want)" }
    }

    @Test(arguments: [
        ScaleRow(have: [], want: 2, actions: [.create(service: "a", number: 1), .create(service: "a", number: 2)]),
        ScaleRow(have: [1], want: 3, actions: [.create(service: "a", number: 2), .create(service: "a", number: 3)]),
        ScaleRow(
            have: [5, 2], want: 4, actions: [.create(service: "a", number: 1), .create(service: "a", number: 3)]),
        ScaleRow(have: [3, 1, 2], want: 1, actions: [.stop(container: "a-2"), .stop(container: "a-3")]),
        ScaleRow(have: [7, 3], want: 1, actions: [.stop(container: "a-7")]),
        ScaleRow(have: [1, 2], want: 0, actions: [.stop(container: "a-1"), .stop(container: "a-2")]),
        ScaleRow(have: [2, 1], want: 2, actions: []), ScaleRow(have: [], want: 0, actions: []),
    ])
    func `scaling fills gaps and takes the newest away`(_ row: ScaleRow) {
        let plan = planned(["a": goal(replicas: row.want)], row.have.map { container("a", $0) })
        #expect(plan.actions == row.actions)
        #expect(plan.verdicts["a"] == (row.actions.isEmpty ? .settled : .pending))
    }

    @Test func `scaling down takes stale containers away first`() {
        let containers = [container("a", 1, hash: "old"), container("a", 2)]
        #expect(planned(["a": goal()], containers).actions == [.stop(container: "a-1")])
        let dependent = planned(
            ["a": goal(), "web": goal(needs: [DependencyGoal("a")])], containers + [container("web", 1, .created)])
        #expect(dependent.actions == [.stop(container: "a-1"), .start(container: "web-1")])
    }

    @Test func `a container of run is no replica`() {
        let plan = planned(["a": goal()], [container("a", 0)])
        #expect(plan.actions == [.create(service: "a", number: 1)])
    }

    @Test func `a network that is not as desired is made again when those who are on it are gone`() {
        var desired = Desired()
        (desired.services, desired.networks) = (["a": goal(needs: [DependencyGoal("b")]), "b": goal()], ["n"])
        func planned(_ containers: [ContainerState], _ changed: [String: Set<String>]) -> [Action] {
            plan(desired, Observed(containers: containers, networks: ["n"], changedNetworks: changed), now: now).actions
        }
        let (a, b) = (container("a"), container("b"))
        // Who depends on the other stops first.
        #expect(planned([a, b], ["n": ["a-1", "b-1"]]) == [.stop(container: "a-1")])
        #expect(planned([container("b")], ["n": ["b-1"]]) == [.stop(container: "b-1")])
        #expect(planned([container("b", 1, .exited)], ["n": ["b-1"]]) == [.remove(container: "b-1")])
        #expect(planned([], ["n": []]) == [.removeNetwork("n")])
        #expect(
            plan(desired, Observed(containers: []), now: now).actions == [.createNetwork("n")])
        // Who is not on it stays, and nobody starts meanwhile.
        #expect(planned([container("b", 1, .created)], ["n": []]) == [.removeNetwork("n")])
        #expect(planned([a, b], ["m": []]) == [.removeNetwork("m")])
    }

    @Test func `networks and volumes come before containers`() {
        var desired = Desired()
        (desired.services, desired.networks, desired.volumes) = (["a": goal()], ["n", "m"], ["v"])
        #expect(
            plan(desired, Observed(networks: ["m"]), now: now).actions == [.createNetwork("n"), .createVolume("v")])
        let created = Observed(containers: [container("a", 1, .created)], networks: ["m", "n"])
        #expect(plan(desired, created, now: now).actions == [.createVolume("v")])
        #expect(plan(desired, created, now: now).verdicts["a"] == .pending)
        let ready = Observed(networks: ["m", "n", "other"], volumes: ["v"])
        #expect(plan(desired, ready, now: now).actions == [.create(service: "a", number: 1)])
    }

    // MARK: Orphans and the end

    @Test func `orphans go only where that is asked for, and one-off containers stay`() {
        let containers = [container("gone", 1, .exited), container("gone", 2), container("gone", 0), container("a")]
        #expect(planned(["a": goal()], containers).actions.isEmpty)
        let plan = planned(["a": goal()], containers) { $0.removeOrphans = true }
        #expect(plan.actions == [.remove(container: "gone-1"), .stop(container: "gone-2")])
        #expect(plan.verdicts == ["a": .settled, "gone": .pending])
    }

    @Test func `down stops dependents first, then removes all, then the networks`() {
        var desired = Desired()
        desired.down = true
        desired.services = [
            "db": goal(), "api": goal(needs: [DependencyGoal("db")]),
            "web": goal(needs: [DependencyGoal("api"), DependencyGoal("db")]),
        ]
        func actions(_ containers: [ContainerState]) -> [Action] {
            plan(desired, Observed(containers: containers, networks: ["n"]), now: now).actions
        }
        #expect(
            actions([container("db"), container("api"), container("web"), container("old"), container("web", 0)])
                == [.stop(container: "web-1"), .stop(container: "old-1"), .stop(container: "web-0")])
        #expect(actions([container("db"), container("api"), container("web", 1, .stopping)]).isEmpty)
        #expect(
            actions([container("db"), container("api"), container("web", 1, .exited)])
                == [.stop(container: "api-1"), .remove(container: "web-1")])
        #expect(
            actions([container("db"), container("api", 1, .exited)]) == [
                .stop(container: "db-1"), .remove(container: "api-1"),
            ])
        #expect(actions([container("db", 1, .removing)]).isEmpty)
        #expect(actions([]) == [.removeNetwork("n")])
        #expect(plan(desired, Observed(volumes: ["v"]), now: now) == Plan())
    }

    @Test func `stopping some services stops dependents first, but not for one that stays`() {
        let needs = [DependencyGoal("db")]
        let both = planned(
            ["db": goal(.stopped), "web": goal(.removed, needs: needs)], [container("db"), container("web")])
        #expect(both.actions == [.stop(container: "web-1")])
        let one = planned(["db": goal(.stopped), "web": goal(needs: needs)], [container("db"), container("web")])
        #expect(one.actions == [.stop(container: "db-1")])
    }
}
