// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Networking
import Runtime

/// The networks that a project's containers are on: makes and removes them, gives addresses, and knows their names.
final class ProjectNetworks {
    final class Joined {
        var record: NetworkRecord
        let index: Int32
        var leases: [Lease] = [] {
            didSet { held = Dictionary(leases.map { ($0.container, $0) }) { first, _ in first } }
        }
        /// By the container's id.
        private(set) var held: [String: Lease] = [:]
        var version: UInt64 = 0
        /// Changes of the leases that are written with the next ones.
        var pending: [(inout [Lease]) -> Void] = []
        /// Whether one of them takes leases away.
        var isReleasing = false
        /// Whether they could not be written the last time.
        var isFailing = false
        init(_ record: NetworkRecord, index: Int32) { (self.record, self.index) = (record, index) }
    }

    private let project: String
    let roots: Roots
    private let store: NetworkStore
    let host: NetworkHost
    let firewall: Firewall
    private(set) var joined: [String: Joined] = [:]
    private var known = DNSZone()
    /// Who does not send any more, which the firewall is told together.
    var dismissed: [LinkSource] = []
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
                    return try join(record)
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
        let bridges = Set(try store.list().map(\.bridge))
        while bridges.contains(LinkName.bridge(tag: roots.tag, network: network.name, salt: salt)) { salt += 1 }
        let derived = LinkName.bridge(tag: roots.tag, network: network.name, salt: salt)
        let bridge = options.bridge ?? derived
        if bridge != derived, try host.hasLink(bridge) {
            throw Failure(
                "network \(network.key): the link \(bridge) is already there", at: network.places["driver_opts"],
                hint: "choose another com.docker.network.bridge.name, or leave it out")
        }
        // One of this root that no record knows: what is left where somebody deleted the root's directory.
        if bridge == derived, try !host.links(withPrefix: bridge).isEmpty {
            log("the link \(bridge) belonged to no network of \(roots.root): it is made anew")
            try host.remove(bridge: bridge)
        }
        let addressing = try NetworkAddressing(
            of: network, tag: roots.tag, hostSubnets: host.usedSubnets(), others: store.list())
        let record = NetworkRecord(
            name: network.name, project: project, key: network.key, bridge: bridge, subnet: addressing.subnet,
            gateway: addressing.gateway, range: addressing.range, auxiliary: addressing.auxiliary,
            subnet6: addressing.subnet6, gateway6: addressing.gateway6, driverOptions: options,
            isInternal: network.isInternal, labels: Dictionary(network.labels.map { ($0.name, $0.value) }) { $1 },
            created: realTime())
        // The record first: whatever is cut off after it is found and mended or removed by name.
        try store.write(record)
        do { try join(record) } catch {
            try store.remove(record.name)
            throw error
        }
    }

    private func join(_ record: NetworkRecord) throws {
        let index = try host.create(
            BridgeNetwork(
                name: record.bridge, subnet: record.subnet, gateway: record.gateway, subnet6: record.subnet6,
                gateway6: record.gateway6, mtu: record.options.mtu))
        try firewall.addNetwork(record.firewall)
        joined[record.name] = Joined(record, index: index)
        if !store.hasLeases(record.name) { try store.write([], of: record.name) }
    }

    /// Removes the network unless a container of another project is on it.
    ///
    /// - Returns: whether it is gone.
    func remove(_ name: String) throws -> Bool {
        guard let network = joined[name] else { return true }
        return try store.locked {
            joined[name] = nil
            let others = try store.leases(name).filter { $0.project != project }
            guard others.isEmpty, network.record.project == project else {
                try store.write(others, of: name)
                return false
            }
            try host.remove(bridge: network.record.bridge)
            try firewall.removeNetwork(network.record.firewall)
            try store.remove(name)
            return true
        }
    }

    /// What a container asks of a network.
    struct AddressWish {
        var address: IPv4Address?
        var address6: IPv6Address?
        /// Addresses that others will ask for: not given to who asks for none.
        var spared: Set<IPv4Address> = []
        var spared6: Set<IPv6Address> = []
    }

    /// Gives the container addresses on the network: those that it asks for, those that it had, or the next free ones.
    ///
    /// - Throws: what `AddressPool` says against an address that was asked for.
    func lease(_ container: String, on name: String, _ wish: AddressWish) throws -> Lease {
        guard let network = joined[name] else { throw Failure("network \(name) is not there") }
        return try change(network) { leases in
            if let lease = leases.first(where: { $0.container == container }) { return lease }
            return try add(container, to: &leases, of: network.record, wish)
        }
    }

    /// What the container has already: nobody but this supervisor changes it.
    func held(_ container: String, on name: String) -> Lease? {
        guard let network = joined[name], !network.isReleasing else { return nil }
        return network.held[container]
    }

    /// Gives addresses to several containers with one change. Who cannot have one is left out, and hears why from `lease`.
    func lease(_ containers: [(id: String, wish: AddressWish)], on name: String) throws {
        guard let network = joined[name] else { return }
        // Those that ask for an address of their own first; the others take what is left from one pool.
        let ordered = containers.filter { $0.wish.address != nil } + containers.filter { $0.wish.address == nil }
        try change(network) { leases in
            var holders = Set(leases.map(\.container))
            var pool: AddressPool?
            for (id, wish) in ordered where holders.insert(id).inserted {
                do {
                    if wish.address != nil {
                        _ = try add(id, to: &leases, of: network.record, wish)
                        continue
                    }
                    var rest = try pool ?? self.pool(of: network.record, beside: leases, wish)
                    pool = nil
                    _ = try add(id, to: &leases, of: network.record, wish, from: &rest)
                    pool = rest
                } catch { continue }
            }
        }
    }

    private func add(
        _ container: String, to leases: inout [Lease], of record: NetworkRecord, _ wish: AddressWish
    ) throws -> Lease {
        var pool = try pool(of: record, beside: leases, wish)
        return try add(container, to: &leases, of: record, wish, from: &pool)
    }

    /// What is left of a network's addresses, but for the one that is asked for.
    private func pool(of record: NetworkRecord, beside leases: [Lease], _ wish: AddressWish) throws -> AddressPool {
        var pool = try AddressPool(
            subnet: record.subnet, gateway: record.gateway, range: record.range, auxiliary: record.auxiliary)
        for lease in leases { try pool.reserve(lease.address) }
        if let address = wish.address { try pool.reserve(address) }
        for address in wish.spared where !pool.isTaken(address) && record.subnet.contains(address) {
            try pool.reserve(address)
        }
        return pool
    }

    private func add(
        _ container: String, to leases: inout [Lease], of record: NetworkRecord, _ wish: AddressWish,
        from pool: inout AddressPool
    ) throws -> Lease {
        let address = try wish.address ?? pool.allocate()
        let address6 = try address6(for: wish, in: record, beside: leases)
        let lease = Lease(container: container, project: project, address: address, address6: address6, names: [])
        leases.append(lease)
        return lease
    }

    private func address6(
        for wish: AddressWish, in record: NetworkRecord, beside leases: [Lease]
    ) throws -> IPv6Address? {
        guard let subnet = record.subnet6 else { return nil }
        var pool = try IPv6AddressPool(subnet: subnet, gateway: record.gateway6)
        for address in leases.compactMap(\.address6) { try pool.reserve(address) }
        if let address = wish.address6 {
            try pool.reserve(address)
            return address
        }
        for address in wish.spared6
        where subnet.contains(address) && !leases.contains(where: { $0.address6 == address }) {
            try pool.reserve(address)
        }
        return try pool.allocate()
    }

    /// Says under which names the container is found from now on; none while it does not run.
    func name(_ container: String, on network: String, _ names: [String]) {
        later(on: network) { leases in
            for index in leases.indices where leases[index].container == container { leases[index].names = names }
        }
    }

    func release(_ container: String, on network: String) {
        later(on: network, releasing: true) { leases in leases.removeAll { $0.container == container } }
    }

    /// Addresses of containers that are there no more are free.
    func keepLeases(of containers: Set<String>) {
        for name in joined.keys {
            later(on: name, releasing: true) { [project] leases in
                leases.removeAll { $0.project == project && !containers.contains($0.container) }
            }
        }
    }

    private func later(on name: String, releasing: Bool = false, _ change: @escaping (inout [Lease]) -> Void) {
        guard let network = joined[name] else { return }
        network.pending.append(change)
        network.isReleasing = network.isReleasing || releasing
        onPending()
    }

    /// Makes all changes that wait for it. One that fails goes on waiting, for the next.
    func flush() {
        for network in joined.values where !network.pending.isEmpty {
            do { try change(network) { _ in } } catch {
                network.isFailing = true
                log("the addresses of network \(network.record.name) cannot be written: \(error)")
            }
        }
        do {
            try firewall.dismiss(dismissed)
            dismissed = []
        } catch { log("the firewall does not forget links that are gone: \(error)") }
    }

    private func change<T>(_ network: Joined, _ body: (inout [Lease]) throws -> T) throws -> T {
        try store.locked {
            try refresh(network)
            let before = network.leases
            var leases = before
            for change in network.pending { change(&leases) }
            let result = try body(&leases)
            if leases != before {
                try store.write(leases, of: network.record.name)
                network.leases = leases
                network.version = store.leasesVersion(network.record.name)
                rename(network, from: before)
            }
            (network.pending, network.isReleasing, network.isFailing) = ([], false, false)
            return result
        }
    }

    /// Reads the leases again where another project has changed them.
    private func refresh(_ network: Joined) throws {
        let version = store.leasesVersion(network.record.name)
        if version == network.version { return }
        let old = network.leases
        network.leases = try store.leases(network.record.name)
        network.version = version
        rename(network, from: old)
    }

    /// The names of all running containers on the project's networks, those of other projects included.
    func zone() -> DNSZone {
        for network in joined.values {
            // A name is right in the instant in which its container starts or ends, written or not.
            let isWritten = network.pending.isEmpty || network.isFailing
            do { try isWritten ? refresh(network) : change(network) { _ in } } catch {
                log("the addresses of network \(network.record.name) cannot be read: \(error)")
            }
        }
        return known
    }

    /// Replaces what is known of a network's names, where it has changed.
    private func rename(_ network: Joined, from old: [Lease]) {
        let name = network.record.name, before = Set(old), after = Set(network.leases)
        for lease in old where !lease.names.isEmpty && !after.contains(lease) {
            known.remove(lease.address, network: name)
        }
        for lease in network.leases where !lease.names.isEmpty && !before.contains(lease) {
            known.add(lease.names, at: lease.address, lease.address6, network: name)
        }
    }
}
