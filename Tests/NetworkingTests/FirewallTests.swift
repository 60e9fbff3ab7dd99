// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Netlink
import Testing

@testable import Networking

private func published(
    _ host: String, _ port: UInt16, _ transport: PublishedPort.Transport = .tcp, to container: IPv4Address,
    _ target: UInt16
) -> PublishedPort {
    PublishedPort(
        SocketAddress(IPv4Address(host)!, port: port), transport, to: SocketAddress(container, port: target))
}

@Suite struct FirewallScriptTests {
    private let script = FirewallScript(tag: "0123abcd")

    private func sets(_ entries: [FirewallEntry]) -> [String] { entries.map(\.set.name) }

    @Test func `a network is entries of the sets`() {
        let subnet = IPv4Prefix("10.1.0.0/24")!, subnet6 = IPv6Prefix("fd01::/64")!
        func entries(_ network: FirewallNetwork) -> [FirewallEntry] { script.entries(of: network) }
        let plain = entries(FirewallNetwork(bridge: "tr-a", subnet: subnet))
        #expect(sets(plain) == ["bridges", "within", "subnets"])
        let name = Array("tr-a".utf8) + [UInt8](repeating: 0, count: 12)
        #expect(plain.map(\.elements[0].key) == [name, name + name, [10, 1, 0, 0]])
        #expect(plain[2].elements[1] == SetElement([10, 1, 1, 0], isIntervalEnd: true))
        #expect(
            sets(entries(FirewallNetwork(bridge: "tr-a", subnet: subnet, isInternal: true)))
                == ["bridges", "within", "subnets", "internal"])
        #expect(
            sets(entries(FirewallNetwork(bridge: "tr-a", subnet: subnet, subnet6: subnet6, isMasqueraded: false)))
                == ["bridges", "within", "subnets", "subnets6", "unmasked", "unmasked6"])
    }

    @Test(
        arguments: [
            ("10.1.0.0/24", [[10, 1, 0, 0], [10, 1, 1, 0]]), ("10.1.255.0/24", [[10, 1, 255, 0], [10, 2, 0, 0]]),
            ("255.255.255.0/24", [[255, 255, 255, 0]]),
        ] as [(String, [[UInt8]])])
    func `an interval ends before the address that follows, or with the last there is`(_ row: (String, [[UInt8]])) {
        let set = NetfilterSet(.inet, "t", "s")
        #expect(FirewallEntry(set, IPv4Prefix(row.0)!).elements.map(\.key) == row.1)
        let last = FirewallEntry(set, IPv6Prefix("ff00::/8")!)
        #expect(last.elements.count == 1)
    }

    @Test func `any number of ports is one request a map`() {
        let container = IPv4Address("10.1.0.2")!
        let ports = [
            published("0.0.0.0", 8080, to: container, 80),
            published("192.0.2.2", 80, to: container, 80),
            published("0.0.0.0", 53, .udp, to: container, 5353),
            PublishedPort(
                SocketAddress(IPv6Address.any, port: 80), .sctp, to: SocketAddress(IPv6Address("fd00::2")!, port: 81)),
        ]
        let entries = script.entries(of: ports)
        #expect(sets(entries) == ["published", "published", "published_at", "published6"])
        #expect(
            entries[1].elements == [
                SetElement([17, 0, 0, 0, 0, 53, 0, 0], data: [10, 1, 0, 2, 0x14, 0xe9, 0, 0])
            ])
        #expect(entries[2].elements[0].key == [192, 0, 2, 2, 6, 0, 0, 0, 0, 80, 0, 0])
        #expect(
            FirewallEntry.adding(entries).map(\.words) == [
                "nft add element inet trice_0123abcd published (2)",
                "nft add element inet trice_0123abcd published_at (1)",
                "nft add element inet trice_0123abcd published6 (1)",
            ])
        #expect(FirewallEntry.deleting(entries).count == 3)
        #expect(script.entries(of: [PublishedPort]()).isEmpty)
    }

    @Test(arguments: [
        ("tr-0123abcdWXYZ", true), ("br_0.1", true), ("", false), ("a b", false), ("\"}", false),
        ("0123456789abcdef", false), ("é", false),
    ])
    func `only plain names are taken`(_ row: (String, Bool)) {
        #expect(FirewallScript.isPlain(row.0) == row.1)
    }
}

/// The table in the kernel: a "host" with two networks, an internal one, and an "outside" beyond a link of its own.
@Suite(.enabled(if: isRoot, "needs root")) struct FirewallTests {
    private func lockPath() -> String { "/tmp/trice-firewall-test-\(getpid())-\(UInt32.random(in: 0 ... .max))" }

    @Test func `the table comes with the first network and goes with the last`() throws {
        try inOwnNamespace {
            let path = lockPath()
            defer { unlink(path) }
            let firewall = Firewall(tag: "t", lockPath: path)
            let (a, b) = (IPv4Prefix("10.1.0.0/24")!, IPv4Prefix("10.2.0.0/24")!)
            try firewall.removeNetworks([FirewallNetwork(bridge: "tr-a", subnet: a)])
            try firewall.addNetwork(FirewallNetwork(bridge: "tr-a", subnet: a))
            try firewall.addNetwork(FirewallNetwork(bridge: "tr-a", subnet: a))
            try firewall.addNetwork(FirewallNetwork(bridge: "tr-b", subnet: b, isInternal: true))
            try firewall.ensureTable()
            #expect(try firewall.tables().sorted() == ["bridge trice_t", "inet trice_t"])
            let port = published("0.0.0.0", 80, to: IPv4Address("10.1.0.2")!, 80)
            var moved = port
            moved.container = SocketAddress(IPv4Address("10.1.0.3")!, port: 80)
            try firewall.publish([port])
            try firewall.publish([port])
            try firewall.publish([moved])
            #expect(try run("nft", "list", "map", "inet", "trice_t", "published").contains("tcp . 80 : 10.1.0.3 . 80"))
            let other = published("0.0.0.0", 81, to: IPv4Address("10.1.0.2")!, 80)
            try firewall.unpublish([other, moved])
            try firewall.unpublish([moved])
            #expect(try !run("nft", "list", "map", "inet", "trice_t", "published").contains("10.1.0.3"))
            try firewall.removeNetworks([FirewallNetwork(bridge: "tr-b", subnet: b, isInternal: true)])
            try firewall.removeNetworks([FirewallNetwork(bridge: "tr-b", subnet: b, isInternal: true)])
            #expect(try firewall.tables().sorted() == ["bridge trice_t", "inet trice_t"])
            try firewall.removeNetworks([FirewallNetwork(bridge: "tr-a", subnet: a)])
            #expect(try firewall.tables().isEmpty)
            #expect(try run("nft", "list", "ruleset") == "")
            #expect(throws: Failure.self) { try firewall.addNetwork(FirewallNetwork(bridge: "a\" }", subnet: a)) }
        }
    }

    @Test func `packets go where they may and nowhere else`() throws {
        let path = lockPath()
        defer { unlink(path) }
        try inOwnNamespace {
            let host = try NetworkHost()
            let firewall = Firewall(tag: "t", lockPath: path)
            func network(
                _ name: String, _ number: Int, isInternal: Bool = false, isMasqueraded: Bool = true
            ) throws -> Int32 {
                let network = BridgeNetwork(
                    name: name, subnet: IPv4Prefix("10.\(number).0.0/24")!, gateway: IPv4Address("10.\(number).0.1")!)
                try firewall.addNetwork(
                    FirewallNetwork(
                        bridge: name, subnet: network.subnet!, isInternal: isInternal, isMasqueraded: isMasqueraded))
                return try host.create(network)
            }
            func container(_ bridge: Int32, _ address: String) throws -> Child {
                let child = try makeContainer()
                let address = IPv4Address(address)!
                try host.connect(
                    containerPID: child.pid,
                    [
                        Endpoint(
                            .bridge(bridge, hostName: "tv\(address.value % 100_000_000)"), address: address,
                            prefixLength: 24,
                            gateway: IPv4Address(address.value & 0xffff_ff00 | 1))
                    ])
                return child
            }
            let (a, b) = (try network("tr-a", 71, isInternal: false), try network("tr-b", 72, isInternal: false))
            let inner = try network("tr-i", 73, isInternal: true)
            let plain = try network("tr-p", 74, isMasqueraded: false)
            let a2 = try container(a, "10.71.0.2")
            let a3 = try container(a, "10.71.0.3")
            let b2 = try container(b, "10.72.0.2")
            let p2 = try container(plain, "10.74.0.2")
            let i2 = try container(inner, "10.73.0.2")
            let i3 = try container(inner, "10.73.0.3")
            // The outside: a host beyond "uplink" that knows nothing of the networks behind this one but a route, as an
            // attacker on the same segment would set.
            let outside = try makeContainer()
            try run("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "eth0", "netns", "\(outside.pid)")
            try run("ip", "addr", "add", "198.51.100.1/24", "dev", "uplink")
            try run("ip", "link", "set", "uplink", "up")
            try run("ip", "link", "set", "lo", "up")
            try withNetworkNamespace(ofPID: outside.pid) {
                try run("ip", "addr", "add", "198.51.100.2/24", "dev", "eth0")
                try run("ip", "link", "set", "eth0", "up")
                try run("ip", "route", "add", "10.71.0.0/24", "via", "198.51.100.1")
                try run("ip", "route", "add", "10.73.0.0/24", "via", "198.51.100.1")
            }
            func pings(_ child: Child, _ target: String) throws -> Bool {
                try withNetworkNamespace(ofPID: child.pid) {
                    let ping = try Child(["busybox", "ping", "-c1", "-W1", target])
                    _ = try ping.finish()
                    return ping.status == 0
                }
            }
            #expect(try pings(a2, "10.71.0.3"), "within a network")
            #expect(try pings(a2, "198.51.100.2"), "to the outside, with the host's address")
            #expect(try !pings(a2, "10.72.0.2"), "into another network")
            #expect(try !pings(p2, "198.51.100.2"), "with an own address that nobody outside knows")
            _ = try withNetworkNamespace(ofPID: outside.pid) {
                try run("ip", "route", "add", "10.74.0.0/24", "via", "198.51.100.1")
            }
            #expect(try pings(p2, "198.51.100.2"), "with an own address that is known outside")
            #expect(try pings(i2, "10.73.0.3"), "within an internal network")
            #expect(try !pings(i2, "198.51.100.2"), "out of an internal network")
            #expect(try !pings(outside, "10.71.0.2"), "from outside to a container")
            #expect(try !pings(outside, "10.73.0.2"), "from outside to an internal one")

            // Published: a server on a3 that answers with its client's address.
            let server = try withNetworkNamespace(ofPID: a3.pid) {
                let server = try EchoServer(port: 80)
                return server
            }
            try firewall.publish([
                published("0.0.0.0", 8080, to: IPv4Address("10.71.0.3")!, 80),
                published("198.51.100.1", 81, to: IPv4Address("10.71.0.3")!, 80),
            ])
            func fetch(_ child: Child?, _ target: String, _ port: UInt16) throws -> String {
                let body = { try connectAndRead(target, port, server: server) }
                return try child.map { try withNetworkNamespace(ofPID: $0.pid, body) } ?? body()
            }
            #expect(try fetch(outside, "198.51.100.1", 8080) == "198.51.100.2", "from outside, with its own address")
            #expect(try fetch(outside, "198.51.100.1", 81) == "198.51.100.2", "on one address")
            #expect(try fetch(nil, "198.51.100.1", 8080) == "198.51.100.1", "from the host itself")
            #expect(try fetch(a2, "198.51.100.1", 8080) == "10.71.0.1", "from the same network, by the gateway")
            #expect(try fetch(b2, "198.51.100.1", 8080) == "10.71.0.1", "from another network, by the host")
            #expect(try fetch(a3, "10.71.0.1", 8080) == "10.71.0.1", "by the server itself")
            #expect(throws: SystemError.self, "an internal network has no way even so") {
                try fetch(i3, "198.51.100.1", 8080)
            }
        }
    }

    /// Prints what the firewall costs; the bounds are wide, as the machine may be busy.
    @Test func `a network and a port cost little`() throws {
        try inOwnNamespace {
            let path = lockPath()
            defer { unlink(path) }
            let start = EventLoop.now
            let firewall = Firewall(tag: "t", lockPath: path)
            try firewall.addNetwork(FirewallNetwork(bridge: "tr-a", subnet: IPv4Prefix("10.1.0.0/24")!))
            let first = EventLoop.now
            try firewall.addNetwork(FirewallNetwork(bridge: "tr-b", subnet: IPv4Prefix("10.2.0.0/24")!))
            let second = EventLoop.now
            try firewall.publish([published("0.0.0.0", 80, to: IPv4Address("10.1.0.2")!, 80)])
            let third = EventLoop.now
            func ms(_ a: UInt64, _ b: UInt64) -> Double { Double(b - a) / 1_000_000 }
            print(
                "firewall: first network \(ms(start, first)) ms, another \(ms(first, second)) ms, a port \(ms(second, third)) ms"
            )
            #expect(ms(start, third) < 1000)
        }
    }
}
