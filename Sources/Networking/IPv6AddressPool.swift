// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The IPv6 addresses of one network: who can have which. A value without effects.
package struct IPv6AddressPool: Sendable {
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        case exhausted(IPv6Prefix)
        case outside(IPv6Address, IPv6Prefix)
        case taken(IPv6Address, IPv6Prefix)

        package var description: String {
            switch self {
            case .exhausted(let subnet): "no address is left in \(subnet)"
            case .outside(let address, let subnet): "\(address) is not in the network's subnet \(subnet)"
            case .taken(let address, let subnet): "\(address) of \(subnet) is already in use"
            }
        }
    }

    package let subnet: IPv6Prefix
    package let gateway: IPv6Address
    private var taken: Set<IPv6Address>

    /// - Parameter gateway: the bridge's own address; the first after the subnet's own where none is asked for.
    package init(subnet: IPv6Prefix, gateway: IPv6Address? = nil) throws(Problem) {
        self.subnet = subnet
        self.gateway = gateway ?? subnet.address.next
        guard subnet.contains(self.gateway) else { throw .outside(self.gateway, subnet) }
        // The subnet's own address is that of any router on it (RFC 4291, section 2.6.1).
        taken = [subnet.address, self.gateway]
    }

    /// The lowest free address.
    package mutating func allocate() throws(Problem) -> IPv6Address {
        var candidate = subnet.address
        repeat { candidate = candidate.next } while taken.contains(candidate)
        guard subnet.contains(candidate) else { throw .exhausted(subnet) }
        taken.insert(candidate)
        return candidate
    }

    /// Takes this very address.
    package mutating func reserve(_ address: IPv6Address) throws(Problem) {
        guard subnet.contains(address) else { throw .outside(address, subnet) }
        guard taken.insert(address).inserted else { throw .taken(address, subnet) }
    }
}

/// Chooses the IPv6 subnet of a network that names none.
package enum UniqueLocalSubnet {
    /// A /64 of `fd00::/8` (RFC 4193): the global id comes from the root's tag, the subnet id from the network's name, so
    /// that a network that is made again has the same one.
    ///
    /// - Parameter taken: subnets that are in use.
    /// - Returns: nil where all 65,536 of the root are taken.
    package static func choose(tag: String, network: String, avoiding taken: Set<IPv6Prefix>) -> IPv6Prefix? {
        let site = hash(tag) & 0xff_ffff_ffff
        let first = hash(network) & 0xffff
        for offset in 0..<UInt64(0x1_0000) {
            let high = 0xfd << 56 | site << 16 | (first + offset) & 0xffff
            if let subnet = IPv6Prefix(IPv6Address(high: high, low: 0), length: 64), !taken.contains(subnet) {
                return subnet
            }
        }
        return nil
    }

    /// FNV-1a of 64 bits, halves mixed.
    private static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        return hash ^ hash >> 32
    }
}
