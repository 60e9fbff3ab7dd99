// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Networking

/// The subnets of a new network: those that the file asks for, and free ones where it does not. Pure.
struct NetworkAddressing {
    /// Nil where the file wants no IPv4.
    private(set) var subnet: IPv4Prefix?
    private(set) var gateway: IPv4Address?
    private(set) var range: IPv4Prefix?
    private(set) var auxiliary: [IPv4Address] = []
    private(set) var subnet6: IPv6Prefix?
    private(set) var gateway6: IPv6Address?

    /// - Parameters:
    ///   - hostSubnets: every network that the host has a route or an address in. One on a parent link may be one of them.
    ///   - others: the networks of the root.
    /// - Throws: `Failure` at the place in the file of what cannot be had.
    init(of network: Network, tag: String, hostSubnets: [IPv4Prefix], others: [NetworkClaim]) throws {
        let place = network.places["ipam"] ?? network.location
        let four = network.subnets.filter { !$0.isIPv6 }
        let six = network.subnets.filter(\.isIPv6)
        guard four.count <= 1, six.count <= 1 else {
            throw Failure("network \(network.key): a network has one IPv4 subnet and one IPv6 subnet", at: place)
        }

        if network.enableIPv4 == false {
            guard four.isEmpty else {
                throw Failure("network \(network.key): an IPv4 subnet, and enable_ipv4: false", at: place)
            }
            guard network.enableIPv6 == true || !six.isEmpty else {
                throw Failure(
                    "network \(network.key): neither IPv4 nor IPv6", at: network.places["enable_ipv4"] ?? place,
                    hint: "write enable_ipv6: true")
            }
        } else {
            let known = ParentOptions.names(of: network.driver).isEmpty ? hostSubnets : []
            try chooseIPv4(four.first, of: network, taken: known + others.compactMap(\.subnet), hostSubnets)
        }

        guard network.enableIPv6 == true || !six.isEmpty else { return }
        let taken6 = Set(others.compactMap(\.subnet6))
        if let text = six.first?.subnet {
            let subnet: IPv6Prefix = try NetworkAddressing.parse(text, of: network, "subnet")
            if let other = taken6.first(where: { $0.overlaps(subnet) }) {
                throw Failure(
                    "network \(network.key): the subnet \(subnet) overlaps with \(other), which is in use", at: place,
                    hint: "choose another one, or leave it out")
            }
            subnet6 = subnet
        } else {
            subnet6 = UniqueLocalSubnet.choose(tag: tag, network: network.name, avoiding: taken6)
        }
        guard let subnet6 else {
            throw Failure("no free subnet is left for network \(network.key)", at: network.location)
        }
        if let text = six.first?.gateway {
            gateway6 = try NetworkAddressing.parse(text, of: network, "IPv6 address")
        }
        do { gateway6 = try IPv6AddressPool(subnet: subnet6, gateway: gateway6).gateway } catch {
            throw Failure("network \(network.key): \(error)", at: place)
        }
    }

    private mutating func chooseIPv4(
        _ asked: Network.Subnet?, of network: Network, taken: [IPv4Prefix], _ hostSubnets: [IPv4Prefix]
    ) throws(Failure) {
        let place = network.places["ipam"] ?? network.location
        let subnet: IPv4Prefix
        if let text = asked?.subnet {
            subnet = try NetworkAddressing.parse(text, of: network, "subnet")
            if let other = taken.first(where: { $0.length > 0 && $0.overlaps(subnet) }) {
                throw Failure(
                    "network \(network.key): the subnet \(subnet) overlaps with \(other), which is in use on this host",
                    at: place, hint: "choose another one, or leave it out")
            }
        } else if let free = SubnetPool.choose(avoiding: taken + hostSubnets) {
            subnet = free
        } else {
            throw Failure("no free subnet is left for network \(network.key)", at: network.location)
        }
        if let text = asked?.ipRange { range = try NetworkAddressing.parse(text, of: network, "range") }
        for reserved in asked?.auxiliaryAddresses ?? [] {
            auxiliary.append(try NetworkAddressing.parse(reserved.value, of: network, "IPv4 address"))
        }
        if let text = asked?.gateway { gateway = try NetworkAddressing.parse(text, of: network, "IPv4 address") }
        do {
            gateway = try AddressPool(subnet: subnet, gateway: gateway, range: range, auxiliary: auxiliary).gateway
        } catch { throw Failure("network \(network.key): \(error)", at: place) }
        self.subnet = subnet
    }

    private static func parse<T: LosslessStringConvertible>(
        _ text: String, of network: Network, _ what: String
    ) throws(Failure) -> T {
        guard let value = T(text) else {
            throw Failure(
                "network \(network.key): \(text) is no \(what)", at: network.places["ipam"] ?? network.location)
        }
        return value
    }
}

extension Network.Subnet {
    /// One that says no address is of IPv4.
    var isIPv6: Bool { subnet?.contains(":") ?? false }
}

/// A hardware address as `02:42:ac:11:00:02`; nil where the text is none.
func hardwareAddress(parsing text: String) -> [UInt8]? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { $0.utf8.count == 2 ? UInt8($0, radix: 16) : nil }
    return parts.count == 6 && bytes.count == 6 ? bytes : nil
}
