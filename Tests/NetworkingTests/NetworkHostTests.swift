// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Netlink
import Testing

@testable import Networking

/// Networks and connections in the kernel, in namespaces of the test's own.
@Suite(.enabled(if: isRoot, "needs root")) struct NetworkHostTests {
    private let network = BridgeNetwork(
        name: "tr-test", subnet: IPv4Prefix("10.77.0.0/24")!, gateway: IPv4Address("10.77.0.1")!)

    private func endpoint(_ bridge: Int32, _ number: Int, interface: String = "eth0") -> Endpoint {
        Endpoint(
            .bridge(bridge, hostName: "tv\(number)"), interface: interface,
            address: IPv4Address(0x0a4d_0000 + UInt32(number)), prefixLength: 24, gateway: network.gateway)
    }

    @Test func `a network is made once, and a second time changes nothing`() throws {
        try inOwnNamespace {
            let host = try NetworkHost()
            let index = try host.create(network)
            let before = try run("ip", "-o", "addr", "show", "tr-test")
            #expect(before.contains("inet 10.77.0.1/24"))
            #expect(try host.create(network) == index)
            #expect(try run("ip", "-o", "addr", "show", "tr-test") == before)
            #expect(try host.usedSubnets().contains(network.subnet!))
            #expect(try readText("/proc/thread-self/net/dev").contains("tr-test"))
            try host.remove(bridges: ["tr-test"])
            try host.remove(bridges: ["tr-test"])
            #expect(try host.links(withPrefix: "tr-").isEmpty)
        }
    }

    @Test func `a half made network is made whole`() throws {
        try inOwnNamespace {
            try run("ip", "link", "add", "tr-test", "type", "bridge")
            _ = try NetworkHost().create(network)
            let text = try run("ip", "addr", "show", "tr-test")
            #expect(text.contains("10.77.0.1/24") && text.contains("UP"))
        }
    }

    @Test func `a link of this name that is somebody else's is an error`() throws {
        try inOwnNamespace {
            try run("ip", "link", "add", "tr-test", "type", "bridge")
            try run("ip", "addr", "add", "10.78.0.1/24", "dev", "tr-test")
            #expect { try NetworkHost().create(network) } throws: {
                "\($0)" == "the link tr-test is already there and cannot be used: it has the address 10.78.0.1/24"
            }
            try run("ip", "link", "del", "tr-test")
            try run("ip", "link", "add", "tr-test", "type", "veth", "peer", "name", "other")
            #expect { try NetworkHost().create(network) } throws: { "\($0)".hasSuffix("it is no bridge but veth") }
        }
    }

    @Test func `two containers reach each other and the gateway`() throws {
        try inOwnNamespace {
            let host = try NetworkHost()
            let bridge = try host.create(network)
            let containers = try [makeContainer(), makeContainer()]
            for (index, container) in containers.enumerated() {
                try host.connect(containerPID: container.pid, [endpoint(bridge, index + 2)])
            }
            try withNetworkNamespace(ofPID: containers[0].pid) {
                let links = try run("ip", "-o", "link")
                #expect(
                    links.contains("lo: <LOOPBACK,UP") && links.contains("eth0@") && links.contains("02:42:0a:4d:00:02")
                )
                #expect(try run("ip", "route").contains("default via 10.77.0.1 dev eth0"))
                for target in ["10.77.0.1", "10.77.0.3", "127.0.0.1"] {
                    let ping = try Child(["busybox", "ping", "-c1", "-W2", target])
                    let text = try ping.finish()
                    #expect(ping.status == 0, "\(text)")
                }
            }
            try host.disconnect(hostNames: ["tv2", "tv3"])
            try host.disconnect(hostNames: ["tv2", "tv3"])
            #expect(try host.links(withPrefix: "tv").isEmpty)
        }
    }

    @Test func `bridges go with the links that containers have to them, and nothing else does`() throws {
        try inOwnNamespace {
            let host = try NetworkHost()
            let bridge = try host.create(network)
            let container = try makeContainer()
            try host.connect(containerPID: container.pid, [endpoint(bridge, 2)])
            try run("ip", "link", "add", "other", "type", "bridge")
            try run("ip", "link", "add", "tv7", "type", "veth", "peer", "name", "tv8")
            _ = try host.create(BridgeNetwork(name: "tr-more", subnet: nil, gateway: nil))
            try host.remove(bridges: ["tr-test", "tr-more", "tr-none"])
            #expect(try Set(host.links(withPrefix: "").map(\.name)) == ["lo", "other", "tv7", "tv8"])
            try withNetworkNamespace(ofPID: container.pid) {
                let text = try run("ip", "-o", "link")
                #expect(text.contains("lo:") && !text.contains("eth0"))
            }
        }
    }

    @Test func `a container has several networks, and one default route`() throws {
        try inOwnNamespace {
            let host = try NetworkHost()
            let first = try host.create(network)
            let second = try host.create(
                BridgeNetwork(
                    name: "tr-second", subnet: IPv4Prefix("10.78.0.0/24")!, gateway: IPv4Address("10.78.0.1")!,
                    subnet6: IPv6Prefix("fd77::/64")!, gateway6: IPv6Address("fd77::1")!, mtu: 1400))
            let container = try makeContainer()
            try host.connect(
                containerPID: container.pid,
                [
                    endpoint(first, 2),
                    Endpoint(
                        .bridge(second, hostName: "tv9"), interface: "eth1", address: IPv4Address("10.78.0.9")!,
                        prefixLength: 24, address6: IPv6Address("fd77::9")!, gateway6: IPv6Address("fd77::1")!,
                        mtu: 1400),
                ])
            try withNetworkNamespace(ofPID: container.pid) {
                let text = try run("ip", "addr")
                #expect(text.contains("inet 10.77.0.2/24") && text.contains("inet 10.78.0.9/24"))
                #expect(text.contains("inet6 fd77::9/64") && text.contains("mtu 1400"))
                #expect(try run("ip", "-6", "route").contains("default via fd77::1 dev eth1"))
                #expect(try run("ip", "route").split(separator: "\n").filter { $0.hasPrefix("default") }.count == 1)
            }
        }
    }

    @Test func `a failed connection leaves no link and spares what was there`() throws {
        try inOwnNamespace {
            let host = try NetworkHost()
            let bridge = try host.create(network)
            let container = try makeContainer()
            try run("ip", "link", "add", "tv3", "type", "bridge")
            var wrong = endpoint(bridge, 2)
            wrong.gateway = IPv4Address("10.99.0.1")!
            #expect { try host.connect(containerPID: container.pid, [wrong]) } throws: {
                "\($0)".hasPrefix("ip route add default via 10.99.0.1 dev if")
            }
            #expect(throws: NetlinkError.self) {
                try host.connect(
                    containerPID: container.pid, [endpoint(bridge, 2), endpoint(bridge, 3, interface: "eth1")])
            }
            #expect(try host.links(withPrefix: "tv").map(\.name) == ["tv3"])
        }
    }

    @Test func `a thread returns from another namespace also when the body throws`() throws {
        struct Problem: Error {}
        let before = try NetworkNamespace.identity()
        let container = try makeContainer()
        #expect(throws: Problem.self) {
            try withNetworkNamespace(ofPID: container.pid) {
                #expect(try NetworkNamespace.identity() != before)
                throw Problem()
            }
        }
        #expect(try NetworkNamespace.identity() == before)
    }

    /// Prints what a connection costs; the bound is wide, as the machine may be busy.
    @Test func `fifty containers are connected`() throws {
        try inOwnNamespace {
            let host = try NetworkHost()
            let bridge = try host.create(network)
            let containers = try (0..<50).map { _ in try makeContainer() }
            let start = EventLoop.now
            for (index, container) in containers.enumerated() {
                try host.connect(containerPID: container.pid, [endpoint(bridge, index + 2)])
            }
            let each = Double(EventLoop.now - start) / 50 / 1_000_000
            print("connect: \(each) ms each")
            #expect(each < 20)
        }
    }
}

extension NetworkNamespace {
    /// The inode that stands for the namespace that this thread is in.
    static func identity() throws -> UInt {
        let namespace = try NetworkNamespace.current().descriptor
        var status = stat()
        try check("fstat") { fstat(namespace.raw, &status) }
        return status.st_ino
    }
}
