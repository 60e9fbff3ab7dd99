// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The addresses of one network: who can have which.
///
/// A value without effects. Addresses are given in ascending order and start again only at the end, so one that was given
/// back is used again as late as can be: what still has it in a cache does not reach the wrong container.
package struct AddressPool: Sendable {
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        case exhausted(IPv4Prefix)
        case outside(IPv4Address, IPv4Prefix)
        case taken(IPv4Address, IPv4Prefix)
        case reserved(IPv4Address, IPv4Prefix, as: String)

        package var description: String {
            switch self {
            case .exhausted(let subnet): "no address is left in \(subnet)"
            case .outside(let address, let subnet): "\(address) is not in the network's subnet \(subnet)"
            case .taken(let address, let subnet): "\(address) of \(subnet) is already in use"
            case .reserved(let address, let subnet, let use): "\(address) is the \(use) of \(subnet)"
            }
        }
    }

    package let subnet: IPv4Prefix
    package let gateway: IPv4Address
    private let range: ClosedRange<UInt32>
    private var taken: Set<UInt32>
    private var next: UInt32

    /// - Parameters:
    ///   - gateway: the bridge's own address; the first of the subnet where none is asked for.
    ///   - range: where addresses are taken from that nobody asked for (`ip_range`); static ones may lie outside of it.
    ///   - auxiliary: addresses of the subnet that are in use elsewhere (`aux_addresses`).
    package init(
        subnet: IPv4Prefix, gateway: IPv4Address? = nil, range: IPv4Prefix? = nil, auxiliary: [IPv4Address] = []
    ) throws(Problem) {
        self.subnet = subnet
        self.gateway = gateway ?? IPv4Address(subnet.hosts.lowerBound)
        guard subnet.contains(self.gateway) else { throw .outside(self.gateway, subnet) }
        if let range, !subnet.contains(range) { throw .outside(range.address, subnet) }
        for address in auxiliary where !subnet.contains(address) { throw .outside(address, subnet) }
        self.range = (range.map { $0.first.value...$0.last.value } ?? subnet.hosts).clamped(to: subnet.hosts)
        taken = Set(auxiliary.map(\.value))
        taken.insert(self.gateway.value)
        next = self.range.lowerBound
    }

    /// The next free address.
    package mutating func allocate() throws(Problem) -> IPv4Address {
        var candidate = next
        repeat {
            let address = candidate
            candidate = candidate == range.upperBound ? range.lowerBound : candidate + 1
            if taken.insert(address).inserted {
                next = candidate
                return IPv4Address(address)
            }
        } while candidate != next
        throw .exhausted(subnet)
    }

    /// Takes this very address.
    package mutating func reserve(_ address: IPv4Address) throws(Problem) {
        guard subnet.contains(address) else { throw .outside(address, subnet) }
        if address == gateway { throw .reserved(address, subnet, as: "gateway") }
        if !subnet.hosts.contains(address.value) {
            throw .reserved(address, subnet, as: address == subnet.first ? "network address" : "broadcast address")
        }
        guard taken.insert(address.value).inserted else { throw .taken(address, subnet) }
    }

    /// Gives an address back. One that is free, or the gateway, is left as it is.
    package mutating func release(_ address: IPv4Address) {
        if address != gateway { taken.remove(address.value) }
    }

    package func isTaken(_ address: IPv4Address) -> Bool { taken.contains(address.value) }
}
