// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Networking
import Runtime

/// Serves the published ports of the project's containers on the host: by nftables, and by a proxy on loopback and for IPv6
/// clients of containers that have no IPv6.
///
/// In a user's own network namespace the ports are those of the host outside, and the proxy serves them all.
///
/// A port is held as long as its container runs or is about to; the launcher keeps the sockets over the supervisor's
/// death.
final class PortPublisher {
    /// Where a container is reached from outside; neither where it has no network of its own.
    struct Entrance {
        /// The network that the container's way out leads to past the host: then it cannot be reached through it.
        var beside: String?
        /// Where ports are published that name no address; nil: on all of the host's.
        var binding: IPv4Address?
        var address: IPv4Address?
        var address6: IPv6Address?
    }

    private struct Served {
        let port: HostPort
        let keptName: String
        /// Where what arrives goes; of the host's family where the container has an address of it.
        let target: SocketAddress?
        /// Nil where nftables alone serves.
        let proxy: PortProxy?
        /// Whether the port is one of another network namespace, of which nftables sees nothing.
        let isOutside: Bool

        /// What is published on a loopback address alone is reached through the proxy alone.
        var rule: PublishedPort? {
            guard !isOutside, let target, target.domain == port.address.domain, !port.address.host.isLoopback else {
                return nil
            }
            return PublishedPort(port.address, port.transport, to: target)
        }
    }

    private let firewall: Firewall
    private let loop: EventLoop
    private let launcher: LauncherClient
    /// Who takes ports of the host outside; nil where the network is the host's.
    private let outside: HolderPorts?
    private let entrance: ([Attachment]) -> Entrance
    private var served: [String: [Served]] = [:]

    init(
        firewall: Firewall, launcher: LauncherClient, from outside: HolderPorts?, on loop: EventLoop,
        entrance: @escaping ([Attachment]) -> Entrance
    ) {
        (self.firewall, self.launcher, self.outside) = (firewall, launcher, outside)
        (self.loop, self.entrance) = (loop, entrance)
    }

    /// Takes the host's ports for a container.
    ///
    /// - Throws: `Failure` at the place of a port that somebody else has, naming who.
    func reserve(_ container: Container) throws {
        guard served[container.id] == nil, container.service.networkMode != .host else { return }
        let entrance = entrance(container.record.state.addresses)
        if let network = entrance.beside, !container.service.ports.isEmpty {
            throw Failure(
                "service \(container.service.name): the network \(network) leads past this host, on which no port can be published for it",
                at: container.service.place("ports"),
                hint:
                    "leave ports out: the container is reached at its own address; or give a bridge network the highest gw_priority"
            )
        }
        var taken: [Served] = []
        var bound: [BoundPort] = []
        do {
            for (index, mapping) in container.service.ports.enumerated() {
                let names = ["port/\(container.id)/\(index)", "port/\(container.id)/\(index)/6"]
                let kept = try names.compactMap { name in try launcher.takeKept(name).map(HostPort.init(adopting:)) }
                let ports =
                    try kept.isEmpty
                    ? take(mapping, binding: entrance.binding, at: container.service.place("ports[\(index)]")) : kept
                for port in ports {
                    let name = names[port.address.host.isIPv6 ? 1 : 0]
                    if kept.isEmpty { try launcher.keep(name, port.socket) }
                    taken.append(
                        Served(
                            port: port, keptName: name, target: target(entrance, of: port, mapping.target),
                            proxy: port.transport == .sctp ? nil : try PortProxy(port, target: nil, on: loop),
                            isOutside: outside != nil))
                    bound.append(
                        BoundPort(
                            hostIP: "\(port.address.host)", published: Int(port.address.port),
                            target: Int(mapping.target), transport: mapping.protocol.rawValue))
                }
            }
        } catch {
            for port in taken {
                port.proxy?.stop()
                launcher.drop(port.keptName)
            }
            throw error
        }
        container.record.state.ports = bound
        served[container.id] = taken
    }

    /// The host's sockets for a mapping: the first free port of its range, of IPv4 and IPv6 where it names no address.
    private func take(_ mapping: PortMapping, binding: IPv4Address?, at place: SourceLocation) throws -> [HostPort] {
        guard let transport = PublishedPort.Transport(rawValue: mapping.protocol.rawValue) else {
            throw Failure("ports of protocol \(mapping.protocol.rawValue) are not supported", at: place)
        }
        if transport == .sctp, outside != nil {
            throw Failure(
                "ports of SCTP cannot be published by a user without root's rights: a proxy cannot serve them",
                at: place)
        }
        var host = SocketAddress.Host.v4(.any)
        let isAnywhere = mapping.hostIP == nil && binding == nil
        if let text = mapping.hostIP ?? binding?.description {
            guard let asked = SocketAddress.Host(text) else { throw Failure("\(text) is no address", at: place) }
            host = asked
        }
        let range = mapping.published ?? PortRange(0)
        // A port that the kernel chose for IPv4 may be taken for IPv6: then another one.
        let numbers = range.last == 0 ? [UInt16](repeating: 0, count: 64) : Array(range.first...range.last)
        var refusal: HostPort.Problem?
        for number in numbers {
            do throws(HostPort.Problem) {
                let port = try hostPort(SocketAddress(host, port: number), transport)
                guard isAnywhere else { return [port] }
                do throws(HostPort.Problem) {
                    return [port, try hostPort(SocketAddress(IPv6Address.any, port: port.address.port), transport)]
                } catch {
                    switch error {
                    // A host without IPv6.
                    case .noProtocol, .notLocal: return [port]
                    default: throw error
                    }
                }
            } catch { refusal = error }
        }
        throw Failure(refusal.map { "\($0)" } ?? "no port of \(range) is free", at: place, hint: hint(for: refusal))
    }

    private func hint(for refusal: HostPort.Problem?) -> String? {
        switch refusal {
        case .noProtocol: nil
        case .notAllowed:
            "choose a port above 1023, or let users have lower ones: sysctl net.ipv4.ip_unprivileged_port_start"
        case .inUse, .notLocal, .system, nil: "choose another port, or end who has it"
        }
    }

    private func hostPort(
        _ address: SocketAddress, _ transport: PublishedPort.Transport
    ) throws(HostPort.Problem) -> HostPort {
        guard let outside else { return try HostPort(address, transport) }
        return try HostPort(address, transport, from: outside.open)
    }

    private func target(_ entrance: Entrance, of port: HostPort, _ number: UInt16) -> SocketAddress? {
        let four = entrance.address.map { SocketAddress($0, port: number) }
        let six = entrance.address6.map { SocketAddress($0, port: number) }
        return port.address.host.isIPv6 ? six ?? four : four ?? six
    }

    /// Lets traffic through to a container whose network is there.
    func open(_ container: Container) throws {
        guard let ports = served[container.id], !ports.isEmpty else { return }
        for port in ports { port.proxy?.target = port.target }
        try firewall.publish(ports.compactMap(\.rule))
    }

    /// What nftables serves.
    var rules: [PublishedPort] { served.values.flatMap { $0.compactMap(\.rule) } }

    /// Serves the container's ports no longer and lets them go.
    func release(_ container: Container) throws {
        guard let ports = served.removeValue(forKey: container.id) else { return }
        for port in ports {
            port.proxy?.stop()
            launcher.drop(port.keptName)
        }
        let rules = ports.compactMap(\.rule)
        if !rules.isEmpty { try firewall.unpublish(rules) }
    }
}
