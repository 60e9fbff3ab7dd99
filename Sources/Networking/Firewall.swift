// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Netlink

/// The two nftables tables of a root: what may go where and the published ports, and as whom containers may send.
///
/// Each change is one transaction in the kernel. Several processes may work on one table (the supervisor of each project),
/// so what makes or removes it holds a lock. Works in the network namespace that the thread is in at its first use.
package final class Firewall {
    private let script: FirewallScript
    private let sourceGuard: SourceGuardScript
    private let lockPath: String
    private var library: NFTables?
    private var connection: NetlinkSocket?

    /// - Parameter lockPath: a file in `Roots.run` that all supervisors of the root agree on.
    package init(tag: String, lockPath: String) {
        script = FirewallScript(tag: tag)
        sourceGuard = SourceGuardScript(tag: tag)
        self.lockPath = lockPath
    }

    /// Keeps descriptors free for libnftables, in a process that will have very many of them.
    package static func reserveDescriptors() throws(SystemError) { try NFTables.reserveDescriptors() }

    /// Makes the tables and their rules, or makes the rules anew; what the tables hold stays.
    package func ensureTable() throws {
        let lock = try FileLock(lockPath)
        try withExtendedLifetime(lock) { try makeTables() }
    }

    /// Lets a network's containers out (where it is not internal) and nobody in. Makes the tables if need be; a network that
    /// is there already is no error.
    package func addNetwork(_ network: FirewallNetwork) throws {
        try checkName(network.bridge)
        let lock = try FileLock(lockPath)
        try withExtendedLifetime(lock) {
            if try !areTablesCurrent() { try makeTables() }
            try add(script.entries(of: network) + sourceGuard.entries(of: network))
        }
    }

    /// Makes all that somebody has removed; what is there stays.
    package func restore(_ networks: [FirewallNetwork], _ sources: [LinkSource], _ ports: [PublishedPort]) throws {
        let lock = try FileLock(lockPath)
        try withExtendedLifetime(lock) {
            try makeTables()
            try add(
                networks.flatMap(script.entries) + networks.flatMap(sourceGuard.entries)
                    + sourceGuard.entries(of: sources) + script.entries(of: ports))
        }
    }

    /// Takes networks out, and removes the tables with the last one. A network that is not there is no error.
    package func removeNetworks(_ networks: [FirewallNetwork]) throws {
        for network in networks { try checkName(network.bridge) }
        let lock = try FileLock(lockPath)
        try withExtendedLifetime(lock) {
            try delete(networks.flatMap(script.entries) + networks.flatMap(sourceGuard.entries))
            guard try hasNoNetworks() else { return }
            // In one transaction where both are there: the kernel waits for what may still look at them after each.
            let tables = [
                NetfilterRequest.deleteTable(.inet, script.table),
                NetfilterRequest.deleteTable(.bridge, sourceGuard.table),
            ]
            if try found({ try commit(tables) }) != nil { return }
            for table in tables { _ = try found { try commit([table]) } }
        }
    }

    /// Serves the ports, all in one transaction. A port that is served already goes to the new container.
    package func publish(_ ports: [PublishedPort]) throws {
        let entries = script.entries(of: ports)
        do { try add(entries) } catch let error as NetlinkError where [EBUSY, EEXIST].contains(error.errno) {
            // An entry with this key and another container, left behind by a process that was killed: kernels differ in
            // what they call that.
            try delete(entries)
            try add(entries)
        }
    }

    /// Serves the ports no longer. One that is not served is no error.
    package func unpublish(_ ports: [PublishedPort]) throws { try delete(script.entries(of: ports)) }

    /// Lets containers send on these links, as whom they are and as nobody else. One that may already is no error.
    package func admit(_ sources: [LinkSource]) throws { try add(sourceGuard.entries(of: sources)) }

    /// Takes that back. A link that is not known is no error.
    package func dismiss(_ sources: [LinkSource]) throws { try delete(sourceGuard.entries(of: sources)) }

    /// The tables that trice's roots have in this network namespace, for `system check`: `inet trice_TAG`, `bridge trice_TAG`.
    package func tables() throws -> [String] {
        try socket().dump(NetfilterRequest.tables).compactMap { table in
            guard let family = table.family, table.name.hasPrefix("trice_") else { return nil }
            return "\(family) \(table.name)"
        }
    }

    // MARK: Parts

    private func makeTables() throws { try nft().run(script.ensureTable + sourceGuard.ensureTable) }

    private func areTablesCurrent() throws -> Bool {
        func version(_ family: NetfilterFamily, _ name: String) throws -> String? {
            try found { try socket().get(NetfilterRequest.table(family, name)) }?.comment
        }
        return try version(.inet, script.table) == script.version
            && version(.bridge, sourceGuard.table) == sourceGuard.version
    }

    private func hasNoNetworks() throws -> Bool {
        let parts = try found { try socket().dump(NetfilterRequest.elements(of: script.bridges)) }
        return parts?.allSatisfy(\.isEmpty) ?? true
    }

    /// Nil where the kernel does not know what it is asked for.
    private func found<T>(_ body: () throws -> T) throws -> T? {
        do { return try body() } catch let error as NetlinkError where error.errno == ENOENT { return nil }
    }

    /// So many entries fit into a socket's buffer, as one transaction.
    private static let mostEntries = 1000

    private func add(_ entries: [FirewallEntry]) throws {
        for start in stride(from: 0, to: entries.count, by: Firewall.mostEntries) {
            try commit(FirewallEntry.adding(entries[start...].prefix(Firewall.mostEntries)))
        }
    }

    /// All in one transaction; where one entry is not there, one by one.
    private func delete(_ entries: [FirewallEntry]) throws {
        for start in stride(from: 0, to: entries.count, by: Firewall.mostEntries) {
            let part = entries[start...].prefix(Firewall.mostEntries)
            let isDone = try found { try commit(FirewallEntry.deleting(part)) } != nil
            if isDone { continue }
            for entry in part { _ = try found { try commit(FirewallEntry.deleting([entry])) } }
        }
    }

    private func commit(_ requests: [NetlinkRequest]) throws { try socket().commit(requests) }

    private func checkName(_ bridge: String) throws {
        guard FirewallScript.isPlain(bridge) else {
            throw Failure(
                "\(bridge) cannot be the name of a bridge: 1 to 15 letters, digits, dots, dashes and underscores")
        }
    }

    private func socket() throws -> NetlinkSocket {
        if let connection { return connection }
        let made = try NetlinkSocket(.NETLINK_NETFILTER)
        connection = made
        return made
    }

    private func nft() throws -> NFTables {
        if let library { return library }
        let loaded = try NFTables()
        library = loaded
        return loaded
    }
}
