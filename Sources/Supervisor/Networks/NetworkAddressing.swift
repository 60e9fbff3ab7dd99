// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Networking

/// The subnets of a new network: those that the file asks for, and free ones where it does not. Pure.
struct NetworkAddressing {
    let subnet: IPv4Prefix
    let gateway: IPv4Address
    private(set) var range: IPv4Prefix?
    private(set) var auxiliary: [IPv4Address] = []
    private(set) var subnet6: IPv6Prefix?
    private(set) var gateway6: IPv6Address?

    /// - Parameters:
    ///   - hostSubnets: every network that the host has a route or an address in.
    ///   - others: the networks of the root.
    /// - Throws: `Failure` at the place in the file of what cannot be had.
    init(of network: Network, tag: String, hostSubnets: [IPv4Prefix], others: [NetworkRecord]) throws {
        let place = network.places["ipam"] ?? network.location
        func parsed<T: LosslessStringConvertible>(_ text: String, _ type: T.Type, _ what: String) throws(Failure) -> T {
            guard let value = T(text) else {
                throw Failure("network \(network.key): \(text) is no \(what)", at: place)
            }
            return value
        }
        let four = network.subnets.filter { !($0.subnet?.contains(":") ?? false) }
        let six = network.subnets.filter { $0.subnet?.contains(":") ?? false }
        guard four.count <= 1, six.count <= 1 else {
            throw Failure("network \(network.key): a bridge network has one IPv4 subnet and one IPv6 subnet", at: place)
        }

        let taken = hostSubnets + others.map(\.subnet)
        if let text = four.first?.subnet {
            subnet = try parsed(text, IPv4Prefix.self, "subnet")
            if let other = taken.first(where: { [subnet] in $0.length > 0 && $0.overlaps(subnet) }) {
                throw Failure(
                    "network \(network.key): the subnet \(subnet) overlaps with \(other), which is in use on this host",
                    at: place, hint: "choose another one, or leave it out")
            }
        } else if let free = SubnetPool.choose(avoiding: taken) {
            subnet = free
        } else {
            throw Failure("no free subnet is left for network \(network.key)", at: network.location)
        }
        range = try four.first?.ipRange.map { text throws(Failure) in try parsed(text, IPv4Prefix.self, "range") }
        for reserved in four.first?.auxiliaryAddresses ?? [] {
            auxiliary.append(try parsed(reserved.value, IPv4Address.self, "IPv4 address"))
        }
        let asked = try four.first?.gateway.map { text throws(Failure) in
            try parsed(text, IPv4Address.self, "IPv4 address")
        }
        do {
            gateway = try AddressPool(subnet: subnet, gateway: asked, range: range, auxiliary: auxiliary).gateway
        } catch { throw Failure("network \(network.key): \(error)", at: place) }

        guard network.enableIPv6 == true || !six.isEmpty else { return }
        let taken6 = Set(others.compactMap(\.subnet6))
        if let text = six.first?.subnet {
            let subnet = try parsed(text, IPv6Prefix.self, "subnet")
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
        let asked6 = try six.first?.gateway.map { text throws(Failure) in
            try parsed(text, IPv6Address.self, "IPv6 address")
        }
        do { gateway6 = try IPv6AddressPool(subnet: subnet6, gateway: asked6).gateway } catch {
            throw Failure("network \(network.key): \(error)", at: place)
        }
    }
}

/// A hardware address as `02:42:ac:11:00:02`; nil where the text is none.
func hardwareAddress(parsing text: String) -> [UInt8]? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { $0.utf8.count == 2 ? UInt8($0, radix: 16) : nil }
    return parts.count == 6 && bytes.count == 6 ? bytes : nil
}
