// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// A project's services, in an order in which each depends on earlier ones only.
struct Graph {
    struct Node {
        enum Kind: CaseIterable { case plain, checked, oneShot }
        /// Its bit in a set of services.
        let bit: Int
        let name: String
        let kind: Kind
        var replicas: Int
        var restart = RestartRule.no
        var restartDelay: UInt64?
        var restartWindow: UInt64?
        var hasHook = false
        var restartsUnhealthy = false
        var rollout: Rollout?
        var dependencies: [DependencyGoal] = []
    }
    var nodes: [Node] = []

    init(_ random: inout Random) {
        for bit in 0...random.below(4) {
            // Names whose order says nothing about the graph.
            let name = random.one(of: ["a", "m", "z"]) + String(bit)
            var node = Node(bit: bit, name: name, kind: random.one(of: Node.Kind.allCases), replicas: 1)
            if random.once(in: 4) { node.replicas = random.below(4) }
            // A one-shot that is always started again never comes to rest.
            let rules: [RestartRule] = [.no, .onFailure(nil), .onFailure(1), .always, .unlessStopped, .atMost(1)]
            node.restart = node.kind == .oneShot ? rules[random.below(3)] : random.one(of: rules)
            if random.once(in: 6) { node.restartDelay = UInt64(random.below(3)) * second }
            if random.once(in: 6) { node.restartWindow = 5 * second }
            node.hasHook = random.once(in: 5)
            node.restartsUnhealthy = node.kind == .checked && random.once(in: 3)
            if node.kind != .oneShot && random.once(in: 3) { node.rollout = Rollout(&random) }
            for earlier in nodes where random.once(in: 2) {
                var conditions: [DependencyGoal.Condition] = [.started]
                if earlier.kind == .checked { conditions = [.healthy, .healthy, .started] }
                if earlier.kind == .oneShot { conditions = [.completed, .completed, .started] }
                node.dependencies.append(
                    DependencyGoal(earlier.name, random.one(of: conditions), required: !random.once(in: 5)))
            }
            nodes.append(node)
        }
    }

    func node(_ name: String) -> Node? { nodes.first { $0.name == name } }

    /// The services of the set and all that they depend on.
    func closure(of services: ServiceSet) -> ServiceSet {
        var found = services
        for node in nodes.reversed() where found.contains(node) {
            for dependency in node.dependencies {
                if let earlier = self.node(dependency.service) { found.insert(earlier) }
            }
        }
        return found
    }

    /// Without one service.
    func without(_ index: Int) -> Graph {
        var graph = self
        let gone = graph.nodes.remove(at: index).name
        for index in graph.nodes.indices { graph.nodes[index].dependencies.removeAll { $0.service == gone } }
        return graph
    }
}

extension Graph: CustomStringConvertible {
    var description: String {
        nodes.map { node in
            let needs = node.dependencies.map {
                "\($0.service) \($0.condition.rawValue)\($0.required ? "" : " (not required)")"
            }
            return "  \(node.name): \(node.kind), \(node.replicas) replicas, restart \(node.restart)"
                + (node.restartDelay.map { ", delay \($0 / millisecond) ms" } ?? "")
                + (node.restartWindow.map { ", window \($0 / millisecond) ms" } ?? "")
                + (node.hasHook ? ", post_start" : "")
                + (node.restartsUnhealthy ? ", on-unhealthy: restart" : "")
                + (node.rollout.map { ", \($0)" } ?? "")
                + (needs.isEmpty ? "" : ", after \(needs.joined(separator: ", "))")
        }.joined(separator: "\n")
    }
}

/// Some of a graph's services.
struct ServiceSet: Hashable {
    var bits: Int

    static let all = ServiceSet(bits: 0xff)
    static let none = ServiceSet(bits: 0)

    init(bits: Int) { self.bits = bits }

    init(_ random: inout Random) { bits = random.once(in: 3) ? 0xff : 1 << random.below(4) | 1 << random.below(4) }

    func contains(_ node: Graph.Node) -> Bool { bits >> node.bit & 1 == 1 }
    mutating func insert(_ node: Graph.Node) { bits |= 1 << node.bit }
    mutating func remove(_ node: Graph.Node) { bits &= ~(1 << node.bit) }
}

extension ServiceSet: CustomStringConvertible {
    /// The services' numbers, which their names end with.
    var description: String { self == .all ? "all" : "\((0..<8).filter { bits >> $0 & 1 == 1 })" }
}

let millisecond: UInt64 = 1_000_000
let second: UInt64 = 1_000_000_000

extension Rollout {
    init(_ random: inout Random) {
        self.init(
            parallelism: random.below(3), delay: UInt64(random.below(2)) * second,
            monitor: UInt64(random.below(3)) * second,
            maxFailureRatio: random.once(in: 3) ? 0.5 : 0, order: random.once(in: 2) ? .startFirst : .stopFirst,
            failureAction: random.one(of: [.pause, .goOn, .rollBack]))
    }
}
