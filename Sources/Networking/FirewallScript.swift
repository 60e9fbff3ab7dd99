// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Netlink

/// What the firewall knows of a network.
package struct FirewallNetwork: Hashable, Sendable {
    package var bridge: String
    package var subnet: IPv4Prefix?
    package var subnet6: IPv6Prefix?
    /// Whether its containers cannot reach what is outside.
    package var isInternal: Bool
    /// Whether what goes outside gets the host's address.
    package var isMasqueraded: Bool

    package init(
        bridge: String, subnet: IPv4Prefix?, subnet6: IPv6Prefix? = nil, isInternal: Bool = false,
        isMasqueraded: Bool = true
    ) {
        (self.bridge, self.subnet, self.subnet6) = (bridge, subnet, subnet6)
        (self.isInternal, self.isMasqueraded) = (isInternal, isMasqueraded)
    }
}

/// The nftables table of one root: its rules, as text for `nft -f` (nft(8)), and what its sets hold. Pure: what to say, not
/// how it gets to the kernel.
///
/// One table a root, with rules that never change. What changes are elements of sets and maps, each change one atomic
/// transaction:
///
/// | name | elements |
/// |---|---|
/// | `bridges` | the bridges of all networks |
/// | `internal` | those of networks without a way to the outside |
/// | `within` | each bridge with itself, for hosts that send bridged packets through the IP rules (br_netfilter) |
/// | `subnets`, `subnets6` | the networks' subnets |
/// | `unmasked`, `unmasked6` | those whose packets go outside as they are |
/// | `published`, `published6` | protocol and port on any of the host's addresses → container |
/// | `published_at`, `published6_at` | address, protocol and port → container |
package struct FirewallScript: Hashable, Sendable {
    package let table: String

    package init(tag: String) { table = "trice_\(tag)" }

    /// What the table says of its rules: others are made anew.
    var version: String { "rules \(LinkName.hash(rules, characters: 10))" }

    /// Makes the table and its rules, or makes them anew; elements stay.
    ///
    /// A packet for a published port gets its new destination in `prerouting`, or in `output` where a process of the host
    /// sends it to another of the host's addresses than the loopback ones: those the port proxy serves, as the kernel does
    /// not route a packet from 127.0.0.1 out of the host.
    package var ensureTable: String { "add table inet \(table) { comment \"\(version)\"; }\n" + rules }

    private var rules: String {
        """
        add set inet \(table) bridges { type ifname; }
        add set inet \(table) internal { type ifname; }
        add set inet \(table) within { type ifname . ifname; }
        add set inet \(table) subnets { type ipv4_addr; flags interval; }
        add set inet \(table) subnets6 { type ipv6_addr; flags interval; }
        add set inet \(table) unmasked { type ipv4_addr; flags interval; }
        add set inet \(table) unmasked6 { type ipv6_addr; flags interval; }
        add map inet \(table) published { type inet_proto . inet_service : ipv4_addr . inet_service; }
        add map inet \(table) published_at { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
        add map inet \(table) published6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
        add map inet \(table) published6_at { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
        add chain inet \(table) ports
        add chain inet \(table) prerouting { type nat hook prerouting priority dstnat; policy accept; }
        add chain inet \(table) output { type nat hook output priority -100; policy accept; }
        add chain inet \(table) postrouting { type nat hook postrouting priority srcnat; policy accept; }
        add chain inet \(table) forward { type filter hook forward priority filter; policy accept; }
        flush chain inet \(table) ports
        flush chain inet \(table) prerouting
        flush chain inet \(table) output
        flush chain inet \(table) postrouting
        flush chain inet \(table) forward
        add rule inet \(table) ports dnat ip to ip daddr . meta l4proto . th dport map @published_at
        add rule inet \(table) ports dnat ip to meta l4proto . th dport map @published
        add rule inet \(table) ports dnat ip6 to ip6 daddr . meta l4proto . th dport map @published6_at
        add rule inet \(table) ports dnat ip6 to meta l4proto . th dport map @published6
        add rule inet \(table) prerouting fib daddr type local jump ports
        add rule inet \(table) output ip daddr != 127.0.0.0/8 fib daddr type local jump ports
        add rule inet \(table) output ip6 daddr != ::1 fib daddr type local jump ports
        add rule inet \(table) postrouting ip saddr @unmasked oifname != @bridges accept
        add rule inet \(table) postrouting ip6 saddr @unmasked6 oifname != @bridges accept
        add rule inet \(table) postrouting ip saddr @subnets oifname != @bridges oifname != "lo" masquerade
        add rule inet \(table) postrouting ip saddr @subnets oifname @bridges ct status dnat masquerade
        add rule inet \(table) postrouting ip6 saddr @subnets6 oifname != @bridges oifname != "lo" masquerade
        add rule inet \(table) postrouting ip6 saddr @subnets6 oifname @bridges ct status dnat masquerade
        add rule inet \(table) forward ct state established,related accept
        add rule inet \(table) forward iifname . oifname @within accept
        add rule inet \(table) forward iifname @internal drop
        add rule inet \(table) forward oifname @internal drop
        add rule inet \(table) forward oifname @bridges ct status dnat accept
        add rule inet \(table) forward oifname @bridges drop

        """
    }

    private func nftSet(_ name: String) -> NetfilterSet { NetfilterSet(.inet, table, name) }

    var bridges: NetfilterSet { nftSet("bridges") }

    func entries(of network: FirewallNetwork) -> [FirewallEntry] {
        let bridge = network.bridge.interfaceKey
        var entries = [FirewallEntry(bridges, bridge), FirewallEntry(nftSet("within"), bridge, bridge)]
        if let subnet = network.subnet { entries.append(FirewallEntry(nftSet("subnets"), subnet)) }
        if let subnet = network.subnet6 { entries.append(FirewallEntry(nftSet("subnets6"), subnet)) }
        if !network.isMasqueraded {
            if let subnet = network.subnet { entries.append(FirewallEntry(nftSet("unmasked"), subnet)) }
            if let subnet = network.subnet6 { entries.append(FirewallEntry(nftSet("unmasked6"), subnet)) }
        }
        if network.isInternal { entries.append(FirewallEntry(nftSet("internal"), bridge)) }
        return entries
    }

    /// Those of one map behind each other.
    func entries(of ports: [PublishedPort]) -> [FirewallEntry] {
        ["published", "published_at", "published6", "published6_at"].flatMap { map in
            ports.filter { self.map(of: $0) == map }.map { entry($0, nftSet(map)) }
        }
    }

    private func map(of port: PublishedPort) -> String {
        "published" + (port.host.host.isIPv6 ? "6" : "") + (port.host.host.isAny ? "" : "_at")
    }

    private func entry(_ port: PublishedPort, _ map: NetfilterSet) -> FirewallEntry {
        let (transport, number) = ([port.transport.number], port.host.port.networkBytes)
        let target = [port.container.host.bytes, port.container.port.networkBytes]
        return port.host.host.isAny
            ? FirewallEntry(map, transport, number, to: target)
            : FirewallEntry(map, port.host.host.bytes, transport, number, to: target)
    }

    /// Whether a link's name can stand in a command; the kernel would take more than that.
    package static func isPlain(_ name: String) -> Bool {
        (1...15).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46
                    || $0 == 95
            }
    }
}
