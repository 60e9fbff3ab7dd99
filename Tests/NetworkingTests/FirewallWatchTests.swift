// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux
import Testing

@testable import Networking

@Suite(.enabled(if: isRoot, "needs root")) struct FirewallWatchTests {
    @Test func `the removal of a root's tables is told, and all that was in them is made anew at once`() throws {
        let path = "/tmp/trice-watch-test-\(getpid())"
        defer { unlink(path) }
        try inOwnNamespace {
            let loop = try EventLoop()
            let firewall = Firewall(tag: "t", lockPath: path)
            let network = FirewallNetwork(
                bridge: "tr-a", subnet: IPv4Prefix("10.1.0.0/24")!, subnet6: IPv6Prefix("fd01::/64")!)
            let source = LinkSource(
                link: "tvt1", hardwareAddress: [2, 0, 0, 0, 0, 1], addresses: [IPv4Address("10.1.0.2")!],
                addresses6: [IPv6Address("fd01::2")!])
            let port = PublishedPort(
                SocketAddress(IPv4Address.any, port: 8080), to: SocketAddress(IPv4Address("10.1.0.2")!, port: 80))
            try firewall.addNetwork(network)
            try firewall.admit([source])
            try firewall.publish([port])
            let before = try run("nft", "list", "ruleset")
            #expect(before.contains("10.1.0.2 . 80") && before.contains("\"tvt1\" . 02:00:00:00:00:01"))
            var removals = 0
            let watch = try FirewallWatch(tag: "t", on: loop) {
                Issue.record($0)
                loop.stop()
            } onRemoval: {
                removals += 1
                loop.stop()
            }
            defer { watch.stop() }
            // Another's table is nothing to this one; the host's own firewall begins its reload with a flush.
            try run("nft", "add table inet other; delete table inet other; flush ruleset")
            try loop.run()
            #expect(removals == 1)
            #expect(try run("nft", "list", "ruleset") == "")
            try firewall.restore([network], [source], [port])
            #expect(try run("nft", "list", "ruleset") == before)
            try firewall.restore([network], [source], [port])
            #expect(try run("nft", "list", "ruleset") == before)
        }
    }
}
