// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Netlink
import Testing

@testable import Networking

/// A container that lies about who it is, between two that do not.
@Suite(.enabled(if: isRoot, "needs root")) struct SourceGuardTests {
    private struct Host {
        let address: IPv4Address
        let address6: IPv6Address
        let child: Child
        var hardware: [UInt8] { hardwareAddress(for: address) }

        func inside<T>(_ body: () throws -> T) throws -> T { try withNetworkNamespace(ofPID: child.pid, body) }
    }

    /// What the liar reached.
    private struct Reached: OptionSet, CustomStringConvertible {
        let rawValue: Int
        static let arp = Reached(rawValue: 1)
        static let gatewayARP = Reached(rawValue: 2)
        static let datagram = Reached(rawValue: 4)
        static let advertisement = Reached(rawValue: 8)
        static let hardware = Reached(rawValue: 16)
        static let all: Reached = [.arp, .gatewayARP, .datagram, .advertisement, .hardware]

        var description: String {
            let names = ["arp", "gatewayARP", "datagram", "advertisement", "hardware"]
            return names.enumerated().filter { rawValue & 1 << $0.offset != 0 }.map(\.element).joined(separator: " ")
        }
    }

    @Test func `nobody sends under a neighbour's address, and without the guard's rules anybody could`() throws {
        let path = "/tmp/trice-guard-test-\(getpid())"
        defer { unlink(path) }
        try inOwnNamespace {
            let host = try NetworkHost()
            let firewall = Firewall(tag: "t", lockPath: path)
            let network = BridgeNetwork(
                name: "tr-a", subnet: IPv4Prefix("10.71.0.0/24")!, gateway: IPv4Address("10.71.0.1")!,
                subnet6: IPv6Prefix("fd71::/64")!, gateway6: IPv6Address("fd71::1")!)
            try firewall.addNetwork(
                FirewallNetwork(bridge: "tr-a", subnet: network.subnet!, subnet6: network.subnet6))
            let bridge = try host.create(network)
            let hosts = try (2...4).map { number in
                let it = Host(
                    address: IPv4Address("10.71.0.\(number)")!, address6: IPv6Address("fd71::\(number)")!,
                    child: try makeContainer())
                let endpoint = Endpoint(
                    .bridge(bridge, hostName: "tvt\(number)"), address: it.address, prefixLength: 24,
                    address6: it.address6)
                try firewall.admit([LinkSource(endpoint)!])
                try host.connect(containerPID: it.child.pid, [endpoint])
                return it
            }
            #expect(try lie(hosts[1], about: hosts[0], to: hosts[2]) == [])
            try run("nft", "flush", "chain", "bridge", "trice_t", "prerouting")
            // What is believed may be put right again at once by what the neighbour itself says: some attempts.
            var reached: Reached = []
            for _ in 0..<100 where reached != .all {
                reached.formUnion(try lie(hosts[1], about: hosts[0], to: hosts[2]))
            }
            #expect(reached == .all)
            try firewall.ensureTable()
            #expect(try lie(hosts[1], about: hosts[0], to: hosts[2]) == [])
            // Who is not admitted does not send at all.
            let liar = LinkSource(
                link: "tvt3", hardwareAddress: hosts[1].hardware, addresses: [hosts[1].address],
                addresses6: [hosts[1].address6])
            try firewall.dismiss([liar])
            try firewall.dismiss([liar])
            #expect(try !hosts[1].inside { try Child(["busybox", "ping", "-c1", "-W1", "10.71.0.4"]).succeeds() })
        }
    }

    /// The liar tries all that it can; the last thing that it sends is true, and has arrived when this returns.
    private func lie(_ liar: Host, about neighbour: Host, to victim: Host) throws -> Reached {
        // The truth first: in the tables of the victim and of the bridge.
        try victim.inside {
            try run("ip", "neigh", "flush", "all")
            for target in ["\(neighbour.address)", "10.71.0.1"] {
                #expect(try Child(["busybox", "ping", "-c1", "-W5", target]).succeeds())
            }
            #expect(try Child(["busybox", "ping6", "-c1", "-W5", "\(neighbour.address6)"]).succeeds())
            // Linux does not believe a second answer within a second of the first, and with 0 not in the same tick.
            try Descriptor.open("/proc/sys/net/ipv4/neigh/eth0/locktime", O_WRONLY).writeAll("-1".utf8)
        }
        let socket = try victim.inside { try openSocket(AF_INET, .udp, blocking: true) }
        try check("bind") { SocketAddress(IPv4Address.any, port: 9).withSockaddr { bind(socket.raw, $0, $1) } }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(socket.raw, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        try liar.inside {
            try send(
                [
                    Frame.arpReply(neighbour.address, at: liar.hardware, to: victim.address, victim.hardware),
                    Frame.arpReply(IPv4Address("10.71.0.1")!, at: liar.hardware, to: victim.address, victim.hardware),
                    Frame.neighbourAdvertisement(
                        neighbour.address6, at: liar.hardware, to: victim.address6, victim.hardware),
                    Frame.udp(
                        from: neighbour.address, liar.hardware, to: victim.address, victim.hardware, port: 9, 1),
                    Frame.ethernet(0x88b5, from: neighbour.hardware, to: Frame.everybody, [0]),
                    Frame.udp(from: liar.address, liar.hardware, to: victim.address, victim.hardware, port: 9, 2),
                ], on: "eth0")
        }
        var reached: Reached = []
        var byte: UInt8 = 0
        while byte != 2 {
            try check("recv") { recv(socket.raw, &byte, 1, 0) }
            if byte == 1 { reached.insert(.datagram) }
        }
        let believed = try victim.inside { try run("ip", "neigh", "show") }.split(separator: "\n").filter {
            $0.contains(hardwareAddressText(liar.hardware))
        }
        for (what, address) in [
            (Reached.arp, "\(neighbour.address)"), (.gatewayARP, "10.71.0.1"),
            (.advertisement, "\(neighbour.address6)"),
        ] where believed.contains(where: { $0.hasPrefix("\(address) ") }) {
            reached.insert(what)
        }
        let learnt = try run("bridge", "fdb", "show", "br", "tr-a").split(separator: "\n")
        if learnt.contains(where: { $0.hasPrefix("\(hardwareAddressText(neighbour.hardware)) dev tvt3 ") }) {
            reached.insert(.hardware)
        }
        return reached
    }
}
