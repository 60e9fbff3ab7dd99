// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// What the user asks for, and what becomes of the goals.
extension World {
    mutating func ask(_ request: Request) {
        heldUntil = clock
        let now = clock
        switch request {
        case .up(let up):
            if downIsAwaited { return queued.append(request) }
            apply(up)
        case .start(let services): change(services) { $0.start(at: now) }
        case .restart(let services): change(services) { $0.restart(at: now) }
        case .stop(let services):
            change(services) { $0.intent = .stopped }
            for index in containers.indices where services.contains(containers[index].node) {
                if waitsForRestart(containers[index]) {
                    (containers[index].truth.stoppedByUser, containers[index].truth.stopBegan) = (true, now)
                }
                containers[index].state.rest(at: now, goal(containers[index]))
                containers[index].save()
            }
        case .kill(let services):
            for index in containers.indices where services.contains(containers[index].node) {
                guard [.running, .stopping].contains(containers[index].state.phase) else { continue }
                containers[index].state.kill(at: now)
                containers[index].save()
                containers[index].process?.dies = 137
                (containers[index].truth.stoppedByUser, containers[index].truth.stopBegan) = (true, now)
            }
        case .remove(let services):
            change(services) { $0.intent = .removed }
            containers.removeAll { services.contains($0.node) && !$0.state.isLive }
        case .down:
            var next = desired ?? Desired()
            next.down = true
            desired = next
            downIsAwaited = true
        }
        look()
    }

    private mutating func change(_ services: ServiceSet, _ body: (inout ServiceGoal) -> Void) {
        for node in graph.nodes where services.contains(node) {
            guard var goal = desired?.services[node.name] else { continue }
            body(&goal)
            desired?.services[node.name] = goal
        }
    }

    private mutating func apply(_ up: Request.Up) {
        var file = ServiceSet.none
        // One that another depends on stays.
        for node in graph.nodes.reversed() {
            let isNeeded = graph.nodes.contains { later in
                file.contains(later) && later.dependencies.contains { $0.service == node.name }
            }
            if isNeeded || !up.dropped.contains(node) { file.insert(node) }
        }
        var next = desired ?? Desired()
        (next.down, next.removeOrphans, next.networks, next.volumes) = (false, up.removeOrphans, ["n"], ["v"])
        for node in graph.nodes where !file.contains(node) { next.services[node.name] = nil }
        let asked = graph.closure(of: ServiceSet(bits: up.services.bits & file.bits))
        for node in graph.nodes where asked.contains(node) {
            if up.changed.contains(node) { revisions[node.bit] += 1 }
            var goal = ServiceGoal(
                intent: up.noStart ? .created : .running, replicas: up.scale ?? node.replicas,
                hash: "h\(revisions[node.bit])", dependencies: node.dependencies, restart: node.restart,
                hasHealthcheck: node.kind == .checked, requested: clock)
            goal.restartsUnhealthy = node.restartsUnhealthy
            (goal.restartDelay, goal.restartWindow) = (node.restartDelay, node.restartWindow)
            if up.forceRecreate { goal.recreateBefore = clock }
            goal.keepsContainers = up.noRecreate
            goal.rollout = node.rollout
            let own = containers.filter { $0.node.bit == node.bit }.map(\.state)
            let before = desired?.services[node.name]
            goal.beginRollout(own, before, now: clock)
            goal.keepRequest(of: before, beside: own)
            if let before, before.hash != goal.hash, before.rollout?.began ?? 0 == 0 || previous[node.name] == nil {
                previous[node.name] = own.contains { $0.hash == before.hash } ? before : nil
            }
            next.services[node.name] = goal
        }
        desired = next
    }
}
