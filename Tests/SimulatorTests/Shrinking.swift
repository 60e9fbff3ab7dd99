// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

extension History {
    /// A short history that breaks the same promise: no event and no service can be left out of it.
    func shrunk(_ planner: @escaping PlanFunction, to rule: String) -> History {
        var shortest = self
        while let shorter = shortest.simpler().first(where: { $0.violation(of: planner)?.rule == rule }) {
            shortest = shorter
        }
        return shortest
    }

    /// Without an event, without a service, or with a plainer service.
    private func simpler() -> [History] {
        var found: [History] = []
        for index in events.indices {
            var next = self
            next.events.remove(at: index)
            found.append(next)
        }
        for index in graph.nodes.indices {
            var next = self
            next.graph = graph.without(index)
            found.append(next)
            let node = graph.nodes[index]
            if node.hasHook { found.append(changing(index) { $0.hasHook = false }) }
            if node.replicas > 1 { found.append(changing(index) { $0.replicas -= 1 }) }
            if node.restartDelay != nil { found.append(changing(index) { $0.restartDelay = nil }) }
            if node.restartWindow != nil { found.append(changing(index) { $0.restartWindow = nil }) }
            for dependency in node.dependencies.indices {
                found.append(changing(index) { $0.dependencies.remove(at: dependency) })
            }
        }
        return found
    }

    private func changing(_ index: Int, _ body: (inout Graph.Node) -> Void) -> History {
        var next = self
        body(&next.graph.nodes[index])
        return next
    }
}
