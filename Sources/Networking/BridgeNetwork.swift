// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A network as a bridge on the host, before or after it exists.
package struct BridgeNetwork: Hashable, Sendable {
    /// At most 15 bytes; see `LinkName.bridge`.
    package var name: String
    /// Nil where the network has no IPv4.
    package var subnet: IPv4Prefix?
    /// The bridge's own address; nil where the host has none in it.
    package var gateway: IPv4Address?
    package var subnet6: IPv6Prefix?
    package var gateway6: IPv6Address?
    package var mtu: UInt32?

    package init(
        name: String, subnet: IPv4Prefix?, gateway: IPv4Address?, subnet6: IPv6Prefix? = nil,
        gateway6: IPv6Address? = nil, mtu: UInt32? = nil
    ) {
        (self.name, self.subnet, self.gateway) = (name, subnet, gateway)
        (self.subnet6, self.gateway6, self.mtu) = (subnet6, gateway6, mtu)
    }
}
