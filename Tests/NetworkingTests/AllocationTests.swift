// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import SplitMix
import Testing

@testable import Networking

@Suite struct AllocationTests {
    private func prefix(_ text: String) -> IPv4Prefix { IPv4Prefix(text)! }
    private func address(_ text: String) -> IPv4Address { IPv4Address(text)! }

    @Test(arguments: [
        ([], "172.16.0.0/24"),
        (["0.0.0.0/0"], "172.16.0.0/24"),
        (["172.16.0.0/24"], "172.16.1.0/24"),
        (["172.16.0.128/25"], "172.16.1.0/24"),
        (["172.16.0.7/32", "172.16.1.7/32"], "172.16.2.0/24"),
        (["172.16.0.0/16", "172.16.5.0/24"], "172.17.0.0/24"),
        (["172.16.0.0/12"], "10.0.0.0/24"),
        (["172.0.0.0/8", "10.0.0.0/9"], "10.128.0.0/24"),
        (["172.16.1.0/24"], "172.16.0.0/24"),
    ])
    func `the lowest free subnet is chosen`(_ row: ([String], String)) {
        #expect(SubnetPool.choose(avoiding: row.0.map(prefix)) == prefix(row.1))
    }

    @Test func `where all is taken there is none`() {
        #expect(SubnetPool.choose(avoiding: [prefix("172.16.0.0/12"), prefix("10.0.0.0/8")]) == nil)
        #expect(SubnetPool.choose(avoiding: [prefix("128.0.0.0/1"), prefix("0.0.0.0/1")]) == nil)
    }

    @Test func `five thousand networks get five thousand subnets`() throws {
        var taken: [IPv4Prefix] = [prefix("172.17.0.0/16"), prefix("10.0.0.0/20"), prefix("192.0.2.0/24")]
        // The last hundred one by one, the ones before in one go: the same search, in less time.
        var block: UInt32 = 0xac10_0000
        for _ in 0..<3740 {
            if prefix("172.17.0.0/16").contains(IPv4Address(block)) { block += 1 << 16 }
            taken.append(IPv4Prefix(IPv4Address(block), length: 24)!)
            block += 256
        }
        for _ in 0..<200 {
            let next = try #require(SubnetPool.choose(avoiding: taken))
            #expect(!taken.contains { $0.overlaps(next) })
            taken.append(next)
        }
        #expect(
            taken.last == prefix("10.0.99.0/24") || taken.last!.address > address("10.0.16.0") || taken.count > 3900)
    }

    @Test func `a random choice never overlaps what is avoided`() throws {
        var random = SplitMix(state: 11)
        for _ in 0..<100 {
            let avoided = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                let base: UInt32 =
                    Bool.random(using: &random)
                    ? 0xac10_0000 : 0xac10_0000 | UInt32.random(in: 0...0xfffff, using: &random)
                return IPv4Prefix(IPv4Address(base), length: Int.random(in: 14...32, using: &random))!
            }
            let chosen = try #require(SubnetPool.choose(avoiding: avoided))
            #expect(!avoided.contains { $0.overlaps(chosen) })
        }
    }

    @Test func `addresses go up from behind the gateway`() throws {
        var pool = try AddressPool(subnet: prefix("10.1.0.0/24"))
        #expect(pool.gateway == address("10.1.0.1"))
        #expect(try (0..<3).map { _ in try pool.allocate().description } == ["10.1.0.2", "10.1.0.3", "10.1.0.4"])
    }

    @Test func `an address that was given back is used last`() throws {
        var pool = try AddressPool(subnet: prefix("10.1.0.0/29"))
        let first = try pool.allocate()
        pool.release(first)
        #expect(
            try (0..<5).map { _ in try pool.allocate().description }
                == ["10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6", "10.1.0.2"])
        #expect(throws: AddressPool.Problem.exhausted(prefix("10.1.0.0/29"))) { try pool.allocate() }
        pool.release(address("10.1.0.4"))
        #expect(try pool.allocate() == address("10.1.0.4"))
    }

    @Test func `a static address is kept from the others`() throws {
        var pool = try AddressPool(subnet: prefix("10.1.0.0/24"))
        try pool.reserve(address("10.1.0.3"))
        #expect(try pool.allocate() == address("10.1.0.2"))
        #expect(try pool.allocate() == address("10.1.0.4"))
        #expect(throws: AddressPool.Problem.taken(address("10.1.0.3"), pool.subnet)) {
            try pool.reserve(address("10.1.0.3"))
        }
    }

    @Test(arguments: [
        ("10.1.0.1", "10.1.0.1 is the gateway of 10.1.0.0/24"),
        ("10.1.0.0", "10.1.0.0 is the network address of 10.1.0.0/24"),
        ("10.1.0.255", "10.1.0.255 is the broadcast address of 10.1.0.0/24"),
        ("10.1.1.1", "10.1.1.1 is not in the network's subnet 10.1.0.0/24"),
    ])
    func `a static address that cannot be is an error`(_ row: (String, String)) throws {
        var pool = try AddressPool(subnet: prefix("10.1.0.0/24"))
        #expect { try pool.reserve(address(row.0)) } throws: { "\($0)" == row.1 }
    }

    @Test func `a range and auxiliary addresses narrow what is given`() throws {
        var pool = try AddressPool(
            subnet: prefix("10.1.0.0/24"), gateway: address("10.1.0.254"), range: prefix("10.1.0.64/30"),
            auxiliary: [address("10.1.0.65")])
        #expect(try (0..<3).map { _ in try pool.allocate().description } == ["10.1.0.64", "10.1.0.66", "10.1.0.67"])
        #expect(throws: AddressPool.Problem.self) { try pool.allocate() }
        try pool.reserve(address("10.1.0.9"))
        #expect(pool.isTaken(address("10.1.0.254")))
    }

    @Test func `a gateway or range outside the subnet is an error`() {
        #expect(throws: AddressPool.Problem.self) {
            try AddressPool(subnet: prefix("10.1.0.0/24"), gateway: address("10.1.1.1"))
        }
        #expect(throws: AddressPool.Problem.self) {
            try AddressPool(subnet: prefix("10.1.0.0/24"), range: prefix("10.1.0.0/16"))
        }
    }

    @Test func `no address has two owners whatever is taken and given back`() throws {
        var random = SplitMix(state: 5)
        var pool = try AddressPool(subnet: prefix("10.1.0.0/26"))
        var owned: Set<IPv4Address> = []
        for _ in 0..<5000 {
            if Bool.random(using: &random), owned.count < 60 {
                #expect(owned.insert(try pool.allocate()).inserted)
            } else if let one = owned.randomElement(using: &random) {
                owned.remove(one)
                pool.release(one)
            }
        }
    }

    @Test func `names fit into the kernel's fifteen bytes and differ`() {
        let bridges = (0..<1000).map { LinkName.bridge(tag: "0123abcd", network: "project\($0)_default") }
        #expect(bridges.allSatisfy { $0.utf8.count == 15 && $0.hasPrefix("tr-0123abcd") })
        #expect(Set(bridges).count >= 998)
        let veths = (0..<1000).map { LinkName.veth(tag: "0123abcd", container: "c", network: "n", salt: $0) }
        #expect(veths.allSatisfy { $0.utf8.count == 15 && $0.hasPrefix("tv0123abcd") })
        #expect(Set(veths).count == 1000)
    }
}
