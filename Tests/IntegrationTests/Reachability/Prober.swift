// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Networking

/// Servers and clients in many network namespaces, all in this process: a socket stays in the namespace that it was made in.
///
/// A server answers with its station's number, so that a client knows whom it has reached.
final class Prober {
    enum Transport: String, CaseIterable, CustomStringConvertible {
        case tcp, udp, icmp
        var description: String { rawValue }
    }

    /// One try to reach an address from a station.
    struct Probe: Hashable, CustomStringConvertible {
        var source: Int
        var transport: Transport
        /// The port counts for TCP and UDP.
        var target: SocketAddress
        var description: String { "\(transport) from \(source) to \(target)" }
    }

    private final class Client {
        let probe: Probe
        let socket: Descriptor
        var answer: UInt8?
        init(_ probe: Probe, _ socket: Descriptor) { (self.probe, self.socket) = (probe, socket) }
    }

    private final class Server {
        let station: UInt8
        let socket: Descriptor
        let transport: Transport
        let address: SocketAddress
        init(_ station: UInt8, _ socket: Descriptor, _ transport: Transport) throws {
            (self.station, self.socket, self.transport) = (station, socket, transport)
            address = try SocketAddress.local(of: socket.raw)!
        }
    }

    private var namespaces: [NetworkNamespace] = []
    private var servers: [Server] = []
    private let home: NetworkNamespace

    init() throws { home = try NetworkNamespace.current() }

    /// A station in the namespace of a process, with servers of TCP and UDP, of IPv4 and IPv6.
    ///
    /// - Parameter port: 0 for any: then `port(of:)` says which.
    func addStation(pid: Int32, port: UInt16) throws -> Int {
        let station = namespaces.count
        let namespace = try NetworkNamespace(ofPID: pid)
        namespaces.append(namespace)
        try namespace.enter(from: home) {
            for address in [SocketAddress(IPv4Address.any, port: port), SocketAddress(IPv6Address.any, port: port)] {
                for transport in [Transport.tcp, .udp] {
                    let socket = try Prober.socket(address.domain, transport)
                    if address.domain == AF_INET6 { try Prober.enable(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
                    try check("bind", "\(address)") { address.withSockaddr { bind(socket.raw, $0, $1) } }
                    if transport == .tcp { try check("listen") { listen(socket.raw, 256) } }
                    servers.append(try Server(UInt8(station), socket, transport))
                }
            }
        }
        return station
    }

    func port(of station: Int, _ transport: Transport, ipv6: Bool) -> UInt16 {
        servers.first {
            $0.station == station && $0.transport == transport && ($0.address.domain == AF_INET6) == ipv6
        }?.address.port ?? 0
    }

    /// Tries all at once. Those that should reach somebody go last: when their answers are here, the answers to the others
    /// would be, too.
    ///
    /// - Returns: the station that answered each probe; none where nobody did. By ICMP nobody says who he is: 255.
    func run(_ probes: [Probe], expecting isExpected: (Probe) -> Bool) throws -> [Probe: Int] {
        var clients: [Client] = []
        for probe in probes.filter({ !isExpected($0) }) + probes.filter(isExpected) {
            let socket = try namespaces[probe.source].enter(from: home) {
                try Prober.socket(probe.target.domain, probe.transport)
            }
            let isSent = probe.target.withSockaddr { connect(socket.raw, $0, $1) } == 0 || errno == EINPROGRESS
            // Without a route nothing goes; a raw socket that is not connected would hear what others are answered.
            guard isSent else { continue }
            clients.append(Client(probe, socket))
            if probe.transport == .udp { _ = send(socket.raw, [0], 1, 0) }
            if probe.transport == .icmp {
                // The kernel fills in the checksum of ICMPv6; that of ICMP is told here.
                let echo: [UInt8] =
                    probe.target.domain == AF_INET ? [8, 0, 0xf7, 0xff, 0, 0, 0, 0] : [128, 0, 0, 0, 0, 0, 0, 0]
                _ = send(socket.raw, echo, echo.count, 0)
            }
        }
        let expected = Set(probes.filter(isExpected))
        var answers: [Probe: Int] = [:]
        let deadline = EventLoop.now + 10_000_000_000
        while true {
            let busy = try serve(clients)
            for client in clients { answers[client.probe] = client.answer.map(Int.init) }
            if !busy && (expected.isSubset(of: answers.keys) || EventLoop.now > deadline) { return answers }
        }
    }

    /// - Returns: whether anything was to be done.
    private func serve(_ clients: [Client]) throws -> Bool {
        let waiting = clients.filter { $0.answer == nil }
        var polled = (servers.map(\.socket.raw) + waiting.map(\.socket.raw)).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&polled, nfds_t(polled.count), 20) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 256)
        var isBusy = false
        for (server, entry) in zip(servers, polled) where entry.revents & Int16(POLLIN) != 0 {
            isBusy = true
            if server.transport == .tcp {
                let raw = accept(server.socket.raw, nil, nil)
                if raw < 0 { continue }
                _ = send(raw, [server.station], 1, Int32(MSG_NOSIGNAL))
                close(raw)
            } else {
                let (count, client) = SocketAddress.filled {
                    recvfrom(server.socket.raw, &buffer, buffer.count, 0, $0, $1)
                }
                if count > 0, let client {
                    client.withSockaddr { _ = sendto(server.socket.raw, [server.station], 1, 0, $0, $1) }
                }
            }
        }
        for (client, entry) in zip(waiting, polled.dropFirst(servers.count)) where entry.revents & Int16(POLLIN) != 0 {
            let count = recv(client.socket.raw, &buffer, buffer.count, 0)
            if count <= 0 { continue }
            isBusy = true
            switch (client.probe.transport, client.probe.target.domain) {
            // With the IP header before it; 0 and 129 are the answers to an echo.
            case (.icmp, AF_INET): if buffer[20] == 0 { client.answer = 255 }
            case (.icmp, _): if buffer[0] == 129 { client.answer = 255 }
            default: client.answer = buffer[0]
            }
        }
        return isBusy
    }

    private static func socket(_ domain: Int32, _ transport: Transport) throws -> Descriptor {
        let (type, number): (__socket_type, Int) =
            switch transport {
            case .tcp: (SOCK_STREAM, 0)
            case .udp: (SOCK_DGRAM, 0)
            case .icmp: (SOCK_RAW, domain == AF_INET ? Int(IPPROTO_ICMP) : Int(IPPROTO_ICMPV6))
            }
        let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        return Descriptor(try check("socket") { Glibc.socket(domain, Int32(type.rawValue) | flags, Int32(number)) })
    }

    private static func enable(_ socket: Descriptor, _ level: Int32, _ option: Int32) throws {
        var one: Int32 = 1
        try check("setsockopt") { setsockopt(socket.raw, level, option, &one, socklen_t(MemoryLayout<Int32>.size)) }
    }
}
