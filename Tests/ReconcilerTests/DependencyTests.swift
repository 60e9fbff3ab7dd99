// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

@Suite struct DependencyTests {
    enum Outcome: Sendable, Equatable {
        case starts, waits
        case fails(String)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let condition: DependencyGoal.Condition
        let phase: ContainerState.Phase
        var health = ContainerState.Health.none
        var exitCode: Int32 = 0
        var hasHealthcheck = true
        var restart = RestartRule.no
        let outcome: Outcome
    }

    static let rows = [
        Row(testDescription: "started: runs", condition: .started, phase: .running, outcome: .starts),
        Row(testDescription: "started: has ended", condition: .started, phase: .exited, exitCode: 3, outcome: .starts),
        Row(testDescription: "started: is only made", condition: .started, phase: .created, outcome: .waits),
        Row(testDescription: "started: is being started", condition: .started, phase: .starting, outcome: .waits),
        Row(testDescription: "started: is being stopped", condition: .started, phase: .stopping, outcome: .waits),
        Row(testDescription: "started: is being removed", condition: .started, phase: .removing, outcome: .waits),
        Row(testDescription: "started: cannot be started", condition: .started, phase: .failed, outcome: .fails("why")),

        Row(testDescription: "healthy: no probe yet", condition: .healthy, phase: .running, outcome: .waits),
        Row(
            testDescription: "healthy: starting", condition: .healthy, phase: .running, health: .starting,
            outcome: .waits),
        Row(
            testDescription: "healthy: healthy", condition: .healthy, phase: .running, health: .healthy,
            outcome: .starts),
        Row(
            testDescription: "healthy: unhealthy", condition: .healthy, phase: .running, health: .unhealthy,
            outcome: .fails("dependency failed to start: container p-db-1 is unhealthy")),
        Row(
            testDescription: "healthy: no healthcheck", condition: .healthy, phase: .running, hasHealthcheck: false,
            outcome: .fails("dependency failed to start: container p-db-1 has no healthcheck configured")),
        Row(
            testDescription: "healthy: has ended", condition: .healthy, phase: .exited, exitCode: 7,
            outcome: .fails("dependency failed to start: container p-db-1 exited (7)")),
        Row(
            testDescription: "healthy: has ended and is restarted", condition: .healthy, phase: .exited, exitCode: 7,
            restart: .always, outcome: .waits),

        Row(testDescription: "completed: runs", condition: .completed, phase: .running, outcome: .waits),
        Row(testDescription: "completed: ended with 0", condition: .completed, phase: .exited, outcome: .starts),
        Row(
            testDescription: "completed: ended with 2", condition: .completed, phase: .exited, exitCode: 2,
            outcome: .fails("service \"db\" didn't complete successfully: exit 2")),
        Row(
            testDescription: "completed: ended with 2 and is restarted", condition: .completed, phase: .exited,
            exitCode: 2,
            restart: .onFailure(nil), outcome: .waits),
        Row(
            testDescription: "completed: cannot be started", condition: .completed, phase: .failed,
            outcome: .fails("why")),
    ]

    static func containers(_ row: Row) -> [ContainerState] {
        [
            container("db", 1, row.phase) { ($0.health, $0.exitCode) = (row.health, row.exitCode) },
            container("web", 1, .created),
        ]
    }

    static func services(_ row: Row, _ dependency: DependencyGoal) -> [String: ServiceGoal] {
        [
            "db": goal { ($0.hasHealthcheck, $0.restart) = (row.hasHealthcheck, row.restart) },
            "web": goal(needs: [dependency]),
        ]
    }

    @Test(arguments: rows)
    func `a service starts once its dependency's condition holds`(_ row: Row) {
        let plan = planned(Self.services(row, DependencyGoal("db", row.condition)), Self.containers(row))
        #expect(plan.actions.contains(.start(container: "web-1")) == (row.outcome == .starts))
        switch row.outcome {
        case .starts, .waits: #expect(plan.verdicts["web"] == .pending)
        case .fails(let reason): #expect(plan.verdicts["web"] == .failed(reason))
        }
    }

    @Test(arguments: rows)
    func `a dependency that is not required is waited for, but may fail`(_ row: Row) {
        let plan = planned(
            Self.services(row, DependencyGoal("db", row.condition, required: false)), Self.containers(row))
        #expect(plan.actions.contains(.start(container: "web-1")) == (row.outcome != .waits))
        #expect(plan.verdicts["web"] == .pending)
    }

    @Test(arguments: rows)
    func `a service that ignores its dependencies starts at once`(_ row: Row) {
        var services = Self.services(row, DependencyGoal("db", row.condition))
        services["web"]?.ignoresDependencies = true
        #expect(planned(services, Self.containers(row)).actions.contains(.start(container: "web-1")))
    }

    @Test(arguments: [ServiceGoal.Intent.stopped, .removed, .created])
    func `a dependency that is not to run is not waited for`(_ intent: ServiceGoal.Intent) {
        let plan = planned(
            ["db": goal(intent), "web": goal(needs: [DependencyGoal("db", .healthy)])],
            [container("db", 1, .stopping), container("web", 1, .created)])
        #expect(plan.actions == [.start(container: "web-1")])
    }

    @Test func `a dependency without a goal is not waited for`() {
        let plan = planned(["web": goal(needs: [DependencyGoal("other", .healthy)])], [container("web", 1, .created)])
        #expect(plan.actions == [.start(container: "web-1")])
    }

    @Test func `all replicas of a dependency count, those that are not there too`() {
        let services = ["db": goal(replicas: 2), "web": goal(needs: [DependencyGoal("db")])]
        let web = container("web", 1, .created)
        #expect(planned(services, [container("db", 1), web]).actions == [.create(service: "db", number: 2)])
        #expect(planned(services, [container("db", 1), container("db", 2, .starting), web]).actions.isEmpty)
        #expect(
            planned(services, [container("db", 1), container("db", 2), web]).actions == [.start(container: "web-1")])
        let none = planned(["db": goal(replicas: 0), "web": goal(needs: [DependencyGoal("db")])], [web])
        #expect(none.actions == [.start(container: "web-1")])
    }

    @Test func `of several dependencies a failed one decides, then one that is waited for`() {
        let services = [
            "a": goal(), "b": goal(), "c": goal(),
            "web": goal(needs: [DependencyGoal("a"), DependencyGoal("b"), DependencyGoal("c")]),
        ]
        let web = container("web", 1, .created)
        let waiting = planned(services, [container("a"), container("b", 1, .starting), container("c"), web])
        #expect(waiting.verdicts["web"] == .pending)
        #expect(waiting.actions.isEmpty)
        let failed = planned(services, [container("a"), container("b", 1, .starting), container("c", 1, .failed), web])
        #expect(failed.verdicts["web"] == .failed("why"))
    }

    @Test func `containers are made while their dependencies are waited for`() {
        let plan = planned(["db": goal(), "web": goal(needs: [DependencyGoal("db", .completed)])], [])
        #expect(plan.actions == [.create(service: "db", number: 1), .create(service: "web", number: 1)])
    }

    @Test func `a dependency that failed before the request is tried again and waited for`() {
        let services = ["db": goal { $0.requested = 400 * second }, "web": goal(needs: [DependencyGoal("db")])]
        for state in [container("db", 1, .failed), container("db", 1, .exited, { $0.exitCode = 1 })] {
            let plan = planned(services, [state, container("web", 1, .created)])
            #expect(plan.actions == [.start(container: "db-1")])
            #expect(plan.verdicts["web"] == .pending)
        }
    }

    @Test func `a dependency that cannot be started again at a restart is not waited for`() {
        let restarted = goal { ($0.requested, $0.restartBefore) = (250 * second, 250 * second) }
        func plan(required: Bool) -> Plan {
            planned(
                ["db": restarted, "web": goal(needs: [DependencyGoal("db", required: required)])],
                [container("db", 1, .failed), container("web", 1, .created)])
        }
        #expect(plan(required: true).verdicts["web"] == .failed("why"))
        #expect(plan(required: false).actions == [.start(container: "web-1")])
    }

    @Test func `a one-shot that is to run again is waited for`() {
        let services = [
            "job": goal { ($0.requested, $0.rerunsCompleted) = (400 * second, true) },
            "web": goal(needs: [DependencyGoal("job", .completed)]),
        ]
        let before = planned(services, [container("job", 1, .exited), container("web", 1, .created)])
        #expect(before.actions == [.start(container: "job-1")])
        let after = planned(
            services, [container("job", 1, .exited) { $0.finished = 401 * second }, container("web", 1, .created)])
        #expect(after.actions == [.start(container: "web-1")])
    }
}
