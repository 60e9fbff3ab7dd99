// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Networking
import Testing

@testable import Supervisor

@Suite struct NetworkAddressingTests {
    private let hostSubnets = [IPv4Prefix("0.0.0.0/0")!, IPv4Prefix("172.16.0.0/24")!, IPv4Prefix("10.9.0.0/16")!]

    private func addressing(_ subnets: [Network.Subnet], ipv6: Bool? = nil) throws -> NetworkAddressing {
        var network = Network(key: "n", name: "p_n", location: nil)
        (network.subnets, network.enableIPv6) = (subnets, ipv6)
        return try NetworkAddressing(of: network, tag: "0123abcd", hostSubnets: hostSubnets, others: [])
    }

    private func subnet(
        _ subnet: String?, gateway: String? = nil, range: String? = nil, auxiliary: [String] = []
    ) -> Network.Subnet {
        var result = Network.Subnet(subnet: subnet, gateway: gateway)
        result.ipRange = range
        result.auxiliaryAddresses = auxiliary.map { KeyValue(name: "a", value: $0) }
        return result
    }

    @Test func `a network that names no subnet gets one that the host does not have`() throws {
        let found = try addressing([])
        #expect(found.subnet == IPv4Prefix("172.16.1.0/24"))
        #expect(found.gateway == IPv4Address("172.16.1.1"))
        #expect(found.subnet6 == nil)
    }

    @Test func `what the file names is taken`() throws {
        let found = try addressing([
            subnet("10.1.0.0/16", gateway: "10.1.0.200", range: "10.1.4.0/24", auxiliary: ["10.1.4.1"]),
            subnet("fd00:1::/64", gateway: "fd00:1::9"),
        ])
        #expect(found.subnet == IPv4Prefix("10.1.0.0/16"))
        #expect(found.gateway == IPv4Address("10.1.0.200"))
        #expect(found.range == IPv4Prefix("10.1.4.0/24"))
        #expect(found.auxiliary == [IPv4Address("10.1.4.1")])
        #expect(found.subnet6 == IPv6Prefix("fd00:1::/64"))
        #expect(found.gateway6 == IPv6Address("fd00:1::9"))
    }

    @Test func `IPv6 without a subnet gets a unique local one, always the same`() throws {
        let found = try addressing([], ipv6: true)
        let subnet = try #require(found.subnet6)
        #expect(IPv6Prefix("fd00::/8")?.contains(subnet.address) == true)
        #expect(subnet.length == 64)
        #expect(try addressing([], ipv6: true).subnet6 == subnet)
        #expect(found.gateway6 == subnet.address.next)
    }

    struct Wrong: CustomTestStringConvertible {
        let subnets: [Network.Subnet]
        let says: String
        var testDescription: String { says }
    }

    private static func wrong(_ subnet: String, gateway: String? = nil, range: String? = nil, _ says: String) -> Wrong {
        var one = Network.Subnet(subnet: subnet, gateway: gateway)
        one.ipRange = range
        return Wrong(subnets: [one], says: says)
    }

    @Test(arguments: [
        wrong("10.1.0.0", "network n: 10.1.0.0 is no subnet"),
        wrong(
            "10.9.7.0/24", "network n: the subnet 10.9.7.0/24 overlaps with 10.9.0.0/16, which is in use on this host"),
        wrong("10.1.0.0/24", gateway: "10.2.0.1", "network n: 10.2.0.1 is not in the network's subnet 10.1.0.0/24"),
        wrong("10.1.0.0/24", range: "10.2.0.0/25", "network n: 10.2.0.0 is not in the network's subnet 10.1.0.0/24"),
        wrong("fd00::/64", gateway: "fd01::1", "network n: fd01::1 is not in the network's subnet fd00::/64"),
        Wrong(
            subnets: [.init(subnet: "10.1.0.0/24", gateway: nil), .init(subnet: "10.2.0.0/24", gateway: nil)],
            says: "network n: a network has one IPv4 subnet and one IPv6 subnet"),
    ])
    func `what cannot be had is said`(_ row: Wrong) {
        let failure = #expect(throws: Failure.self) { try addressing(row.subnets) }
        #expect(failure?.message == row.says)
    }
}
