// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler
import Testing

/// A planner with a mistake: it is shown another world, or its plan is spoilt.
struct PlantedBug: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let planner: @Sendable (Desired, Observed, UInt64) -> Plan

    private init(_ description: String, _ planner: @escaping @Sendable (Desired, Observed, UInt64) -> Plan) {
        (testDescription, self.planner) = (description, planner)
    }

    private static func goals(
        _ description: String, _ spoil: @escaping @Sendable (inout ServiceGoal) -> Void
    ) -> PlantedBug {
        PlantedBug(description) { desired, observed, now in
            var desired = desired
            for (name, var goal) in desired.services {
                spoil(&goal)
                desired.services[name] = goal
            }
            return plan(desired, observed, now: now)
        }
    }

    private static func containers(
        _ description: String, _ spoil: @escaping @Sendable (inout ContainerState) -> Void
    ) -> PlantedBug {
        PlantedBug(description) { desired, observed, now in
            var observed = observed
            for index in observed.containers.indices { spoil(&observed.containers[index]) }
            return plan(desired, observed, now: now)
        }
    }

    private static func plans(
        _ description: String, _ spoil: @escaping @Sendable (inout Plan) -> Void
    ) -> PlantedBug {
        PlantedBug(description) { desired, observed, now in
            var plan = plan(desired, observed, now: now)
            spoil(&plan)
            return plan
        }
    }
}

extension PlantedBug {
    static let all = [
        goals("does not ask dependencies") { $0.ignoresDependencies = true },
        goals("asks only whether dependencies have started") { goal in
            for index in goal.dependencies.indices { goal.dependencies[index].condition = .started }
        },
        goals("fails with a dependency that is not required") { goal in
            for index in goal.dependencies.indices { goal.dependencies[index].required = true }
        },
        goals("makes a replica too many") { $0.replicas += 1 },
        goals("restarts once more than the policy says") { goal in
            if case .onFailure(1) = goal.restart { goal.restart = .onFailure(2) }
        },
        goals("takes the back-off for the policy's own delay") { $0.restartDelay = nil },
        goals("runs one-shots again") { $0.rerunsCompleted = true },
        goals("keeps containers of an earlier configuration") { $0.keepsContainers = true },
        goals("stops in any order") { if $0.intent != .running { $0.dependencies = [] } },
        goals("replaces all at once") { $0.rollout?.parallelism = 0 },
        goals("stops old containers before new ones serve") { $0.rollout?.order = .stopFirst },
        goals("does not watch new containers") { $0.rollout?.monitor = 0 },
        goals("goes on where new containers fail") { $0.rollout?.maxFailureRatio = 1 },
        goals("lets the unhealthy be") { $0.restartsUnhealthy = false },
        goals("forgets to restart") { $0.restartBefore = 0 },
        containers("takes a container whose health is not known for healthy") { container in
            if container.health == .starting { container.health = .healthy }
        },
        containers("takes each end for a success") { $0.exitCode = 0 },
        containers("does not wait for the end of a stop") { container in
            if container.phase == .stopping { container.phase = .exited }
        },
        containers("does not wait for post_start") { $0.isSettingUp = false },
        containers("lets what it stopped for its health rest") { $0.stoppedForHealth = false },
        containers("restarts what the user has stopped") { $0.stoppedByUser = false },
        containers("restarts too soon") { $0.quickRestarts = max(0, $0.quickRestarts - 1) },
        plans("sleeps through a restart") { $0.wake = nil },
        plans("wakes late") { $0.wake? += 1 },
        plans("plans the last step twice") { plan in plan.actions += plan.actions.suffix(1) },
        plans("forgets to make volumes") { plan in
            plan.actions.removeAll { if case .createVolume = $0 { true } else { false } }
        },
        PlantedBug("leaves orphans") { desired, observed, now in
            var desired = desired
            desired.removeOrphans = false
            return plan(desired, observed, now: now)
        },
        PlantedBug("removes networks under containers") { desired, observed, now in
            var plan = plan(desired, observed, now: now)
            if desired.down { plan.actions += observed.networks.map { .removeNetwork($0) } }
            return plan
        },
    ]
}
