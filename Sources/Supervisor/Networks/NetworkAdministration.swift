// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Networking

/// The networks of a root outside of any project: makes and removes them, and says who is on them.
package struct NetworkAdministration {
    private let roots: Roots
    private let store: NetworkStore

    package init(_ roots: Roots) { (self.roots, store) = (roots, NetworkStore(roots)) }

    /// Makes a network that belongs to no project, for files that name it as external.
    package func create(_ network: Network) throws {
        try checkCreation(of: network)
        try ProjectNetworks(project: "", roots: roots).ensure(network)
    }

    /// Refuses what `create` refuses.
    package func checkCreation(of network: Network) throws {
        guard !PredefinedNetworks.names.contains(network.name) else {
            throw Failure("\(network.name) is the name of a network that is always there")
        }
        try Servable.check(network)
        if try store.record(network.name) != nil { throw Failure("network \(network.name) is already there") }
    }

    /// Removes networks that no container has.
    ///
    /// - Returns: what keeps the others, by their names.
    package func remove(_ names: [String]) throws -> [String: Failure] {
        let host = try NetworkHost()
        var failures: [String: Failure] = [:]
        try store.locked {
            var records: [NetworkRecord] = []
            for name in names where !records.contains(where: { $0.name == name }) {
                do { records.append(try checkRemoval(of: name)) } catch let failure as Failure {
                    failures[name] = failure
                }
            }
            try records.removeLinks(host, Firewall(tag: roots.tag, lockPath: "\(roots.run)/firewall.lock"))
            for record in records { try store.remove(record.name) }
        }
        return failures
    }

    /// Refuses what `remove` refuses.
    package func checkRemoval(of name: String) throws -> NetworkRecord {
        guard let record = try store.record(name) else { throw Failure("no such network: \(name)") }
        let leases = try store.leases(name)
        guard leases.isEmpty else {
            throw Failure(
                "network \(name) is in use by \(leases.count) containers of \(Set(leases.map(\.project)).sorted().joined(separator: ", "))",
                hint: "trice network inspect \(name) lists them")
        }
        return record
    }
}
