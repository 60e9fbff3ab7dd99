// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Netlink

/// What keeps containers from sending under another's address: rules, as text for `nft -f` (nft(8)), and what their sets hold.
/// Pure.
///
/// A table of the bridge family beside the one that `FirewallScript` makes: it sees each frame as it comes in from a
/// container's link, before any bridge has learnt from it. Of its rules, which never change,
/// - a frame's sender must be the link's hardware address,
/// - an IP packet or an ARP message from within a network of the root must be from an address of the link's container;
///   what a container forwards from elsewhere may pass,
/// - a neighbour advertisement must be for one of them, too (RFC 4861, section 4.4), and nobody advertises a router.
package struct SourceGuardScript: Hashable, Sendable {
    package let table: String
    private let tag: String

    package init(tag: String) { (self.tag, table) = (tag, "trice_\(tag)") }

    /// What the table says of its rules: others are made anew.
    var version: String { "rules \(LinkName.hash(rules, characters: 10))" }

    /// Makes the table and its rules, or makes them anew; elements stay.
    package var ensureTable: String { "add table bridge \(table) { comment \"\(version)\"; }\n" + rules }

    private var rules: String {
        """
        add set bridge \(table) hardware { type ifname . ether_addr; }
        add set bridge \(table) addresses { type ifname . ipv4_addr; }
        add set bridge \(table) addresses6 { type ifname . ipv6_addr; }
        add set bridge \(table) targets6 { typeof iifname . @th,64,128; }
        add set bridge \(table) subnets { type ipv4_addr; flags interval; }
        add set bridge \(table) subnets6 { type ipv6_addr; flags interval; }
        add element bridge \(table) subnets6 { fe80::/10 }
        add chain bridge \(table) prerouting { type filter hook prerouting priority filter; policy accept; }
        flush chain bridge \(table) prerouting
        add rule bridge \(table) prerouting iifname != "\(LinkName.vethPrefix(tag: tag))*" accept
        add rule bridge \(table) prerouting iifname . ether saddr != @hardware drop
        add rule bridge \(table) prerouting iifname . ip saddr @addresses accept
        add rule bridge \(table) prerouting ip saddr @subnets drop
        add rule bridge \(table) prerouting arp saddr ip @subnets iifname . arp saddr ip != @addresses drop
        add rule bridge \(table) prerouting ip6 saddr @subnets6 iifname . ip6 saddr != @addresses6 drop
        add rule bridge \(table) prerouting icmpv6 type nd-neighbor-advert iifname . @th,64,128 != @targets6 drop
        add rule bridge \(table) prerouting icmpv6 type nd-router-advert drop

        """
    }

    private func nftSet(_ name: String) -> NetfilterSet { NetfilterSet(.bridge, table, name) }

    func entries(of network: FirewallNetwork) -> [FirewallEntry] {
        (network.subnet.map { [FirewallEntry(nftSet("subnets"), $0)] } ?? [])
            + (network.subnet6.map { [FirewallEntry(nftSet("subnets6"), $0)] } ?? [])
    }

    /// Those of one set behind each other.
    func entries(of sources: [LinkSource]) -> [FirewallEntry] {
        func entries(_ name: String, _ values: (LinkSource) -> [[UInt8]]) -> [FirewallEntry] {
            let set = nftSet(name)
            return sources.flatMap { source in
                values(source).map { FirewallEntry(set, source.link.interfaceKey, $0) }
            }
        }
        return entries("hardware") { [$0.hardwareAddress] } + entries("addresses") { $0.addresses.map(\.bytes) }
            + entries("addresses6") { $0.addresses6.map(\.bytes) }
            + entries("targets6") { $0.addresses6.map(\.bytes) }
    }
}

/// As whom a container may send on one of its links.
package struct LinkSource: Hashable, Sendable {
    /// The name of the host's end.
    package var link: String
    /// Six bytes.
    package var hardwareAddress: [UInt8]
    package var addresses: [IPv4Address]
    /// With the one that the kernel makes of the hardware address.
    package var addresses6: [IPv6Address]

    package init(
        link: String, hardwareAddress: [UInt8], addresses: [IPv4Address] = [], addresses6: [IPv6Address] = []
    ) {
        (self.link, self.hardwareAddress, self.addresses) = (link, hardwareAddress, addresses)
        self.addresses6 = addresses6 + [IPv6Address(linkLocalOf: hardwareAddress)]
    }

    /// Nil for a link that does not pass through a bridge of the host.
    package init?(_ endpoint: Endpoint) {
        guard let hostName = endpoint.hostName else { return nil }
        self.init(
            link: hostName, hardwareAddress: endpoint.ownHardwareAddress,
            addresses: (endpoint.address.map { [$0] } ?? []) + endpoint.linkLocal,
            addresses6: (endpoint.address6.map { [$0] } ?? []) + endpoint.linkLocal6)
    }
}

extension IPv6Address {
    /// The link-local address of an Ethernet interface (RFC 4291, appendix A).
    ///
    /// - Parameter bytes: the six of the hardware address.
    package init(linkLocalOf bytes: [UInt8]) {
        let identifier = [bytes[0] ^ 0x02] + bytes[1...2] + [0xff, 0xfe] + bytes[3...5]
        self.init(high: 0xfe80 << 48, low: identifier.reduce(0) { $0 << 8 | UInt64($1) })
    }
}
