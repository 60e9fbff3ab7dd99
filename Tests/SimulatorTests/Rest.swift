// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// What holds when nothing is under way any more.
extension World {
    mutating func checkRest() {
        let plan = planner(
            desired ?? Desired(),
            Observed(containers: containers.map(\.state), networks: networks, volumes: volumes), clock)
        if !plan.actions.isEmpty || plan.wake != nil { broken("plans nothing in the state reached", "\(plan)") }
        for container in containers { check(container) }
        guard let desired else { return }
        if desired.down && !(containers.isEmpty && networks.isEmpty) { broken("reaches what is desired", "not down") }
        if desired.down { return }
        for (name, goal) in desired.services where goal.intent == .running || goal.intent == .created {
            let count = containers.count { $0.node.name == name }
            if count != goal.replicas && !isPaused(name) && !(rollout(goal) != nil && !gateIsOpen(goal)) {
                broken("reaches what is desired", "\(count) of \(goal.replicas) \(name)")
            }
            if plan.verdicts[name] == .pending,
                !goal.dependencies.contains(where: { plan.verdicts[$0.service] ?? .settled != .settled })
            {
                broken("leaves nothing pending", name)
            }
        }
    }

    private mutating func check(_ container: Simulated) {
        if container.state != container.record { broken("has all on record", "\(container.state)") }
        if container.state.isLive != (container.process != nil) {
            broken("has a record of each process, and a process for each that says so", "\(container.state)")
        }
        guard let goal = goal(container) else {
            if !isWanted(container) { broken("reaches what is desired", "orphan \(container.state.id) is there") }
            return
        }
        let mayWait = goal.intent == .running && !gateIsOpen(goal)
        if !isWanted(container) && !isPaused(container.node.name)
            && !(mayWait && (rank(container) < goal.replicas || rollout(goal) != nil))
        {
            broken("reaches what is desired", "\(container.state.id) is there")
        }
        switch goal.intent {
        case .stopped, .removed:
            if container.state.isLive { broken("reaches what is desired", "\(container.state.id) runs") }
        case .created: break
        case .running:
            if isWanted(container) && isUnfit(container) {
                broken("restarts what is unhealthy where it is asked to", container.state.id)
            }
            if container.state.phase == .running, isWanted(container), container.truth.started < goal.restartBefore {
                broken("reaches what is desired", "\(container.state.id) is not restarted")
            }
            guard !container.state.isLive, isWanted(container) else { return }
            switch startReason(container, goal) {
            case nil: break
            case .asked: if !mayWait { broken("starts what was asked for", container.state.id) }
            case .policy: broken("starts what the restart policy starts", container.state.id)
            }
        }
    }
}
