// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// What holds at each step of each history.
extension World {
    /// Looks at a plan before it is carried out. All of its actions must be right in the state that it was made from.
    mutating func check(_ plan: Plan) {
        if let wake = plan.wake, wake <= clock { broken("sleeps until something is due", "wakes at once") }
        for (place, action) in plan.actions.enumerated() {
            if plan.actions[..<place].contains(action) { broken("does nothing twice", "\(action)") }
            check(action, among: plan.actions)
            if violation != nil { return }
        }
    }

    private mutating func check(_ action: Action, among actions: [Action]) {
        switch action {
        case .createNetwork(let name):
            if networks.contains(name) || desired?.networks.contains(name) != true || desired?.down != false {
                broken("makes what is missing and wanted", "\(action)")
            }
        case .createVolume(let name):
            if volumes.contains(name) || desired?.volumes.contains(name) != true || desired?.down != false {
                broken("makes what is missing and wanted", "\(action)")
            }
        case .removeNetwork:
            if !containers.isEmpty || desired?.down != true { broken("removes networks last", "\(action)") }
        case .rollBack(let service, _): checkRollback(service)
        case .endRollout(let service): checkEnd(ofRollout: service)
        case .create(let service, let number): checkCreation(service, number, actions)
        case .start(let id): withContainer(id, action, in: [.created, .exited, .failed]) { $0.checkStart($1) }
        case .stop(let id):
            withContainer(id, action, in: [.running]) {
                $0.checkStop($1)
                $0.checkServing($1, actions)
            }
        case .remove(let id):
            withContainer(id, action, in: [.created, .exited, .failed]) { world, container in
                if world.isWanted(container) { world.broken("removes only what is not wanted", "\(id)") }
            }
        }
    }

    private mutating func withContainer(
        _ id: String, _ action: Action, in phases: [ContainerState.Phase], _ body: (inout World, Simulated) -> Void
    ) {
        guard let container = containers.first(where: { $0.state.id == id }) else {
            return broken("acts on what is there", "\(action)")
        }
        guard phases.contains(container.state.phase) else {
            return broken("leaves alone what an action is under way for", "\(action), is \(container.state.phase)")
        }
        body(&self, container)
    }

    private mutating func checkCreation(_ service: String, _ number: Int, _ actions: [Action]) {
        guard let desired, let goal = desired.services[service], !desired.down,
            goal.intent == .running || goal.intent == .created
        else { return broken("makes what is missing and wanted", "\(service) \(number)") }
        let own = containers.filter { $0.node.name == service }
        let new = actions.filter { if case .create(service, _) = $0 { true } else { false } }
        let count = own.count + new.count
        if count > goal.replicas + (overlap(goal) ?? 0) {
            broken("makes no more than the wanted number", "\(count) for \(goal.replicas)")
        }
        let taken = Set(own.map(\.state.number))
        if taken.contains(number) { broken("fills gaps", "\(service) \(number) is there") }
        if !desired.networks.isSubset(of: networks) || !desired.volumes.isSubset(of: volumes) {
            broken("makes networks and volumes first", "\(service) \(number)")
        }
    }

    private mutating func checkStart(_ container: Simulated) {
        guard let goal = goal(container), goal.intent == .running, isWanted(container) else {
            return broken("starts what is to run", container.state.id)
        }
        let reason = startReason(container, goal)
        switch reason {
        case nil: broken("starts nothing that has ended for good", container.state.id)
        case .asked:
            if !gateIsOpen(goal) { broken("never starts before conditions hold", container.state.id) }
        case .policy(let due):
            let early = Int64(due) - Int64(clock)
            if early > 0 { broken("holds the back-off", "\(container.state.id) \(early) ns early") }
            if clock > max(due, heldUntil, container.truth.seen) {
                broken("holds the back-off", "\(container.state.id) late")
            }
        }
        if let index = containers.firstIndex(where: { $0.state.id == container.state.id }) {
            containers[index].startReason = reason
        }
    }

    private mutating func checkStop(_ container: Simulated) {
        let goal = goal(container)
        if isWanted(container) && goal?.intent != .stopped
            && container.truth.started >= goal?.restartBefore ?? 0 && !isUnfit(container)
        {
            return broken("stops only what is not wanted", container.state.id)
        }
        if let goal, desired?.down == false, goal.intent == .running, rank(container) < goal.replicas,
            isStale(container, goal), container.truth.started >= goal.restartBefore, !gateIsOpen(goal)
        {
            broken("lets the old one serve until the new one may start", container.state.id)
        }
        for other in containers where other.state.isLive && isLeaving(other) {
            guard let goal = self.goal(other) else { continue }
            if goal.dependencies.contains(where: { $0.service == container.node.name }) {
                broken("stops in the reverse order of starting", "\(container.state.id) before \(other.state.id)")
            }
        }
    }

    private func isLeaving(_ container: Simulated) -> Bool {
        guard let goal = goal(container) else { return false }
        if desired?.down == true || container.state.phase == .stopping { return true }
        switch goal.intent {
        case .stopped, .removed: return true
        case .created: return false
        case .running: return container.truth.started < goal.restartBefore
        }
    }
}
