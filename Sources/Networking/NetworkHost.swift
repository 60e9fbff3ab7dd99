// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Netlink

/// Makes networks and connects containers to them, in the network namespace that the thread is in when it is made.
///
/// Owned by one thread. All calls block, for as long as the kernel works.
package final class NetworkHost {
    private let home: NetworkNamespace
    let socket: NetlinkSocket

    package init() throws {
        home = try NetworkNamespace.current()
        socket = try NetlinkSocket()
    }

    /// Runs the body while no other process does so in this network namespace, of whatever root: who takes a subnet because
    /// it is free must have made its bridge before the next one looks. The lock is on the namespace itself.
    package func alone<T>(_ body: () throws -> T) throws -> T {
        let raw = home.descriptor.raw
        try check("flock", "network namespace") { flock(raw, LOCK_EX) }
        defer { flock(raw, LOCK_UN) }
        return try body()
    }

    /// Makes the bridge with its addresses, up; or makes what is there complete. A second call changes nothing.
    ///
    /// - Returns: the bridge's index.
    /// - Throws: `NetworkProblem.otherBridge` where a link of this name has another address or is no bridge.
    package func create(_ network: BridgeNetwork) throws -> Int32 {
        // A fixed hardware address: otherwise a bridge takes that of its lowest port and changes it with its ports.
        let hardware =
            (network.gateway ?? network.subnet?.first).map(hardwareAddress)
            ?? (network.gateway6 ?? network.subnet6?.address).map(hardwareAddress)
        let add = LinkRequest.addBridge(network.name, hardwareAddress: hardware, mtu: network.mtu)
        let refusal = try socket.attempt([add])[0]
        if let refusal, refusal.errno != EEXIST { throw NetlinkError.refused(refusal) }
        let bridge = try socket.get(LinkRequest.get(.name(network.name)))
        do {
            if refusal != nil { try checkAdoptable(bridge, network) }
            var requests: [NetlinkRequest] = []
            if !bridge.isUp { requests.append(LinkRequest.set(.index(bridge.index), up: true)) }
            if let gateway = network.gateway, let subnet = network.subnet {
                requests.append(AddressRequest.add(gateway, prefixLength: subnet.length, to: bridge.index))
            }
            if let gateway = network.gateway6, let subnet = network.subnet6 {
                requests.append(AddressRequest.add(gateway, prefixLength: subnet.length, to: bridge.index))
            }
            for refusal in try socket.attempt(requests) {
                if let refusal, refusal.errno != EEXIST { throw NetlinkError.refused(refusal) }
            }
            if network.subnet != nil { try enableForwarding("/proc/sys/net/ipv4/ip_forward") }
            if network.subnet6 != nil { try enableForwarding("/proc/sys/net/ipv6/conf/all/forwarding") }
        } catch {
            if refusal == nil { try delete([network.name]) }
            throw error
        }
        return bridge.index
    }

    /// Removes bridges, and with them the links that containers still have to them: a network namespace dies slowly, and
    /// when this returns nothing of the networks is there. A bridge that is not there is no error.
    package func remove(bridges names: [String]) throws {
        let bridges = try names.compactMap(link)
        let all = try bridges.flatMap { try socket.dump(LinkRequest.ports(of: $0.index)) } + bridges
        if all.count < 2 { return try delete(all.map(\.name)) }
        let links = try socket.dump(LinkRequest.all)
        // One by one each has the kernel wait until nobody uses it any more; those of a group go after one wait.
        var group: UInt32
        repeat { group = UInt32.random(in: 1 << 16..<1 << 31) } while links.contains { $0.group == group }
        // So many fit into a socket's buffer.
        for start in stride(from: 0, to: all.count, by: 1000) {
            let requests = all[start...].prefix(1000).map { LinkRequest.set(.index($0.index), group: group) }
            for refusal in try socket.attempt(requests) {
                if let refusal, refusal.errno != ENODEV { throw NetlinkError.refused(refusal) }
            }
        }
        if let refusal = try socket.attempt([LinkRequest.delete(group: group)])[0], refusal.errno != ENODEV {
            throw NetlinkError.refused(refusal)
        }
    }

    /// Connects a container with all its networks, brings its loopback interface up, and sets its default route.
    ///
    /// Two exchanges in the host's namespace and in the container's each for any number of endpoints. Where any step fails,
    /// the links made so far are deleted again.
    package func connect(containerPID pid: pid_t, _ endpoints: [Endpoint]) throws {
        let namespace = try NetworkNamespace(ofPID: pid)
        var links = endpoints.map { NetworkHost.link($0, in: .descriptor(namespace.descriptor.raw)) }
        if access("/proc/sys/net/bridge/bridge-nf-call-iptables", F_OK) == 0 {
            // Bridged packets get a published port's new destination on the bridge already here (br_netfilter), and a
            // container that calls its own published port needs the frame back on the port that it came from.
            links += endpoints.compactMap(\.hostName).map { LinkRequest.set(.name($0), hairpin: true) }
        }
        links += endpoints.filter(\.isIsolated).compactMap(\.hostName).map {
            LinkRequest.set(.name($0), isolated: true)
        }
        let refusals = try socket.attempt(links)
        do {
            if let refusal = refusals.lazy.compactMap({ $0 }).first { throw NetlinkError.refused(refusal) }
            let inside = try namespace.enter(from: home) { try NetlinkSocket() }
            var requests = [LinkRequest.set(.index(1), up: true)]
            var entries: [NetlinkRequest] = []
            for endpoint in endpoints {
                let link = try inside.get(LinkRequest.get(.name(endpoint.interface)))
                requests += NetworkHost.configuration(endpoint, interface: link.index)
                // The bridge may still know the port that the container had before: what its neighbours send would be lost
                // until that is gone, which the kernel does when it likes.
                if endpoint.hostName != nil, let port = link.peer {
                    entries.append(ForwardingRequest.replace(endpoint.ownHardwareAddress, port: port))
                }
            }
            if !entries.isEmpty { try socket.perform(entries) }
            try inside.perform(requests)
        } catch {
            // Not one that was refused: it may be there, and somebody else's.
            let made = zip(endpoints, refusals).filter { $0.1 == nil }.map(\.0)
            try disconnect(made, namespace)
            throw error
        }
    }

    /// What makes an endpoint's link, with its end in the container's namespace.
    private static func link(_ endpoint: Endpoint, in namespace: LinkRequest.Namespace) -> NetlinkRequest {
        switch endpoint.uplink {
        case .bridge(let bridge, let hostName):
            LinkRequest.addVethPair(
                host: .init(hostName, master: bridge, mtu: endpoint.mtu),
                peer: .init(
                    endpoint.interface, hardwareAddress: endpoint.ownHardwareAddress, namespace: namespace,
                    mtu: endpoint.mtu))
        case .parent(let parent, .macvlan(let mode)):
            LinkRequest.addMacvlan(
                .init(
                    endpoint.interface, hardwareAddress: endpoint.hardwareAddress, namespace: namespace,
                    mtu: endpoint.mtu), on: parent, mode)
        case .parent(let parent, .ipvlan(let mode, let flag)):
            LinkRequest.addIPVLAN(
                .init(endpoint.interface, namespace: namespace, mtu: endpoint.mtu), on: parent, mode, flag)
        }
    }

    /// Whether the kernel has IPv6.
    private static let hasIPv6 = access("/proc/sys/net/ipv6", F_OK) == 0

    /// What makes an interface inside a container usable. The route comes last: its gateway must be reachable.
    static func configuration(_ endpoint: Endpoint, interface: Int32) -> [NetlinkRequest] {
        var requests = [LinkRequest.set(.index(interface), up: true)]
        // As Docker has it. Each address of its own would be told to all others of the network, many times: of a thousand
        // containers a third of the time that it takes to connect them.
        if endpoint.address6 == nil && hasIPv6 && endpoint.mtu ?? 1500 >= 1280 {
            requests.insert(LinkRequest.withoutOwnAddress(.index(interface)), at: 0)
        }
        if let address = endpoint.address {
            requests.append(AddressRequest.add(address, prefixLength: endpoint.prefixLength, to: interface))
        }
        if let address = endpoint.address6 {
            requests.append(AddressRequest.add(address, prefixLength: endpoint.prefixLength6, to: interface))
        }
        requests += endpoint.linkLocal.map { AddressRequest.add($0, prefixLength: 16, to: interface) }
        requests += endpoint.linkLocal6.map { AddressRequest.add($0, prefixLength: 64, to: interface) }
        let gateways: [(any NetworkAddress)?] = [endpoint.gateway, endpoint.gateway6]
        requests += gateways.compactMap { $0 }.map { gateway in
            endpoint.isRoutedByInterface
                ? RouteRequest.addDefault(gateway.family, interface: interface)
                : RouteRequest.addDefault(via: gateway, interface: interface)
        }
        return requests
    }

    /// Takes a container's links away: by the host's ends, and those on parents by their names inside. Where the network
    /// namespace is gone, the kernel has deleted them or is about to.
    package func disconnect(_ endpoints: [Endpoint], _ namespace: NetworkNamespace) throws {
        try delete(endpoints.compactMap(\.hostName))
        let own = endpoints.filter { $0.hostName == nil }.map { LinkRequest.delete(.name($0.interface)) }
        if own.isEmpty { return }
        for refusal in try namespace.enter(from: home, { try NetlinkSocket().attempt(own) }) {
            if let refusal, refusal.errno != ENODEV { throw NetlinkError.refused(refusal) }
        }
    }

    /// Deletes the host's ends, and the containers' with them. Where a container's network namespace is gone, the kernel
    /// has deleted them or is about to.
    package func disconnect(hostNames: [String]) throws { try delete(hostNames) }

    /// The links of this host whose name begins so: `LinkName.bridgePrefix`, `LinkName.vethPrefix`.
    package func links(withPrefix prefix: String) throws -> [Link] {
        try socket.dump(LinkRequest.all).filter { $0.name.hasPrefix(prefix) }
    }

    package func hasLink(_ name: String) throws -> Bool { try link(name) != nil }

    /// Nil where there is none of this name.
    private func link(_ name: String) throws -> Link? {
        do { return try socket.get(LinkRequest.get(.name(name))) } catch let error where error.errno == ENODEV {
            return nil
        }
    }

    /// The index of a link.
    package func index(ofLink name: String) throws -> Int32 { try socket.get(LinkRequest.get(.name(name))).index }

    /// Every IPv4 network that the host has a route or an address in: a new subnet must avoid them.
    package func usedSubnets() throws -> [IPv4Prefix] {
        // What is local or broadcast goes with an address.
        let types = [RTN_UNICAST, RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT, RTN_THROW]
        let routes = try types.flatMap { try socket.dump(RouteRequest.all(.AF_INET, type: $0)) }.compactMap { route in
            IPv4Address(bytes: route.destination).flatMap { IPv4Prefix($0, length: Int(route.prefixLength)) }
        }
        let addresses = try socket.dump(AddressRequest.all(.AF_INET)).compactMap { address in
            IPv4Address(bytes: address.bytes).flatMap { IPv4Prefix($0, length: Int(address.prefixLength)) }
        }
        return routes + addresses
    }

    /// Deletes links by name; ENODEV is as good.
    private func delete(_ names: [String]) throws {
        for refusal in try socket.attempt(names.map { LinkRequest.delete(.name($0)) }) {
            if let refusal, refusal.errno != ENODEV { throw NetlinkError.refused(refusal) }
        }
    }

    private func checkAdoptable(_ link: Link, _ network: BridgeNetwork) throws {
        guard link.kind == "bridge" else {
            throw NetworkProblem.otherBridge(network.name, "it is no bridge but \(link.kind ?? "hardware")")
        }
        let addresses = try socket.dump(AddressRequest.all(.AF_INET)).filter { $0.interface == link.index }
        for address in addresses where address.bytes != network.gateway?.bytes {
            let text = IPv4Address(bytes: address.bytes)?.description ?? "?"
            throw NetworkProblem.otherBridge(network.name, "it has the address \(text)/\(address.prefixLength)")
        }
    }

    /// Writes 1 only where there is another value: the file may be read-only where all is well already.
    private func enableForwarding(_ path: String) throws {
        if try readText(path).first == "1" { return }
        try Descriptor.open(path, O_WRONLY).writeAll("1".utf8)
    }
}

/// Why a network cannot be made.
package enum NetworkProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// A link of the bridge's name is somebody else's; the text says why.
    case otherBridge(String, String)

    package var description: String {
        switch self {
        case .otherBridge(let name, let reason): "the link \(name) is already there and cannot be used: \(reason)"
        }
    }
}
