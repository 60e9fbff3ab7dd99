// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Networking
import Runtime

/// Serves the published ports of the project's containers on the host: by nftables, and by a proxy on loopback.
///
/// A port is held as long as its container runs or is about to; the launcher keeps the sockets over the supervisor's
/// death.
final class PortPublisher {
    private struct Served {
        let proxy: PortProxy
        let rule: PublishedPort?
        let keptName: String
    }

    private let firewall: Firewall
    private let loop: EventLoop
    private let launcher: LauncherClient
    /// Where a container is reached from outside.
    private let entrance: ([Attachment]) -> Attachment?
    private var served: [String: [Served]] = [:]

    init(
        firewall: Firewall, launcher: LauncherClient, on loop: EventLoop,
        entrance: @escaping ([Attachment]) -> Attachment?
    ) {
        (self.firewall, self.launcher, self.loop, self.entrance) = (firewall, launcher, loop, entrance)
    }

    /// Takes the host's ports for a container.
    ///
    /// - Throws: `Failure` at the place of a port that somebody else has, naming who.
    func reserve(_ container: Container) throws {
        guard served[container.id] == nil, container.service.networkMode != .host else { return }
        let address = entrance(container.record.state.addresses).flatMap { IPv4Address($0.address) }
        var taken: [Served] = []
        var bound: [BoundPort] = []
        do {
            for (index, mapping) in container.service.ports.enumerated() {
                let name = "port/\(container.id)/\(index)"
                let port = try take(
                    mapping, name,
                    before: container.record.state.ports.indices.contains(index)
                        ? container.record.state.ports[index] : nil, at: container.service.place("ports[\(index)]"))
                let target = address.map { SocketAddress($0, port: mapping.target) }
                taken.append(
                    Served(
                        proxy: try PortProxy(port, target: nil, on: loop),
                        rule: target == nil ? nil : rule(port, container: address, mapping.target), keptName: name))
                if launcher.kept[name] == nil { try launcher.keep(name, port.socket) }
                bound.append(
                    BoundPort(
                        hostIP: mapping.hostIP ?? "0.0.0.0", published: Int(port.address.port),
                        target: Int(mapping.target),
                        transport: mapping.protocol.rawValue))
            }
        } catch {
            for port in taken { port.proxy.stop() }
            throw error
        }
        container.record.state.ports = bound
        served[container.id] = taken
    }

    /// The host's socket for a mapping: the one that the launcher kept, or the first free one of its range.
    private func take(_ mapping: PortMapping, _ keptName: String, before: BoundPort?, at place: SourceLocation) throws
        -> HostPort
    {
        if let kept = launcher.takeKept(keptName) { return try HostPort(adopting: kept) }
        guard let host = IPv4Address(mapping.hostIP ?? "0.0.0.0") else {
            throw Failure("\(mapping.hostIP ?? "") is no IPv4 address", at: place)
        }
        guard let transport = PublishedPort.Transport(rawValue: mapping.protocol.rawValue) else {
            throw Failure("ports of protocol \(mapping.protocol.rawValue) are not supported", at: place)
        }
        let range = mapping.published ?? PortRange(0)
        var refusal: HostPort.Problem?
        for number in range.first...range.last {
            do throws(HostPort.Problem) {
                return try HostPort(SocketAddress(host, port: number), transport)
            } catch { refusal = error }
        }
        throw Failure(
            refusal.map { "\($0)" } ?? "no port of \(range) is free", at: place,
            hint: "choose another port, or end who has it")
    }

    private func rule(_ port: HostPort, container: IPv4Address?, _ target: UInt16) -> PublishedPort? {
        // What is published on a loopback address alone is reached through the proxy alone.
        guard let container, case .v4(let host) = port.address.host, !host.isLoopback else { return nil }
        return PublishedPort(
            hostAddress: host, hostPort: port.address.port, transport: port.transport, address: container, port: target)
    }

    /// Lets traffic through to a container whose network is there.
    func open(_ container: Container) throws {
        guard let ports = served[container.id], !ports.isEmpty,
            let address = entrance(container.record.state.addresses).flatMap({ IPv4Address($0.address) })
        else { return }
        for (port, mapping) in zip(ports, container.service.ports) {
            port.proxy.target = SocketAddress(address, port: mapping.target)
        }
        try firewall.publish(ports.compactMap(\.rule))
    }

    /// Serves the container's ports no longer and lets them go.
    func release(_ container: Container) throws {
        guard let ports = served.removeValue(forKey: container.id) else { return }
        for port in ports {
            port.proxy.stop()
            launcher.drop(port.keptName)
        }
        let rules = ports.compactMap(\.rule)
        if !rules.isEmpty { try firewall.unpublish(rules) }
    }
}
