// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Linux
import Netlink
import Networking
import Runtime

/// The networks that a project's containers are on: makes and removes them, gives addresses, and knows their names.
final class ProjectNetworks {
    final class Joined {
        var record: NetworkRecord
        /// Of the bridge, or of the parent link.
        let index: Int32
        var leases: [Lease] = [] {
            didSet { held = Dictionary(leases.map { ($0.container, $0) }) { first, _ in first } }
        }
        /// By the container's id.
        private(set) var held: [String: Lease] = [:]
        var version: UInt64 = 0
        var encoding = LeaseEncoding()
        /// Changes of the leases that are written with the next ones.
        var pending: [(inout [Lease]) -> Void] = []
        /// Whether one of them takes leases away.
        var isReleasing = false
        /// Whether they could not be written the last time.
        var isFailing = false
        /// Why no container can be on it.
        var problem: Failure?
        init(_ record: NetworkRecord, index: Int32) { (self.record, self.index) = (record, index) }
    }

    let project: String
    let roots: Roots
    let store: NetworkStore
    let host: NetworkHost
    let firewall: Firewall
    private(set) var joined: [String: Joined] = [:]
    var known = DNSZone()
    /// Who does not send any more, which the firewall is told together.
    var dismissed: [LinkSource] = []
    /// Of containers with links on parents.
    var namespaces: [String: NetworkNamespace] = [:]
    /// Called when there is something to `flush`.
    var onPending: () -> Void = {}

    init(project: String, roots: Roots) throws {
        (self.project, self.roots) = (project, roots)
        store = NetworkStore(roots)
        host = try NetworkHost()
        firewall = Firewall(tag: roots.tag, lockPath: "\(roots.run)/firewall.lock")
    }

    /// The names of those that are there.
    var names: Set<String> { Set(joined.keys) }

    func record(_ name: String) -> NetworkRecord? { joined[name]?.record }

    /// Makes the network, or joins it where it is already there.
    ///
    /// - Throws: `Failure` at the network's place in the file.
    func ensure(_ network: Network) throws {
        do {
            try store.locked {
                if let record = try store.record(network.name) {
                    if try hasLink(record) { return try join(record) }
                    return try host.alone { try rejoin(record, network) }
                }
                guard !network.isExternal else {
                    throw Failure(
                        "network \(network.name) declared as external, but could not be found", at: network.location,
                        hint: "bring up the project that makes it first")
                }
                try host.alone { try create(network) }
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure("network \(network.name) cannot be made: \(error)", at: network.location)
        }
    }

    private func create(_ network: Network) throws {
        let options = try BridgeOptions(of: network)
        var salt = 0
        let others = try store.claims()
        let links = Set(others.compactMap(\.link))
        while links.contains(LinkName.bridge(tag: roots.tag, network: network.name, salt: salt)) { salt += 1 }
        let derived = LinkName.bridge(tag: roots.tag, network: network.name, salt: salt)
        let parent = try ParentOptions(of: network).link(free: derived) { try host.hasLink($0) }
        if let parent, parent.origin == .host, try !host.hasLink(parent.name) {
            throw Failure(
                "network \(network.key): the host has no link \(parent.name)", at: network.places["driver_opts"],
                hint: "ip link lists those that it has")
        }
        let bridge = parent == nil ? options.bridge ?? derived : nil
        if let bridge, bridge != derived, try host.hasLink(bridge) {
            throw Failure(
                "network \(network.key): the link \(bridge) is already there", at: network.places["driver_opts"],
                hint: "choose another com.docker.network.bridge.name, or leave it out")
        }
        // One of this root that no record knows: what is left where somebody deleted the root's directory.
        if (bridge ?? parent?.name) == derived, try host.hasLink(derived) {
            log("the link \(derived) belonged to no network of \(roots.root): it is made anew")
            try host.remove(bridges: [derived])
        }
        let addressing = try NetworkAddressing(
            of: network, tag: roots.tag, hostSubnets: host.usedSubnets(), others: others)
        let record = NetworkRecord(
            name: network.name, project: network.name == PredefinedNetworks.bridge ? "" : project, key: network.key,
            bridge: bridge, parent: parent, subnet: addressing.subnet,
            isSubnetAsked: network.subnets.contains { !$0.isIPv6 },
            gateway: addressing.gateway, range: addressing.range, auxiliary: addressing.auxiliary,
            subnet6: addressing.subnet6, gateway6: addressing.gateway6, driverOptions: options,
            definition: network.name == PredefinedNetworks.bridge ? nil : configHash(of: network),
            isInternal: network.isInternal || parent?.origin == .dummy,
            labels: Dictionary(network.labels.map { ($0.name, $0.value) }) { $1 },
            created: realTime())
        // The record first: whatever is cut off after it is found and mended or removed by name.
        try store.write(record)
        do { try join(record, isNew: true) } catch {
            try store.remove(record.name)
            throw error
        }
    }

    /// Whether the network's own link is there; a parent link is looked for when it is joined.
    private func hasLink(_ record: NetworkRecord) throws -> Bool { try record.bridge.map(host.hasLink) ?? true }

    /// Makes the bridge of a network anew, as after a restart of the machine: with another subnet where somebody has taken its
    /// own meanwhile, as of two bridges with one subnet packets get lost between containers. Where it must have this one, no
    /// container starts on it, but it can be taken down.
    private func rejoin(_ record: NetworkRecord, _ network: Network) throws {
        let used = try host.usedSubnets().filter { $0.length > 0 }
        guard let subnet = record.subnet, let other = used.first(where: subnet.overlaps) else {
            return try join(record)
        }
        let others = try store.claims().compactMap(\.subnet)
        guard record.isSubnetAsked == false, try store.leases(record.name).isEmpty,
            let free = SubnetPool.choose(avoiding: used + others)
        else {
            let unusable = Joined(record, index: 0)
            unusable.problem = Failure(
                "network \(record.name): its subnet \(subnet) overlaps with \(other), which somebody else uses on this host now",
                at: network.places["ipam"] ?? network.location, hint: "down and up again make the network anew")
            joined[record.name] = unusable
            return
        }
        log("network \(record.name): somebody else uses \(other) now, it gets \(free)")
        if let network = record.firewall { try firewall.removeNetworks([network]) }
        var renewed = record
        renewed.subnet = free
        renewed.gateway = try AddressPool(subnet: free).gateway
        try store.write(renewed)
        try join(renewed)
    }

    /// - Parameter isNew: whether its parent link must be there; one that has gone since keeps nobody from taking the network
    ///   down.
    private func join(_ record: NetworkRecord, isNew: Bool = false) throws {
        let index: Int32
        if let parent = record.parent {
            do { index = try host.create(parent) } catch let error as NetlinkError where error.errno == ENODEV && !isNew
            {
                log("network \(record.name): the host has no link \(parent.name) any more")
                index = 0
            }
        } else {
            index = try host.create(
                BridgeNetwork(
                    name: record.bridge ?? "", subnet: record.subnet, gateway: record.gateway,
                    subnet6: record.subnet6, gateway6: record.gateway6, mtu: record.options.mtu))
        }
        if let network = record.firewall { try firewall.addNetwork(network) }
        let network = Joined(record, index: index)
        joined[record.name] = network
        if !store.hasLeases(record.name) { try store.write([], of: record.name, &network.encoding) }
    }

    /// Other projects with containers on the network.
    func strangers(on name: String) throws -> [String] {
        try store.leases(name).map(\.project).filter { $0 != project }
    }

    /// Leaves networks, and removes those that are this project's own and have no container of another one.
    ///
    /// - Returns: the names of those that stay.
    func remove(_ names: [String]) throws -> Set<String> {
        var kept: Set<String> = []
        try store.locked {
            var superfluous: [NetworkRecord] = []
            for name in names {
                guard let network = joined.removeValue(forKey: name) else { continue }
                let others = try store.leases(name).filter { $0.project != project }
                let isOwn = network.record.project == project || name == PredefinedNetworks.bridge
                if others.isEmpty && isOwn {
                    superfluous.append(network.record)
                } else {
                    try store.write(others, of: name, &network.encoding)
                    kept.insert(name)
                }
            }
            try superfluous.removeLinks(host, firewall)
            for record in superfluous { try store.remove(record.name) }
        }
        return kept
    }
}
