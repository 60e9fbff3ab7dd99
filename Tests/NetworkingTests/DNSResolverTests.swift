// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Netlink
import Testing

@testable import Networking

/// The resolver on a loop, with containers' sockets and upstream servers in a namespace of the test's own.
@Suite(.enabled(if: isRoot, "needs root")) struct DNSResolverTests {
    private func query(_ name: String, type: UInt16 = 1, id: UInt16 = 7, flags: UInt16 = 0x0100) -> [UInt8] {
        DNSMessage(id: id, flags: flags, questions: [.init(DNSName(name)!, type: type)]).encoded
    }

    private func lookup(_ question: DNSMessage.Question, _ container: String) -> DNSAnswer {
        switch question.name.key {
        case "web": .addresses([IPv4Address("10.0.0.2")!])
        case "me": .pointer(DNSName(container)!)
        case "many": .addresses((0..<100).map { IPv4Address(0x0a00_0000 + $0) })
        default: .forward
        }
    }

    /// An upstream server: answers with what the closure makes of the query; nil is silence.
    private func upstream(
        _ loop: EventLoop, _ answer: @escaping (DNSMessage) -> DNSMessage?
    ) throws -> HostPort {
        let port = try HostPort(SocketAddress(IPv4Address.loopback, port: 0), .udp)
        var buffer = [UInt8](repeating: 0, count: 4096)
        _ = try loop.watch(port.socket.raw, .read) { _ in
            let (count, from) = SocketAddress.filled { recvfrom(port.socket.raw, &buffer, buffer.count, 0, $0, $1) }
            guard count > 0, let query = try? DNSMessage(parsing: Array(buffer[..<count])),
                let response = answer(query)?.encoded
            else { return }
            from?.withSockaddr { _ = sendto(port.socket.raw, response, response.count, 0, $0, $1) }
        }
        return port
    }

    private func found(_ query: DNSMessage) -> DNSMessage? {
        query.response(to: query.questions[0], .addresses([IPv4Address("203.0.113.1")!]))
    }

    /// Sends the queries over UDP and runs the loop until each has its answer, or until `count` have.
    private func exchange(
        _ loop: EventLoop, _ queries: [[UInt8]], count: Int? = nil
    ) throws -> [DNSMessage] {
        let client = try openSocket(AF_INET, .udp)
        let address = SocketAddress(resolverAddress, port: 53)
        try check("connect") { address.withSockaddr { connect(client.raw, $0, $1) } }
        var answers: [DNSMessage] = []
        let watch = try loop.watch(client.raw, .read) { _ in
            if let bytes = try? client.read(upTo: 4096), let answer = try? DNSMessage(parsing: bytes) {
                answers.append(answer)
            }
            if answers.count == count ?? queries.count { loop.stop() }
        }
        defer { loop.cancel(watch) }
        for query in queries { try client.writeAll(query) }
        try loop.run()
        return answers
    }

    @Test func `known names are answered, others asked for`() throws {
        try onLoop { loop in
            let server = try upstream(loop, found)
            let resolver = DNSResolver(on: loop, upstreams: [server.address], lookup: lookup)
            try resolver.add(container: "c1", try ResolverSockets.open(at: SocketAddress(resolverAddress, port: 53)))
            let answers = try exchange(
                loop, [query("web"), query("me", type: 12, id: 8), query("example.org", id: 9)])
            let byID = Dictionary(uniqueKeysWithValues: answers.map { ($0.id, $0) })
            #expect(byID[7]?.answers.first?.data == [10, 0, 0, 2])
            #expect(byID[8]?.answers.first?.data == hex("02 63 31 00"))
            #expect(byID[9]?.answers.first?.data == [203, 0, 113, 1])
            resolver.remove(container: "c1")
        }
    }

    @Test func `the next server is asked where one refuses, is silent, or is not there`() throws {
        try onLoop { loop in
            let refusing = try upstream(loop) { $0.response(.serverFailure) }
            let silent = try upstream(loop) { _ in nil }
            let good = try upstream(loop, found)
            let nobody = try HostPort(SocketAddress(IPv4Address.loopback, port: 0), .tcp).address
            for bad in [refusing.address, silent.address, nobody] {
                let forwarder = DNSForwarder([bad, good.address], on: loop, patience: 50_000_000)
                let message = try DNSMessage(parsing: query("example.org"))
                var answer: DNSMessage?
                forwarder.forward(message.encoded, message, overTCP: false) {
                    answer = try? DNSMessage(parsing: $0)
                    loop.stop()
                }
                try loop.run()
                #expect(answer?.id == 7 && answer?.answers.first?.data == [203, 0, 113, 1])
            }
        }
    }

    @Test func `without an answer it is SERVFAIL, without a server REFUSED`() throws {
        try onLoop { loop in
            let silent = try upstream(loop) { _ in nil }
            let message = try DNSMessage(parsing: query("example.org"))
            for (servers, code) in [([silent.address, silent.address], 2), ([], 5)] as [([SocketAddress], UInt8)] {
                let forwarder = DNSForwarder(servers, on: loop, patience: 20_000_000)
                var answer: DNSMessage?
                forwarder.forward(message.encoded, message, overTCP: false) {
                    answer = try? DNSMessage(parsing: $0)
                    loop.soon { loop.stop() }
                }
                if answer == nil { try loop.run() }
                #expect(answer?.code == code && answer?.id == 7)
            }
        }
    }

    @Test func `a forged answer is passed over`() throws {
        try onLoop { loop in
            var asked = 0
            let server = try upstream(loop) { query in
                asked += 1
                var wrong = query
                if asked == 1 { wrong.id &+= 1 } else { wrong.questions[0].name = DNSName("other.org")! }
                return wrong.response(.noError)
            }
            let good = try upstream(loop, found)
            let forwarder = DNSForwarder(
                [server.address, server.address, good.address], on: loop, patience: 30_000_000)
            let message = try DNSMessage(parsing: query("example.org"))
            var answer: DNSMessage?
            forwarder.forward(message.encoded, message, overTCP: false) {
                answer = try? DNSMessage(parsing: $0)
                loop.stop()
            }
            try loop.run()
            #expect(asked == 2 && answer?.answers.count == 1)
        }
    }

    @Test func `an answer that comes late is nobody's`() throws {
        try onLoop { loop in
            let slow = try HostPort(SocketAddress(IPv4Address.loopback, port: 0), .udp)
            var buffer = [UInt8](repeating: 0, count: 4096)
            _ = try loop.watch(slow.socket.raw, .read) { _ in
                let (count, from) = SocketAddress.filled { recvfrom(slow.socket.raw, &buffer, buffer.count, 0, $0, $1) }
                guard count > 0, let query = try? DNSMessage(parsing: Array(buffer[..<count])) else { return }
                // When the next server has answered long since.
                loop.schedule(after: 60_000_000) {
                    let late = query.response(to: query.questions[0], .addresses([IPv4Address("192.0.2.66")!]))?.encoded
                    if let late { from?.withSockaddr { _ = sendto(slow.socket.raw, late, late.count, 0, $0, $1) } }
                    loop.schedule(after: 20_000_000) { loop.stop() }
                }
            }
            let good = try upstream(loop, found)
            let forwarder = DNSForwarder([slow.address, good.address], on: loop, patience: 20_000_000)
            let message = try DNSMessage(parsing: query("example.org"))
            var answers: [DNSMessage?] = []
            forwarder.forward(message.encoded, message, overTCP: false) {
                answers.append(try? DNSMessage(parsing: $0))
            }
            try loop.run()
            #expect(answers.map { $0?.answers.first?.data } == [[203, 0, 113, 1]])
        }
    }

    @Test func `an internal container is refused what the project does not know`() throws {
        try onLoop { loop in
            let server = try upstream(loop, found)
            let resolver = DNSResolver(on: loop, upstreams: [server.address], lookup: lookup)
            try resolver.add(
                container: "c1", try ResolverSockets.open(at: SocketAddress(resolverAddress, port: 53)), forwards: false
            )
            #expect(try exchange(loop, [query("example.org")])[0].code == 5)
            #expect(try exchange(loop, [query("web")])[0].answers.count == 1)
        }
    }

    @Test func `what is no plain query gets an error or nothing`() throws {
        try onLoop { loop in
            let resolver = DNSResolver(on: loop, upstreams: [], lookup: lookup)
            try resolver.add(container: "c1", try ResolverSockets.open(at: SocketAddress(resolverAddress, port: 53)))
            let two = DNSMessage(
                id: 3, flags: 0, questions: [.init(DNSName("a")!, type: 1), .init(DNSName("b")!, type: 1)])
            let answers = try exchange(
                loop,
                [
                    [1, 2, 3], query("web", id: 1, flags: 0x8000), query("web", id: 2, flags: 0x2800), two.encoded,
                    hex("00 04 01 00 00 01 00 00 00 00 00 00 c0 0c"),
                ], count: 3)
            #expect(Dictionary(uniqueKeysWithValues: answers.map { ($0.id, $0.code) }) == [2: 4, 3: 1, 4: 1])
        }
    }

    @Test func `a large answer is cut over UDP and whole over TCP`() throws {
        try onLoop { loop in
            let resolver = DNSResolver(on: loop, upstreams: [], lookup: lookup)
            try resolver.add(container: "c1", try ResolverSockets.open(at: SocketAddress(resolverAddress, port: 53)))
            let cut = try exchange(loop, [query("many")])[0]
            #expect(cut.isTruncated && cut.answers.isEmpty && cut.questions.count == 1)

            let message = query("many")
            let request = [UInt8(0), UInt8(message.count)] + message
            let client = try Peer.connecting(
                to: SocketAddress(resolverAddress, port: 53), sending: [], on: loop)
            client.finish()
            let socket = try openSocket(AF_INET, .tcp, blocking: true)
            let address = SocketAddress(resolverAddress, port: 53)
            try check("connect") { address.withSockaddr { connect(socket.raw, $0, $1) } }
            // Two questions in three pieces.
            try socket.writeAll((request + request).prefix(10))
            var received: [UInt8] = []
            loop.schedule(after: 20_000_000) { try? socket.writeAll((request + request)[10..<30]) }
            loop.schedule(after: 40_000_000) { try? socket.writeAll((request + request)[30...]) }
            let watch = try loop.watch(socket.raw, .read) { _ in
                received += (try? socket.read(upTo: 65536)) ?? []
                if received.count >= 2 * (2 + 22 + 1600) { loop.stop() }
            }
            try loop.run()
            loop.cancel(watch)
            #expect(received.count == 2 * (2 + 22 + 1600))
            let answer = try DNSMessage(parsing: Array(received[2..<1624]))
            #expect(answer.answers.count == 100 && !answer.isTruncated)
        }
    }

    @Test func `a container's sockets are in its own namespace`() throws {
        try inOwnNamespace {
            let host = try NetworkHost()
            let container = try makeContainer()
            try host.connect(containerPID: container.pid, [])
            let loop = try EventLoop()
            let resolver = DNSResolver(on: loop, upstreams: [], lookup: lookup)
            try resolver.add(container: "c1", try openResolverSockets(inNamespaceOfPID: container.pid))
            let child = try withNetworkNamespace(ofPID: container.pid) {
                try Child(["busybox", "nslookup", "-type=a", "web", "127.0.0.11"])
            }
            loop.schedule(after: 1_000_000_000) { loop.stop() }
            try loop.run()
            #expect(try child.finish().contains("10.0.0.2"))
        }
    }

    @Test func `a container that takes port 53 itself is answered all the same`() throws {
        try onLoop { loop in
            let container = try makeContainer()
            try withNetworkNamespace(ofPID: container.pid) {
                try NetlinkSocket().perform(LinkRequest.set(.index(1), up: true))
            }
            let own = try withNetworkNamespace(ofPID: container.pid) {
                try [PublishedPort.Transport.udp, .tcp].map {
                    try HostPort(SocketAddress(IPv4Address.any, port: 53), $0)
                }
            }
            let resolver = DNSResolver(on: loop, upstreams: [], lookup: lookup)
            func port(_ sockets: ResolverSockets) throws -> UInt16? {
                try SocketAddress.local(of: sockets.udp.raw)?.port
            }
            var first: UInt16?
            do {
                let sockets = try openResolverSockets(inNamespaceOfPID: container.pid)
                first = try port(sockets)
                try resolver.add(container: "c1", sockets)
            }
            func answers() throws -> Int {
                try withNetworkNamespace(ofPID: container.pid) {
                    try exchange(loop, [query("web"), query("many")]).count
                }
            }
            #expect(try answers() == 2)
            // As after a supervisor's death: by the same port, or by another where that is taken.
            resolver.remove(container: "c1")
            var sockets = try openResolverSockets(inNamespaceOfPID: container.pid)
            // A child that another test of this process has forked holds all descriptors until its execve(2).
            for _ in 0..<500 where try port(sockets) != first {
                poll(nil, 0, 10)
                sockets = try openResolverSockets(inNamespaceOfPID: container.pid)
            }
            #expect(try port(sockets) == first)
            let others = try openResolverSockets(inNamespaceOfPID: container.pid)
            #expect(try port(others) != first)
            try resolver.add(container: "c1", others)
            #expect(try answers() == 2)
            withExtendedLifetime((own, sockets)) {}
        }
    }
}
