// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A network as a bridge on the host, before or after it exists.
package struct BridgeNetwork: Hashable, Sendable {
    /// At most 15 bytes; see `LinkName.bridge`.
    package var name: String
    package var subnet: IPv4Prefix
    /// The bridge's own address; nil where the host has none in it.
    package var gateway: IPv4Address?
    package var subnet6: IPv6Prefix?
    package var gateway6: IPv6Address?
    package var mtu: UInt32?

    package init(
        name: String, subnet: IPv4Prefix, gateway: IPv4Address?, subnet6: IPv6Prefix? = nil,
        gateway6: IPv6Address? = nil, mtu: UInt32? = nil
    ) {
        (self.name, self.subnet, self.gateway) = (name, subnet, gateway)
        (self.subnet6, self.gateway6, self.mtu) = (subnet6, gateway6, mtu)
    }
}

/// How one container is connected to one network.
package struct Endpoint: Hashable, Sendable {
    /// The bridge's index on the host.
    package var bridge: Int32
    /// The name of the host's end, at most 15 bytes; see `LinkName.veth`.
    package var hostName: String
    /// The name inside: `eth0`, …
    package var interface: String
    package var address: IPv4Address
    package var prefixLength: UInt8
    package var address6: IPv6Address?
    package var prefixLength6: UInt8
    /// A default route goes this way where it is set: one endpoint of a container has it.
    package var gateway: IPv4Address?
    package var gateway6: IPv6Address?
    /// Six bytes; made from the address where nil, so that a container that starts again is found by its neighbours' caches.
    package var hardwareAddress: [UInt8]?
    package var mtu: UInt32?
    /// Whether it reaches no other container of the network by its address (Docker's `enable_icc: false`).
    package var isIsolated = false
    /// Further addresses of the interface, for the link alone: 169.254.0.0/16 (RFC 3927), fe80::/10.
    package var linkLocal: [IPv4Address] = []
    package var linkLocal6: [IPv6Address] = []

    var ownHardwareAddress: [UInt8] { hardwareAddress ?? Networking.hardwareAddress(for: address) }

    package init(
        bridge: Int32, hostName: String, interface: String = "eth0", address: IPv4Address, prefixLength: UInt8,
        address6: IPv6Address? = nil, prefixLength6: UInt8 = 64, gateway: IPv4Address? = nil,
        gateway6: IPv6Address? = nil, hardwareAddress: [UInt8]? = nil, mtu: UInt32? = nil
    ) {
        (self.bridge, self.hostName, self.interface) = (bridge, hostName, interface)
        (self.address, self.prefixLength, self.address6) = (address, prefixLength, address6)
        (self.prefixLength6, self.gateway, self.gateway6) = (prefixLength6, gateway, gateway6)
        (self.hardwareAddress, self.mtu) = (hardwareAddress, mtu)
    }
}

/// A locally administered unicast hardware address (IEEE 802) that holds an IPv4 address: 02:42:…, as Docker's.
package func hardwareAddress(for address: IPv4Address) -> [UInt8] { [0x02, 0x42] + address.bytes }
