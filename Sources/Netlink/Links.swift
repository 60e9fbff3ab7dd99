// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A network interface.
package struct Link: NetlinkRecord, Hashable {
    package static let messageType = MessageType.RTM_NEWLINK

    package var index: Int32
    package var name: String
    package var isUp: Bool
    package var isLoopback: Bool
    package var mtu: UInt32
    /// The hardware address: six bytes for Ethernet.
    package var hardwareAddress: [UInt8]
    /// The bridge that it is a port of.
    package var master: Int32?
    /// A veth's other end; its index counts in the other end's namespace.
    package var peer: Int32?
    /// What links can be deleted together by; 0 for those that nobody has put into one.
    package var group: UInt32
    /// `bridge`, `veth`, …; nil for hardware.
    package var kind: String?

    /// Reads `struct ifinfomsg` and its attributes (rtnetlink(7)).
    package init(body: ArraySlice<UInt8>) throws(NetlinkError) {
        var cursor = MessageCursor(body)
        _ = try cursor.take(4, "a link's header")
        index = try cursor.number(Int32.self, "a link's index")
        let flags = try cursor.number(UInt32.self, "a link's flags")
        _ = try cursor.take(4, "a link's header")
        let attributes = try cursor.attributes()
        isUp = flags & IFF_UP != 0
        isLoopback = flags & IFF_LOOPBACK != 0
        name = attributes.text(IFLA.IFNAME) ?? ""
        mtu = try attributes.number(IFLA.MTU, UInt32.self) ?? 0
        hardwareAddress = attributes.bytes(IFLA.ADDRESS).map(Array.init) ?? []
        master = try attributes.number(IFLA.MASTER, Int32.self)
        peer = try attributes.number(IFLA.LINK, Int32.self)
        group = try attributes.number(IFLA.GROUP, UInt32.self) ?? 0
        kind = try attributes.nested(IFLA.LINKINFO)?.text(IFLA_INFO.KIND)
    }
}

/// `aa:bb:cc:dd:ee:ff`
package func hardwareAddressText(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
}

/// Requests about links.
package enum LinkRequest {
    /// How a request names a link that is there.
    package enum Selector: Hashable, Sendable, CustomStringConvertible {
        case index(Int32)
        case name(String)

        package var description: String {
            switch self {
            case .index(let index): "if\(index)"
            case .name(let name): name
            }
        }
    }

    /// The network namespace that a link is born in.
    package enum Namespace: Hashable, Sendable {
        case ofPID(Int32)
        case descriptor(Int32)
    }

    /// One end of a veth pair.
    package struct End: Hashable, Sendable {
        package var name: String
        package var hardwareAddress: [UInt8]?
        package var namespace: Namespace?
        package var master: Int32?
        package var mtu: UInt32?
        package init(
            _ name: String, hardwareAddress: [UInt8]? = nil, namespace: Namespace? = nil, master: Int32? = nil,
            mtu: UInt32? = nil
        ) {
            (self.name, self.hardwareAddress, self.namespace) = (name, hardwareAddress, namespace)
            (self.master, self.mtu) = (master, mtu)
        }
    }

    /// `ip link add NAME type bridge`, up at once. A hardware address given here stays; without one, a bridge changes its
    /// address with its ports.
    package static func addBridge(
        _ name: String, hardwareAddress: [UInt8]? = nil, mtu: UInt32? = nil, up: Bool = true
    ) -> NetlinkRequest {
        NetlinkRequest(.RTM_NEWLINK, [.NLM_F_CREATE, .NLM_F_EXCL], words: "ip link add \(name) type bridge") {
            message in
            header(&message, flags: up ? IFF_UP : 0, change: up ? IFF_UP : 0)
            end(&message, End(name, hardwareAddress: hardwareAddress, mtu: mtu))
            message.nested(IFLA.LINKINFO) { $0.attribute(IFLA_INFO.KIND, "bridge") }
        }
    }

    /// `ip link add HOST type veth peer name PEER netns …`: the host's end is a port of its master and up, the peer is
    /// born in its namespace with its final name.
    ///
    /// The peer cannot be born up: veth(4) opens an end only when it has a peer, and the peer is registered first.
    /// Both ends ask for one queue. The kernel would allocate one a processor and use the first alone, which takes a third
    /// of the time that making the pair takes.
    package static func addVethPair(host: End, peer: End) -> NetlinkRequest {
        let words = "ip link add \(host.name) type veth peer name \(peer.name)"
        return NetlinkRequest(.RTM_NEWLINK, [.NLM_F_CREATE, .NLM_F_EXCL], words: words) { message in
            header(&message, flags: IFF_UP, change: IFF_UP)
            end(&message, host)
            singleQueue(&message)
            message.nested(IFLA.LINKINFO) {
                $0.attribute(IFLA_INFO.KIND, "veth")
                $0.nested(IFLA_INFO.DATA) {
                    $0.nested(VETH_INFO.PEER) {
                        header(&$0)
                        end(&$0, peer)
                        singleQueue(&$0)
                    }
                }
            }
        }
    }

    /// `ip link del NAME`
    package static func delete(_ link: Selector) -> NetlinkRequest {
        NetlinkRequest(.RTM_DELLINK, words: "ip link del \(link)") { select(&$0, link) }
    }

    /// `ip link del group N`: all links of a group, after one wait for what still uses them.
    package static func delete(group: UInt32) -> NetlinkRequest {
        NetlinkRequest(.RTM_DELLINK, words: "ip link del group \(group)") {
            header(&$0)
            $0.attribute(IFLA.GROUP, group)
        }
    }

    /// `ip link set NAME group N`
    package static func set(_ link: Selector, group: UInt32) -> NetlinkRequest {
        NetlinkRequest(.RTM_NEWLINK, words: "ip link set \(link) group \(group)") {
            select(&$0, link)
            $0.attribute(IFLA.GROUP, group)
        }
    }

    /// `ip link set NAME up|down`; only the bit IFF_UP is named as changed.
    package static func set(_ link: Selector, up: Bool) -> NetlinkRequest {
        NetlinkRequest(.RTM_NEWLINK, words: "ip link set \(link) \(up ? "up" : "down")") {
            select(&$0, link, flags: up ? IFF_UP : 0, change: IFF_UP)
        }
    }

    /// `ip link set NAME mtu N`
    package static func set(_ link: Selector, mtu: UInt32) -> NetlinkRequest {
        NetlinkRequest(.RTM_NEWLINK, words: "ip link set \(link) mtu \(mtu)") {
            select(&$0, link)
            $0.attribute(IFLA.MTU, mtu)
        }
    }

    /// `ip link set NAME address aa:bb:…`
    package static func set(_ link: Selector, hardwareAddress: [UInt8]) -> NetlinkRequest {
        NetlinkRequest(.RTM_NEWLINK, words: "ip link set \(link) address \(hardwareAddressText(hardwareAddress))") {
            select(&$0, link)
            $0.attribute(IFLA.ADDRESS, hardwareAddress)
        }
    }

    /// `ip link set NAME addrgenmode none`: once up it makes no IPv6 address for itself, and none of the packets that ask
    /// whether that is free and who routes. The kernel has no such setting for a link with an MTU below 1280.
    package static func withoutOwnAddress(_ link: Selector) -> NetlinkRequest {
        NetlinkRequest(.RTM_NEWLINK, words: "ip link set \(link) addrgenmode none") {
            select(&$0, link)
            $0.nested(IFLA.AF_SPEC) {
                $0.nested(IFLA_AF.AF_INET6) { $0.attribute(IFLA_INET6.ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE) }
            }
        }
    }

    /// `ip link set NAME master BRIDGE`; 0 takes it out.
    package static func set(_ link: Selector, master: Int32) -> NetlinkRequest {
        NetlinkRequest(.RTM_NEWLINK, words: "ip link set \(link) master if\(master)") {
            select(&$0, link)
            $0.attribute(IFLA.MASTER, master)
        }
    }

    /// `ip link set NAME type bridge_slave hairpin on`: the bridge may send a frame back to the port that it came from.
    package static func set(_ link: Selector, hairpin: Bool) -> NetlinkRequest {
        let words = "ip link set \(link) type bridge_slave hairpin \(hairpin ? "on" : "off")"
        return setPort(link, words, IFLA_BRPORT.MODE, hairpin)
    }

    /// `ip link set NAME type bridge_slave isolated on`: isolated ports reach the bridge and no other isolated port.
    package static func set(_ link: Selector, isolated: Bool) -> NetlinkRequest {
        let words = "ip link set \(link) type bridge_slave isolated \(isolated ? "on" : "off")"
        return setPort(link, words, IFLA_BRPORT.ISOLATED, isolated)
    }

    private static func setPort(
        _ link: Selector, _ words: String, _ attribute: IFLA_BRPORT, _ value: Bool
    ) -> NetlinkRequest {
        NetlinkRequest(.RTM_NEWLINK, words: words) {
            select(&$0, link)
            $0.nested(IFLA.LINKINFO) {
                $0.attribute(IFLA_INFO.SLAVE_KIND, "bridge")
                $0.nested(IFLA_INFO.SLAVE_DATA) { $0.attribute(attribute, UInt8(value ? 1 : 0)) }
            }
        }
    }

    /// `ip link show NAME`
    package static func get(_ link: Selector) -> NetlinkQuery<Link> {
        NetlinkQuery(NetlinkRequest(.RTM_GETLINK, words: "ip link show \(link)") { select(&$0, link) })
    }

    /// `ip link show`
    package static var all: NetlinkQuery<Link> {
        NetlinkQuery(NetlinkRequest(.RTM_GETLINK, .NLM_F_DUMP, words: "ip link show") { header(&$0) })
    }

    /// `ip link show master IFINDEX`
    package static func ports(of bridge: Int32) -> NetlinkQuery<Link> {
        NetlinkQuery(
            NetlinkRequest(.RTM_GETLINK, .NLM_F_DUMP, words: "ip link show master if\(bridge)") {
                header(&$0)
                $0.attribute(IFLA.MASTER, bridge)
            })
    }

    /// `struct ifinfomsg`; the link is named by its index, or by an attribute where that is 0.
    static func header(_ message: inout MessageBuilder, index: Int32 = 0, flags: UInt32 = 0, change: UInt32 = 0) {
        message.append(AddressFamily.AF_UNSPEC.rawValue)
        message.append(UInt8(0))
        message.append(UInt16(0))
        message.append(index)
        message.append(flags)
        message.append(change)
    }

    private static func select(
        _ message: inout MessageBuilder, _ link: Selector, flags: UInt32 = 0, change: UInt32 = 0
    ) {
        switch link {
        case .index(let index): header(&message, index: index, flags: flags, change: change)
        case .name(let name):
            header(&message, flags: flags, change: change)
            message.attribute(IFLA.IFNAME, name)
        }
    }

    private static func singleQueue(_ message: inout MessageBuilder) {
        message.attribute(IFLA.NUM_TX_QUEUES, UInt32(1))
        message.attribute(IFLA.NUM_RX_QUEUES, UInt32(1))
    }

    static func end(_ message: inout MessageBuilder, _ end: End) {
        message.attribute(IFLA.IFNAME, end.name)
        if let address = end.hardwareAddress { message.attribute(IFLA.ADDRESS, address) }
        if let mtu = end.mtu { message.attribute(IFLA.MTU, mtu) }
        if let master = end.master { message.attribute(IFLA.MASTER, master) }
        switch end.namespace {
        case .ofPID(let pid): message.attribute(IFLA.NET_NS_PID, pid)
        case .descriptor(let descriptor): message.attribute(IFLA.NET_NS_FD, descriptor)
        case nil: break
        }
    }
}
