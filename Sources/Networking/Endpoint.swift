// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Netlink

/// How one container is connected to one network.
package struct Endpoint: Hashable, Sendable {
    /// What its interface hangs on.
    package enum Uplink: Hashable, Sendable {
        /// By a veth pair, whose host's end is a port of the bridge with this index. The name is that of the host's end, at
        /// most 15 bytes; see `LinkName.veth`.
        case bridge(Int32, hostName: String)
        /// By a link of its own on the host's link with this index.
        case parent(Int32, ParentLink.Sharing)
    }

    package var uplink: Uplink
    /// The name inside: `eth0`, …
    package var interface: String
    /// Nil in a network without IPv4.
    package var address: IPv4Address?
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

    package init(
        _ uplink: Uplink, interface: String = "eth0", address: IPv4Address?, prefixLength: UInt8,
        address6: IPv6Address? = nil, prefixLength6: UInt8 = 64, gateway: IPv4Address? = nil,
        gateway6: IPv6Address? = nil, hardwareAddress: [UInt8]? = nil, mtu: UInt32? = nil
    ) {
        (self.uplink, self.interface) = (uplink, interface)
        (self.address, self.prefixLength, self.address6) = (address, prefixLength, address6)
        (self.prefixLength6, self.gateway, self.gateway6) = (prefixLength6, gateway, gateway6)
        (self.hardwareAddress, self.mtu) = (hardwareAddress, mtu)
    }

    /// The veth pair's end on the host; nil for a link on a parent.
    package var hostName: String? {
        if case .bridge(_, let name) = uplink { name } else { nil }
    }

    /// Of a veth pair's inner end.
    var ownHardwareAddress: [UInt8] {
        hardwareAddress ?? address.map(Networking.hardwareAddress) ?? address6.map(Networking.hardwareAddress)
            ?? [0x02, 0x42, 0, 0, 0, 0]
    }

    /// Whether the way out is the interface itself and no neighbour: an ipvlan that routes has no hardware addresses to find
    /// one by.
    var isRoutedByInterface: Bool {
        if case .parent(_, .ipvlan(let mode, _)) = uplink { mode != .l2 } else { false }
    }
}

/// A locally administered unicast hardware address (IEEE 802) that holds an IPv4 address: 02:42:…, as Docker's.
package func hardwareAddress(for address: IPv4Address) -> [UInt8] { [0x02, 0x42] + address.bytes }

/// A locally administered unicast hardware address (IEEE 802) that holds the last four bytes of an IPv6 address.
package func hardwareAddress(for address: IPv6Address) -> [UInt8] { [0x02, 0x42] + address.bytes.suffix(4) }
