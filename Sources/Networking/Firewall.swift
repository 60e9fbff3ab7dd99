// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux

/// The two nftables tables of a root: what may go where and the published ports, and as whom containers may send.
///
/// Each change is one transaction in the kernel. Several processes may work on one table (the supervisor of each project),
/// so what makes or removes it holds a lock.
package final class Firewall {
    private let script: FirewallScript
    private let sourceGuard: SourceGuardScript
    private let lockPath: String
    private var library: NFTables?

    /// - Parameter lockPath: a file in `Roots.run` that all supervisors of the root agree on.
    package init(tag: String, lockPath: String) {
        script = FirewallScript(tag: tag)
        sourceGuard = SourceGuardScript(tag: tag)
        self.lockPath = lockPath
    }

    /// Keeps descriptors free for libnftables, in a process that will have very many of them.
    package static func reserveDescriptors() throws(SystemError) { try NFTables.reserveDescriptors() }

    /// Makes the tables, or brings the rules of older ones up to date; what they hold stays.
    package func ensureTable() throws {
        let lock = try FileLock(lockPath)
        try withExtendedLifetime(lock) { _ = try nft().run(script.ensureTable + sourceGuard.ensureTable) }
    }

    /// Lets a network's containers out (where it is not internal) and nobody in. Makes the table if need be; a network that
    /// is there already is no error.
    package func addNetwork(_ network: FirewallNetwork) throws {
        try checkName(network.bridge)
        let lock = try FileLock(lockPath)
        try withExtendedLifetime(lock) {
            _ = try nft().run(
                script.ensureTable + sourceGuard.ensureTable + script.addNetwork(network)
                    + sourceGuard.addNetwork(network))
        }
    }

    /// Makes all that somebody has removed, in one transaction; what is there stays.
    package func restore(_ networks: [FirewallNetwork], _ sources: [LinkSource], _ ports: [PublishedPort]) throws {
        let lock = try FileLock(lockPath)
        let elements = networks.map { script.addNetwork($0) + sourceGuard.addNetwork($0) }.joined()
        _ = try withExtendedLifetime(lock) {
            try nft().run(
                script.ensureTable + sourceGuard.ensureTable + elements + sourceGuard.admit(sources)
                    + script.publish(ports))
        }
    }

    /// Takes the network out, and removes the tables with the last one. A network that is not there is no error.
    package func removeNetwork(_ network: FirewallNetwork) throws {
        try checkName(network.bridge)
        let lock = try FileLock(lockPath)
        try withExtendedLifetime(lock) {
            guard let before = try listBridges() else { return }
            if before.contains("\"\(network.bridge)\"") {
                try delete(script.removeNetwork(network) + sourceGuard.removeNetwork(network))
            }
            if let after = try listBridges(), !after.contains("elements") {
                try delete([script.deleteTable, sourceGuard.deleteTable])
            }
        }
    }

    /// Serves the ports, all in one transaction. A port that is served already goes to the new container.
    package func publish(_ ports: [PublishedPort]) throws {
        if ports.isEmpty { return }
        do {
            try nft().run(script.publish(ports))
        } catch NFTables.Problem.refused {
            // An element with this key and another container: left behind by a process that was killed.
            try delete(script.unpublish(ports))
            try nft().run(script.publish(ports))
        }
    }

    /// Serves the ports no longer. One that is not served is no error.
    package func unpublish(_ ports: [PublishedPort]) throws { try delete(script.unpublish(ports)) }

    /// Lets containers send on these links, as whom they are and as nobody else. One that may already is no error.
    package func admit(_ sources: [LinkSource]) throws {
        if !sources.isEmpty { try nft().run(sourceGuard.admit(sources)) }
    }

    /// Takes that back. A link that is not known is no error.
    package func dismiss(_ sources: [LinkSource]) throws { try delete(sourceGuard.dismiss(sources)) }

    /// The tables that trice's roots have in this network namespace, for `system check`: `inet trice_TAG`, `bridge trice_TAG`.
    package func tables() throws -> [String] {
        try nft().run("list tables\n").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 3, words[2].hasPrefix("trice_") else { return nil }
            return "\(words[1]) \(words[2])"
        }
    }

    /// All in one transaction; where one element is not there, one by one.
    private func delete(_ commands: [String]) throws {
        if commands.isEmpty { return }
        do { try nft().run(commands.joined()) } catch NFTables.Problem.refused {
            for command in commands {
                do { try nft().run(command) } catch NFTables.Problem.refused(let text) {
                    guard text.contains("No such file or directory") else { throw NFTables.Problem.refused(text) }
                }
            }
        }
    }

    /// The set's listing; nil where there is no table.
    private func listBridges() throws -> String? {
        do { return try nft().run(script.listBridges) } catch NFTables.Problem.refused(let text) {
            if text.contains("No such file or directory") { return nil }
            throw NFTables.Problem.refused(text)
        }
    }

    private func checkName(_ bridge: String) throws {
        guard FirewallScript.isPlain(bridge) else {
            throw Failure(
                "\(bridge) cannot be the name of a bridge: 1 to 15 letters, digits, dots, dashes and underscores")
        }
    }

    private func nft() throws -> NFTables {
        if let library { return library }
        let loaded = try NFTables()
        library = loaded
        return loaded
    }
}
