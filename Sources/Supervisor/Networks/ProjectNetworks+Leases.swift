// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux
import Networking
import Runtime

/// The addresses of the project's containers, and the names that lead to them.
extension ProjectNetworks {
    /// Why an address that was asked for cannot be had.
    enum NoSuchFamily: String, Error, CustomStringConvertible {
        case ipv4 = "IPv4"
        case ipv6 = "IPv6"

        var description: String { "the network has no \(rawValue)" }
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
    /// - Throws: what `AddressPool` says against an address that was asked for, `NoSuchFamily` where the network has none of
    ///   its family.
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
                    defer { pool = rest }
                    _ = try add(id, to: &leases, of: network.record, wish, from: &rest)
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

    /// What is left of a network's addresses, but for the one that is asked for. Nil without IPv4.
    private func pool(of record: NetworkRecord, beside leases: [Lease], _ wish: AddressWish) throws -> AddressPool? {
        guard let subnet = record.subnet else {
            if wish.address != nil { throw NoSuchFamily.ipv4 }
            return nil
        }
        var pool = try AddressPool(
            subnet: subnet, gateway: record.gateway, range: record.range, auxiliary: record.auxiliary)
        for address in leases.compactMap(\.address) { try pool.reserve(address) }
        if let address = wish.address { try pool.reserve(address) }
        for address in wish.spared where !pool.isTaken(address) && subnet.contains(address) {
            try pool.reserve(address)
        }
        return pool
    }

    private func add(
        _ container: String, to leases: inout [Lease], of record: NetworkRecord, _ wish: AddressWish,
        from pool: inout AddressPool?
    ) throws -> Lease {
        let address = try wish.address ?? pool?.allocate()
        let address6 = try address6(for: wish, in: record, beside: leases)
        let lease = Lease(container: container, project: project, address: address, address6: address6, names: [])
        leases.append(lease)
        return lease
    }

    private func address6(
        for wish: AddressWish, in record: NetworkRecord, beside leases: [Lease]
    ) throws -> IPv6Address? {
        guard let subnet = record.subnet6 else {
            if wish.address6 != nil { throw NoSuchFamily.ipv6 }
            return nil
        }
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
    func name(_ container: String, on network: String, _ names: [String], ports: [ServicePort] = []) {
        later(on: network) { leases in
            for index in leases.indices where leases[index].container == container {
                leases[index].names = names
                leases[index].ports = names.isEmpty || ports.isEmpty ? nil : ports
            }
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
                try store.write(leases, of: network.record.name, &network.encoding)
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
            known.remove(lease.place, network: name)
        }
        for lease in network.leases where !lease.names.isEmpty && !before.contains(lease) {
            known.add(lease.names, at: lease.place, ports: lease.ports ?? [], network: name)
        }
    }
}
