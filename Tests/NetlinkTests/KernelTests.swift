// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Testing

@testable import Netlink

/// The requests against the kernel, in network namespaces of the test's own.
@Suite(.enabled(if: isRoot, "needs root")) struct KernelTests {
    @Test func `a new namespace has one link, and it can be set up`() throws {
        try inOwnNamespace {
            let socket = try NetlinkSocket()
            let before = try socket.get(LinkRequest.get(.name("lo")))
            #expect(before.index == 1 && before.isLoopback && !before.isUp && before.mtu == 65536)
            try socket.perform(LinkRequest.set(.index(1), up: true))
            #expect(try socket.get(LinkRequest.get(.index(1))).isUp)
        }
    }

    @Test func `the sockets that listen on a port are found, of both families`() throws {
        try inOwnNamespace {
            let diagnosis = try NetlinkSocket(.NETLINK_SOCK_DIAG)
            let listener = Descriptor(try check("socket") { socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0) })
            var address = sockaddr_in6()
            (address.sin6_family, address.sin6_port) = (sa_family_t(AF_INET6), UInt16(8080).bigEndian)
            _ = try withUnsafePointer(to: &address) { pointer in
                try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    try check("bind") { bind(listener.raw, generic, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
                }
            }
            func found(_ family: AddressFamily, _ port: UInt16) throws -> [UInt16] {
                try diagnosis.dump(ListeningSocket.all(family, port: port)).map(\.port)
            }
            #expect(try found(.AF_INET6, 8080).isEmpty)
            try check("listen") { listen(listener.raw, 1) }
            #expect(try found(.AF_INET6, 8080) == [8080])
            #expect(try found(.AF_INET, 8080).isEmpty && found(.AF_INET6, 8081).isEmpty)
        }
    }

    @Test func `a bridge gets an address and goes again`() throws {
        try inOwnNamespace {
            let socket = try NetlinkSocket()
            try socket.perform(LinkRequest.addBridge("tr-a", hardwareAddress: [2, 0, 0, 0, 0, 9], mtu: 1400))
            let bridge = try socket.get(LinkRequest.get(.name("tr-a")))
            #expect(bridge.kind == "bridge" && bridge.isUp && bridge.mtu == 1400)
            #expect(bridge.hardwareAddress == [2, 0, 0, 0, 0, 9])
            let v6 = RawAddress(bytes: [0xfd] + [UInt8](repeating: 0, count: 14) + [1])
            try socket.perform([
                AddressRequest.add(RawAddress(bytes: [10, 9, 0, 1]), prefixLength: 24, to: bridge.index),
                AddressRequest.add(v6, prefixLength: 64, to: bridge.index),
                LinkRequest.set(.index(bridge.index), mtu: 1300),
                LinkRequest.set(.index(bridge.index), hardwareAddress: [2, 0, 0, 0, 0, 8]),
            ])
            let addresses = try socket.dump(AddressRequest.all()).filter { $0.interface == bridge.index }
            #expect(addresses.contains { $0.bytes == [10, 9, 0, 1] && $0.prefixLength == 24 })
            #expect(addresses.contains { $0.bytes == v6.bytes && $0.prefixLength == 64 })
            let changed = try socket.get(LinkRequest.get(.index(bridge.index)))
            #expect(changed.mtu == 1300 && changed.hardwareAddress == [2, 0, 0, 0, 0, 8])
            try socket.perform(AddressRequest.delete(v6, prefixLength: 64, from: bridge.index))
            try socket.perform(LinkRequest.delete(.index(bridge.index)))
            #expect(try socket.dump(LinkRequest.all).map(\.name) == ["lo"])
        }
    }

    @Test func `a veth peer is born in the other namespace with its name and address`() throws {
        try inOwnNamespace {
            let holder = try NamespaceHolder()
            let inner = try NetlinkSocket()
            try inOwnNamespace {
                let outer = try NetlinkSocket()
                try outer.perform(LinkRequest.addBridge("tr-a"))
                let bridge = try outer.get(LinkRequest.get(.name("tr-a")))
                try outer.perform(
                    LinkRequest.addVethPair(
                        host: .init("tv0", master: bridge.index),
                        peer: .init("eth0", hardwareAddress: [2, 0, 0, 0, 0, 1], namespace: .ofPID(holder.pid))))
                let host = try outer.get(LinkRequest.get(.name("tv0")))
                let peer = try inner.get(LinkRequest.get(.name("eth0")))
                #expect(host.master == bridge.index && host.isUp && host.kind == "veth")
                #expect(peer.hardwareAddress == [2, 0, 0, 0, 0, 1] && !peer.isUp)
                #expect(host.peer == peer.index)
                try inner.perform([
                    LinkRequest.set(.index(1), up: true),
                    LinkRequest.set(.index(peer.index), up: true),
                    AddressRequest.add(RawAddress(bytes: [10, 9, 0, 2]), prefixLength: 24, to: peer.index),
                    RouteRequest.addDefault(via: RawAddress(bytes: [10, 9, 0, 1])),
                ])
                let route = try #require(
                    try inner.dump(RouteRequest.all(.AF_INET)).first { $0.destination.isEmpty && $0.table == 254 })
                #expect(route.gateway == [10, 9, 0, 1] && route.interface == peer.index && route.prefixLength == 0)
            }
        }
    }

    @Test func `a refusal says the command, the errno, and the kernel's words`() throws {
        try inOwnNamespace {
            let socket = try NetlinkSocket()
            try socket.perform(LinkRequest.addBridge("tr-x"))
            #expect { try socket.perform(LinkRequest.addBridge("tr-x")) } throws: {
                "\($0)" == "ip link add tr-x type bridge: file exists (EEXIST)"
            }
            #expect { try socket.perform(RouteRequest.addDefault(via: RawAddress(bytes: [10, 9, 0, 1]))) } throws: {
                "\($0)" == "ip route add default via 10.9.0.1: network is unreachable (ENETUNREACH): "
                    + "Nexthop has invalid gateway"
            }
        }
    }

    @Test func `a batch goes on after a refusal, and each request has its own answer`() throws {
        try inOwnNamespace {
            let socket = try NetlinkSocket(firstSequence: .max - 2)
            let results = try socket.attempt([
                LinkRequest.addBridge("a"), LinkRequest.addBridge("a"), LinkRequest.addBridge("b"),
                LinkRequest.delete(.name("c")), LinkRequest.addBridge("d"),
            ])
            #expect(results.map { $0?.errno } == [nil, EEXIST, nil, ENODEV, nil])
            #expect(
                try socket.attempt([LinkRequest.addBridge("e"), LinkRequest.addBridge("e")]).map { $0?.errno } == [
                    nil, EEXIST,
                ])
            #expect(Set(try socket.dump(LinkRequest.all).map(\.name)) == ["lo", "a", "b", "d", "e"])
        }
    }

    @Test func `a dump of many links comes whole`() throws {
        try inOwnNamespace {
            let socket = try NetlinkSocket()
            try socket.perform((0..<200).map { LinkRequest.addBridge("br\($0)", up: false) })
            #expect(try socket.dump(LinkRequest.all).count == 201)
        }
    }

    @Test func `two sockets of one process have port ids of their own`() throws {
        try inOwnNamespace {
            let first = try NetlinkSocket()
            let second = try NetlinkSocket()
            #expect(try first.dump(LinkRequest.all).count == 1)
            #expect(try second.dump(LinkRequest.all).count == 1)
        }
    }
}
