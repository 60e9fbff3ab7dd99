// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Netlink
import SplitMix
import Testing

@testable import Networking

/// One end of a TCP connection in a test: sends its bytes, then its end, and collects what comes until the other's end.
final class Peer {
    let socket: Descriptor
    private(set) var received: [UInt8] = []
    private(set) var sent = 0
    private(set) var error: Int32 = 0
    private(set) var isDone = false
    var reads = true
    private var outgoing: [UInt8]
    private var hasShut = false
    private var hasEnd = false
    private let loop: EventLoop
    private var watch: EventLoop.Watch?
    var onDone: () -> Void = {}
    /// Called at the other's end; what it gives is sent before this side's own end.
    var reply: (([UInt8]) -> [UInt8])?

    init(_ socket: Descriptor, sending bytes: [UInt8] = [], on loop: EventLoop) throws {
        (self.socket, self.loop, outgoing) = (socket, loop, bytes)
        watch = try loop.watch(socket.raw, [.read, .write]) { [unowned self] in ready($0) }
    }

    static func connecting(to address: SocketAddress, sending bytes: [UInt8] = [], on loop: EventLoop) throws -> Peer {
        let socket = try openSocket(address.domain, .tcp)
        _ = address.withSockaddr { connect(socket.raw, $0, $1) }
        return try Peer(socket, sending: bytes, on: loop)
    }

    private func ready(_ readiness: EventLoop.Readiness) {
        if readiness.read && reads { receive() }
        if !isDone && readiness.write { transmit() }
        if hasEnd && hasShut { finish() }
        guard let watch else { return }
        var interest: EventLoop.Interest = []
        if reads && !hasEnd { interest.insert(.read) }
        if sent < outgoing.count || (reply == nil && !hasShut) { interest.insert(.write) }
        loop.update(watch, interest)
    }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while !hasEnd {
            let count = recv(socket.raw, &buffer, buffer.count, 0)
            if count > 0 { received += buffer[..<count] }
            if count == 0 {
                hasEnd = true
                if let reply { outgoing += reply(received) }
                reply = nil
            }
            if count < 0 {
                if errno == EAGAIN || errno == ENOTCONN { return }
                error = errno
                return finish()
            }
        }
    }

    private func transmit() {
        while sent < outgoing.count {
            let count = outgoing[sent...].withUnsafeBytes {
                send(socket.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EAGAIN || errno == ENOTCONN { return }
                error = errno
                return finish()
            }
            sent += count
        }
        if reply == nil && !hasShut {
            shutdown(socket.raw, Int32(SHUT_WR))
            hasShut = true
        }
    }

    func finish() {
        if isDone { return }
        isDone = true
        if let watch { loop.cancel(watch) }
        watch = nil
        socket.close()
        onDone()
    }
}

/// A server on the loop that answers each connection, at its end, with what `reply` makes of the bytes.
final class Server {
    let address: SocketAddress
    private let port: HostPort
    private(set) var peers: [Peer] = []
    private var watch: EventLoop.Watch?

    init(on loop: EventLoop, configure: @escaping (Peer) -> Void) throws {
        port = try HostPort(SocketAddress(IPv4Address("127.0.0.1")!, port: 0), .tcp)
        address = port.address
        watch = try loop.watch(port.socket.raw, .read) { [unowned self] _ in
            let raw = accept4(port.socket.raw)
            guard raw >= 0, let peer = try? Peer(Descriptor(raw), on: loop) else { return }
            configure(peer)
            peers.append(peer)
        }
    }
}

/// In a namespace with a loopback interface, on a loop that stops by itself after ten seconds.
func onLoop(_ body: (EventLoop) throws -> Void) throws {
    try inOwnNamespace {
        try NetlinkSocket().perform(LinkRequest.set(.index(1), up: true))
        let loop = try EventLoop()
        loop.schedule(after: 10_000_000_000) {
            Issue.record("nothing happened for ten seconds")
            loop.stop()
        }
        try body(loop)
    }
}

private let loopback = IPv4Address("127.0.0.1")!

@Suite(.enabled(if: isRoot, "needs root")) struct PortProxyTests {
    private func pattern(_ count: Int, _ seed: UInt64) -> [UInt8] {
        var random = SplitMix(state: seed)
        return (0..<count / 8).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    }

    @Test func `all bytes go both ways, each direction with its own end`() throws {
        try onLoop { loop in
            let (question, answer) = (pattern(3_000_000, 1), pattern(2_000_000, 2))
            let server = try Server(on: loop) { $0.reply = { $0 == question ? answer : [] } }
            let proxy = try PortProxy(
                HostPort(SocketAddress(loopback, port: 0), .tcp), target: server.address, on: loop)
            let client = try Peer.connecting(to: proxy.port.address, sending: question, on: loop)
            client.onDone = { loop.soon { loop.stop() } }
            try loop.run()
            #expect(client.received == answer)
            #expect(server.peers.first?.received == question)
            #expect(proxy.connectionCount == 0)
            proxy.stop()
        }
    }

    @Test func `two hundred connections at once`() throws {
        try onLoop { loop in
            let server = try Server(on: loop) { $0.reply = { $0.reversed() } }
            let proxy = try PortProxy(
                HostPort(SocketAddress(loopback, port: 0), .tcp), target: server.address, on: loop)
            var left = 200
            let clients = try (0..<200).map { number in
                let client = try Peer.connecting(
                    to: proxy.port.address, sending: Array("hello \(number)".utf8), on: loop)
                client.onDone = {
                    left -= 1
                    if left == 0 { loop.stop() }
                }
                return client
            }
            try loop.run()
            for (number, client) in clients.enumerated() {
                #expect(client.received == "hello \(number)".utf8.reversed())
            }
            proxy.stop()
        }
    }

    @Test func `nothing is read for a side that takes nothing`() throws {
        try onLoop { loop in
            let server = try Server(on: loop) { $0.reads = false }
            let proxy = try PortProxy(
                HostPort(SocketAddress(loopback, port: 0), .tcp), target: server.address, on: loop)
            let client = try Peer.connecting(
                to: proxy.port.address, sending: [UInt8](repeating: 1, count: 64_000_000), on: loop)
            client.onDone = { loop.stop() }
            // When what was sent has not grown for a while, the client is stopped: end the server.
            var last = -1
            func look() {
                if client.sent == last { server.peers.first?.finish() }
                last = client.sent
                if !client.isDone { loop.schedule(after: 200_000_000, look) }
            }
            loop.schedule(after: 200_000_000, look)
            try loop.run()
            #expect(client.sent < 40_000_000, "the rest is in the sockets' own buffers")
            #expect(client.error == ECONNRESET || client.error == EPIPE)
            #expect(proxy.connectionCount == 0)
            proxy.stop()
        }
    }

    @Test func `where nobody listens the client is reset`() throws {
        try onLoop { loop in
            let nobody = try HostPort(SocketAddress(loopback, port: 0), .udp).address
            let proxy = try PortProxy(HostPort(SocketAddress(loopback, port: 0), .tcp), target: nobody, on: loop)
            let client = try Peer.connecting(to: proxy.port.address, on: loop)
            client.onDone = { loop.stop() }
            try loop.run()
            #expect(client.error == ECONNRESET)
            #expect(proxy.connectionCount == 0)
        }
    }

    @Test func `without a target connections wait`() throws {
        try onLoop { loop in
            let server = try Server(on: loop) { $0.reply = { $0 } }
            let proxy = try PortProxy(HostPort(SocketAddress(loopback, port: 0), .tcp), target: nil, on: loop)
            let client = try Peer.connecting(to: proxy.port.address, sending: [1, 2, 3], on: loop)
            client.onDone = { loop.stop() }
            loop.schedule(after: 50_000_000) {
                #expect(!client.isDone && proxy.connectionCount == 0)
                proxy.target = server.address
            }
            try loop.run()
            #expect(client.received == [1, 2, 3])
            proxy.stop()
        }
    }

    /// One that wrote to the second address of this host would not take an answer from the first.
    @Test(arguments: [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.2"), ("::", "::1")])
    func `datagrams find their way back to their client`(served: String, asked: String) throws {
        try onLoop { loop in
            let target = try HostPort(SocketAddress(loopback, port: 0), .udp)
            var buffer = [UInt8](repeating: 0, count: 2048)
            let targetWatch = try loop.watch(target.socket.raw, .read) { _ in
                let (count, from) = SocketAddress.filled {
                    recvfrom(target.socket.raw, &buffer, buffer.count, 0, $0, $1)
                }
                let answer = Array(buffer[..<max(0, count)].reversed())
                from?.withSockaddr { _ = sendto(target.socket.raw, answer, answer.count, 0, $0, $1) }
            }
            let proxy = try PortProxy(
                HostPort(SocketAddress(SocketAddress.Host(served)!, port: 0), .udp), target: target.address, on: loop)
            let address = SocketAddress(SocketAddress.Host(asked)!, port: proxy.port.address.port)
            var answers: [Int: [UInt8]] = [:]
            let clients = try (0..<20).map { number in
                let client = try openSocket(address.domain, .udp)
                try check("connect") { address.withSockaddr { connect(client.raw, $0, $1) } }
                return client
            }
            for (number, client) in clients.enumerated() {
                _ = try loop.watch(client.raw, .read) { _ in
                    answers[number] = try? client.read(upTo: 100)
                    if answers.count == 20 { loop.stop() }
                }
                try client.writeAll([UInt8(number), 1, 2])
            }
            try loop.run()
            for number in 0..<20 { #expect(answers[number] == [2, 1, UInt8(number)]) }
            #expect(proxy.connectionCount == 20)
            proxy.stop()
            #expect(proxy.connectionCount == 0)
            loop.cancel(targetWatch)
        }
    }

    @Test func `a silent UDP client is forgotten`() throws {
        try onLoop { loop in
            let port = try HostPort(SocketAddress(loopback, port: 0), .udp)
            let relay = try DatagramRelay(port, on: loop, idleTime: 30_000_000)
            let client = try openSocket(AF_INET, .udp)
            try check("connect") { port.address.withSockaddr { connect(client.raw, $0, $1) } }
            try client.writeAll([1])
            relay.serve(to: SocketAddress(loopback, port: 9))
            #expect(relay.count == 1)
            loop.schedule(after: 100_000_000) { loop.stop() }
            try loop.run()
            #expect(relay.count == 0)
        }
    }
}

@Suite(.enabled(if: isRoot, "needs root")) struct HostPortTests {
    @Test(arguments: [PublishedPort.Transport.tcp, .udp])
    func `a port in use names who uses it`(_ transport: PublishedPort.Transport) throws {
        try onLoop { _ in
            let first = try HostPort(SocketAddress(loopback, port: 0), transport)
            let port = first.address.port
            #expect(port != 0)
            let name = try readText("/proc/self/comm").split(separator: "\n")[0]
            for host in [loopback, IPv4Address.any] {
                #expect { try HostPort(SocketAddress(host, port: port), transport) } throws: {
                    "\($0)" == "port \(port)/\(transport) on \(host) is in use by \(name) (pid \(getpid()))"
                }
            }
        }
    }

    @Test func `an address that the host does not have is an error`() throws {
        try onLoop { _ in
            #expect { try HostPort(SocketAddress(IPv4Address("203.0.113.9")!, port: 80), .tcp) } throws: {
                "\($0)" == "203.0.113.9 is not an address of this host"
            }
        }
    }

    @Test func `a port can be handed over, and IPv6 beside IPv4`() throws {
        try onLoop { _ in
            let first = try HostPort(SocketAddress(IPv4Address.any, port: 0), .tcp)
            let port = first.address.port
            let second = try HostPort(SocketAddress(IPv6Address.any, port: port), .tcp)
            #expect("\(second.address)" == "[::]:\(port)")
            let adopted = try HostPort(adopting: Descriptor(dup(first.socket.raw)))
            #expect(adopted.address == first.address && adopted.transport == .tcp)
        }
    }

    @Test(arguments: [
        ("127.0.0.1", 8080, [100 as UInt64]), ("192.0.2.1", 8080, []), ("0.0.0.0", 8080, [100]),
        ("127.0.0.1", 80, [101]),
        ("192.0.2.1", 80, [101]), ("127.0.0.1", 81, []),
    ])
    func `the kernel's table tells who is in the way`(_ row: (String, UInt16, [UInt64])) {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0000 100 0 0 10 0
               1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0000 100 0 0 10 0
               2: 0100007F:0051 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0000 100 0 0 10 0
               broken
            """
        #expect(PortOwner.sockets(in: table, of: SocketAddress(IPv4Address(row.0)!, port: row.1), .tcp) == row.2)
        // The IPv4 socket of the same mapping does not stand in the way of its IPv6 one.
        #expect(PortOwner.sockets(in: table, of: SocketAddress(IPv6Address.any, port: row.1), .tcp) == [])
    }

    @Test func `a listener of IPv6 on any address takes IPv4 ports too`() {
        let table = """
            header
             0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 7 1
             1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 8 1
            """
        #expect(PortOwner.sockets(in: table, of: SocketAddress(loopback, port: 80), .tcp) == [7])
        #expect(PortOwner.sockets(in: table, of: SocketAddress(loopback, port: 81), .tcp) == [])
        #expect(PortOwner.sockets(in: table, of: SocketAddress(IPv6Address.loopback, port: 81), .tcp) == [8])
    }
}
