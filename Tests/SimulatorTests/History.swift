// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// A project and what happens to it.
struct History {
    var graph: Graph
    var events: [Event]

    init(seed: UInt64) {
        var random = Random(seed: seed)
        graph = Graph(&random)
        events = [.ask(.up(Request.Up()))]
        for _ in 0..<random.below(24) { events.append(Event(&random)) }
    }

    /// Lets it happen, and then all that is under way come to its end.
    ///
    /// - Returns: what went wrong, nil where nothing did.
    func violation(of planner: @escaping PlanFunction) -> Violation? {
        var world = World(graph, planner)
        for event in events {
            world.happen(event)
            if world.violation != nil { return world.violation }
        }
        world.comeToRest()
        return world.violation
    }
}

extension History: CustomStringConvertible {
    var description: String { "\(graph)\n" + events.map { "  \($0)" }.joined(separator: "\n") }
}

typealias PlanFunction = (Desired, Observed, UInt64) -> Plan

/// A promise that was not kept.
struct Violation: Error, CustomStringConvertible {
    /// Which one.
    let rule: String
    let detail: String
    var description: String { "\(rule): \(detail)" }
}
