// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux
import Networking
import Runtime

/// A network that exists, as every project of the root sees it.
package struct NetworkRecord: Codable, Hashable, Sendable {
    package var name: String
    /// The project that made it.
    package var project: String
    /// What the project's services call it.
    package var key: String
    /// Nil where containers are on a parent link.
    package var bridge: String?
    /// Nil for a bridge.
    package var parent: ParentLink?
    /// Nil without IPv4.
    package var subnet: IPv4Prefix?
    /// Whether the file asks for this very subnet; nil in the records of an earlier version.
    var isSubnetAsked: Bool?
    package var gateway: IPv4Address?
    /// Where addresses are taken from that nobody asked for; nil: the whole subnet.
    package var range: IPv4Prefix?
    /// Addresses that no container gets.
    package var auxiliary: [IPv4Address] = []
    package var subnet6: IPv6Prefix?
    package var gateway6: IPv6Address?
    /// Nil in the records of an earlier version.
    var driverOptions: BridgeOptions?
    /// A hash of what the file said of it; nil in the records of an earlier version, and for the default bridge.
    package var definition: String?
    package var isInternal: Bool
    package var labels: [String: String]
    /// Nanoseconds since 1970.
    package var created: UInt64

    package var options: BridgeOptions { driverOptions ?? BridgeOptions() }

    /// As Docker calls what it is made by.
    package var driver: String { parent?.sharing.driver ?? "bridge" }

    /// Nil for what does not pass through the host.
    var firewall: FirewallNetwork? {
        bridge.map {
            FirewallNetwork(
                bridge: $0, subnet: subnet, subnet6: subnet6, isInternal: isInternal,
                isMasqueraded: options.isMasqueraded)
        }
    }
}

extension [NetworkRecord] {
    /// Takes the networks' own links and their rules off the host, together: the kernel waits for each change until nobody
    /// uses any more what is gone. What is not there is no error.
    func removeLinks(_ host: NetworkHost, _ firewall: Firewall) throws {
        // The rules first: the subnet is another's when its link is gone, who would have its packets sent under the host's
        // address.
        let networks = compactMap(\.firewall)
        if !networks.isEmpty { try firewall.removeNetworks(networks) }
        try host.remove(bridges: compactMap(\.bridge))
        for parent in compactMap(\.parent) { try host.remove(parent) }
    }
}

/// A container's address on a network.
package struct Lease: Codable, Hashable, Sendable {
    package var container: String
    package var project: String
    /// Nil in a network without IPv4.
    package var address: IPv4Address?
    package var address6: IPv6Address?
    /// Names that resolve to it; none while the container does not run.
    package var names: [String]
    /// Ports by which it is found beside them; nil: none.
    package var ports: [ServicePort]?

    var place: DNSZone.Place { DNSZone.Place(address, address6) }
}

/// The networks of a root, shared by all its projects: `<root>/networks/<name>.json` for what lasts,
/// `<run>/networks/<name>.json` for who has which address. Every change happens under one lock of the root.
package struct NetworkStore: Sendable {
    private let roots: Roots

    package init(_ roots: Roots) { self.roots = roots }

    /// Runs the body while no other process changes a network of this root.
    package func locked<T>(_ body: () throws -> T) throws -> T {
        try makeDirectories("\(roots.run)/networks", mode: 0o700)
        let lock = try FileLock("\(roots.run)/networks.lock")
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    package func record(_ name: String) throws -> NetworkRecord? {
        guard exists(recordPath(name)) else { return nil }
        return try decodeJSON(NetworkRecord.self, from: readFile(recordPath(name)))
    }

    package func list() throws -> [NetworkRecord] {
        try names().compactMap(record)
    }

    private func names() throws -> [String] {
        guard exists(directory) else { return [] }
        return try listDirectory(directory).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    }

    /// What a new network must keep away from.
    func claims() throws -> [NetworkClaim] { try index.claims(of: names(), record: record) }

    func write(_ record: NetworkRecord) throws {
        try makeDirectories(directory, mode: 0o700)
        try index.append([NetworkClaim(record)])
        try writeAtomically(recordPath(record.name), encodeJSON(record), durable: false)
    }

    func remove(_ name: String) throws {
        try removeTree(recordPath(name))
        try removeTree(leasesPath(name))
        if try names().isEmpty { try removeTree(index.path) }
    }

    package func leases(_ name: String) throws -> [Lease] {
        guard exists(leasesPath(name)) else { return [] }
        return try decodeJSON([Lease].self, from: readFile(leasesPath(name)))
    }

    func hasLeases(_ name: String) -> Bool { exists(leasesPath(name)) }

    /// - Parameter encoding: what was encoded the last time.
    func write(_ leases: [Lease], of name: String, _ encoding: inout LeaseEncoding) throws {
        try writeAtomically(leasesPath(name), encoding.encode(leases), durable: false)
    }

    /// Another number after each change of the leases.
    func leasesVersion(_ name: String) -> UInt64 { modificationTime(leasesPath(name)) }

    private var directory: String { "\(roots.root)/networks" }
    private var index: NetworkIndex { NetworkIndex(path: "\(directory)/index") }
    private func recordPath(_ name: String) -> String { "\(directory)/\(name).json" }
    private func leasesPath(_ name: String) -> String { "\(roots.run)/networks/\(name).json" }
}
