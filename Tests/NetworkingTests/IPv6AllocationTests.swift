// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Networking

@Suite struct IPv6AllocationTests {
    private let subnet = IPv6Prefix("fd00:1::/64")!

    @Test func `addresses come in order, after the gateway`() throws {
        var pool = try IPv6AddressPool(subnet: subnet)
        #expect(pool.gateway == IPv6Address("fd00:1::1"))
        #expect(try pool.allocate() == IPv6Address("fd00:1::2"))
        try pool.reserve(IPv6Address("fd00:1::3")!)
        #expect(try pool.allocate() == IPv6Address("fd00:1::4"))
    }

    @Test func `an address that is taken or outside is refused`() throws {
        var pool = try IPv6AddressPool(subnet: subnet, gateway: IPv6Address("fd00:1::99")!)
        try pool.reserve(IPv6Address("fd00:1::5")!)
        for (address, text) in [
            ("fd00:1::5", "fd00:1::5 of fd00:1::/64 is already in use"),
            ("fd00:1::99", "fd00:1::99 of fd00:1::/64 is already in use"),
            ("fd00:2::5", "fd00:2::5 is not in the network's subnet fd00:1::/64"),
        ] {
            let problem = #expect(throws: IPv6AddressPool.Problem.self) { try pool.reserve(IPv6Address(address)!) }
            #expect(problem?.description == text)
        }
    }

    @Test func `a full subnet says so`() throws {
        var pool = try IPv6AddressPool(subnet: IPv6Prefix("fd00:1::/127")!)
        #expect(throws: IPv6AddressPool.Problem.exhausted(IPv6Prefix("fd00:1::/127")!)) { try pool.allocate() }
    }

    @Test func `the address after the last of a half is the first of the next`() {
        #expect(IPv6Address("fd00::ffff:ffff:ffff:ffff")?.next == IPv6Address("fd00:0:0:1::"))
    }

    @Test func `a network's own range avoids those of others and stays below the root's`() throws {
        let first = try #require(UniqueLocalSubnet.choose(tag: "0123abcd", network: "a", avoiding: []))
        let second = try #require(UniqueLocalSubnet.choose(tag: "0123abcd", network: "a", avoiding: [first]))
        #expect(first != second)
        #expect(first.address.high >> 16 == second.address.high >> 16)
        #expect(UniqueLocalSubnet.choose(tag: "ffffffff", network: "a", avoiding: [])?.overlaps(first) == false)
    }
}
