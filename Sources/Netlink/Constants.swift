// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Families of netlink (netlink(7)).
package enum NetlinkFamily: Int32, Sendable {
    case NETLINK_ROUTE = 0
    case NETLINK_SOCK_DIAG = 4
    case NETLINK_NETFILTER = 12
}

/// Message types of the routing family (rtnetlink(7), uapi linux/rtnetlink.h) and of netlink itself (netlink(7)).
package struct MessageType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let NLMSG_NOOP = MessageType(rawValue: 1)
    package static let NLMSG_ERROR = MessageType(rawValue: 2)
    package static let NLMSG_DONE = MessageType(rawValue: 3)
    package static let NLMSG_OVERRUN = MessageType(rawValue: 4)
    /// Of NETLINK_SOCK_DIAG (sock_diag(7)).
    package static let SOCK_DIAG_BY_FAMILY = MessageType(rawValue: 20)
    package static let RTM_NEWLINK = MessageType(rawValue: 16)
    package static let RTM_DELLINK = MessageType(rawValue: 17)
    package static let RTM_GETLINK = MessageType(rawValue: 18)
    package static let RTM_SETLINK = MessageType(rawValue: 19)
    package static let RTM_NEWADDR = MessageType(rawValue: 20)
    package static let RTM_DELADDR = MessageType(rawValue: 21)
    package static let RTM_GETADDR = MessageType(rawValue: 22)
    package static let RTM_NEWROUTE = MessageType(rawValue: 24)
    package static let RTM_DELROUTE = MessageType(rawValue: 25)
    package static let RTM_GETROUTE = MessageType(rawValue: 26)
    package static let RTM_NEWNEIGH = MessageType(rawValue: 28)
    /// Of the netfilter family: what a transaction begins and ends with (uapi linux/netfilter/nfnetlink.h), and what subsystem
    /// 10 knows (uapi linux/netfilter/nf_tables.h).
    package static let NFNL_MSG_BATCH_BEGIN = MessageType(rawValue: 0x10)
    package static let NFNL_MSG_BATCH_END = MessageType(rawValue: 0x11)
    package static let NFT_MSG_NEWTABLE = MessageType(rawValue: 0x0a00)
    package static let NFT_MSG_GETTABLE = MessageType(rawValue: 0x0a01)
    package static let NFT_MSG_DELTABLE = MessageType(rawValue: 0x0a02)
    package static let NFT_MSG_NEWCHAIN = MessageType(rawValue: 0x0a03)
    package static let NFT_MSG_NEWRULE = MessageType(rawValue: 0x0a06)
    package static let NFT_MSG_DELRULE = MessageType(rawValue: 0x0a08)
    package static let NFT_MSG_NEWSETELEM = MessageType(rawValue: 0x0a0c)
    package static let NFT_MSG_GETSETELEM = MessageType(rawValue: 0x0a0d)
    package static let NFT_MSG_DELSETELEM = MessageType(rawValue: 0x0a0e)
}

/// Flags of a message's header (netlink(7), uapi linux/netlink.h). A bit means one thing in a request and another in a
/// reply.
package struct MessageFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let NLM_F_REQUEST = MessageFlags(rawValue: 0x1)
    package static let NLM_F_MULTI = MessageFlags(rawValue: 0x2)
    package static let NLM_F_ACK = MessageFlags(rawValue: 0x4)
    /// The table changed while it was dumped: the dump is inconsistent.
    package static let NLM_F_DUMP_INTR = MessageFlags(rawValue: 0x10)
    /// Of a GET: NLM_F_ROOT and NLM_F_MATCH.
    package static let NLM_F_DUMP = MessageFlags(rawValue: 0x300)
    /// Of an acknowledgement: the request is not repeated in it.
    package static let NLM_F_CAPPED = MessageFlags(rawValue: 0x100)
    /// Of an acknowledgement: attributes of `NLMSGERR` follow.
    package static let NLM_F_ACK_TLVS = MessageFlags(rawValue: 0x200)
    /// Of a NEW: replace what is there.
    package static let NLM_F_REPLACE = MessageFlags(rawValue: 0x100)
    /// Of a NEW: fail if it is there.
    package static let NLM_F_EXCL = MessageFlags(rawValue: 0x200)
    /// Of a NEW: make it if it is not there.
    package static let NLM_F_CREATE = MessageFlags(rawValue: 0x400)
    /// Of a NEW: behind those that are there.
    package static let NLM_F_APPEND = MessageFlags(rawValue: 0x800)
}

/// A family of attribute types: an enum with the kernel's names and numbers.
package protocol AttributeFamily: RawRepresentable, Sendable where RawValue == UInt16 {}

/// Attributes of a link: `IFLA_*` in uapi linux/if_link.h.
package enum IFLA: UInt16, AttributeFamily {
    case ADDRESS = 1
    case IFNAME = 3
    case MTU = 4
    case LINK = 5
    case MASTER = 10
    case OPERSTATE = 16
    case LINKINFO = 18
    case NET_NS_PID = 19
    case AF_SPEC = 26
    case GROUP = 27
    case NET_NS_FD = 28
    case NUM_TX_QUEUES = 31
    case NUM_RX_QUEUES = 32
    case LINK_NETNSID = 37
}

/// What stands in `IFLA_AF_SPEC`: the number of an address family.
package enum IFLA_AF: UInt16, AttributeFamily {
    case AF_INET6 = 10
}

/// What stands in `IFLA_AF_SPEC` for AF_INET6: `IFLA_INET6_*`.
package enum IFLA_INET6: UInt16, AttributeFamily {
    case ADDR_GEN_MODE = 8
}

/// What stands in `IFLA_LINKINFO`: `IFLA_INFO_*`.
package enum IFLA_INFO: UInt16, AttributeFamily {
    case KIND = 1
    case DATA = 2
    case SLAVE_KIND = 4
    case SLAVE_DATA = 5
}

/// What stands in a bridge port's `IFLA_INFO_SLAVE_DATA`: `IFLA_BRPORT_*`.
package enum IFLA_BRPORT: UInt16, AttributeFamily {
    /// Hairpin mode.
    case MODE = 4
    /// Frames from an isolated port go to ports that are not (Linux 4.18).
    case ISOLATED = 33
}

/// What stands in a bridge's `IFLA_INFO_DATA`: `IFLA_BR_*`.
package enum IFLA_BR: UInt16, AttributeFamily {
    case STP_STATE = 5
    case MCAST_SNOOPING = 23
}

/// What stands in a veth's `IFLA_INFO_DATA`: uapi linux/veth.h.
package enum VETH_INFO: UInt16, AttributeFamily {
    case PEER = 1
}

/// What stands in a macvlan's `IFLA_INFO_DATA`: `IFLA_MACVLAN_*`.
package enum IFLA_MACVLAN: UInt16, AttributeFamily {
    case MODE = 1
}

/// What stands in an ipvlan's `IFLA_INFO_DATA`: `IFLA_IPVLAN_*`.
package enum IFLA_IPVLAN: UInt16, AttributeFamily {
    case MODE = 1
    case FLAGS = 2
}

/// What stands in a VLAN's `IFLA_INFO_DATA`: `IFLA_VLAN_*`.
package enum IFLA_VLAN: UInt16, AttributeFamily {
    case ID = 1
}

/// Attributes of an address: `IFA_*` in uapi linux/if_addr.h.
package enum IFA: UInt16, AttributeFamily {
    case ADDRESS = 1
    case LOCAL = 2
    case LABEL = 3
    case BROADCAST = 4
    case FLAGS = 8
}

/// Attributes of a route: `RTA_*` in uapi linux/rtnetlink.h.
package enum RTA: UInt16, AttributeFamily {
    case DST = 1
    case OIF = 4
    case GATEWAY = 5
    case PRIORITY = 6
    case TABLE = 15
}

/// Attributes of a neighbour: `NDA_*` in uapi linux/neighbour.h.
package enum NDA: UInt16, AttributeFamily {
    case LLADDR = 2
}

/// Attributes of an nftables table: `NFTA_TABLE_*` in uapi linux/netfilter/nf_tables.h.
package enum NFTA_TABLE: UInt16, AttributeFamily {
    case NAME = 1
    case FLAGS = 2
    case USERDATA = 6
}

/// Attributes of an acknowledgement: `NLMSGERR_ATTR_*` in uapi linux/netlink.h.
package enum NLMSGERR_ATTR: UInt16, AttributeFamily {
    case MSG = 1
    case OFFS = 2
}

package let NLA_F_NESTED: UInt16 = 0x8000
package let NLA_TYPE_MASK: UInt16 = 0x3fff
package let IFF_UP: UInt32 = 0x1
package let IFF_LOOPBACK: UInt32 = 0x8
package let IN6_ADDR_GEN_MODE_NONE: UInt8 = 1
package let IFA_F_NODAD: UInt32 = 0x02
/// A neighbour's state and flag (uapi linux/neighbour.h): one that is not asked for; of a bridge that a port belongs to.
package let NUD_NOARP: UInt16 = 0x40
package let NTF_MASTER: UInt8 = 0x04
package let RT_TABLE_MAIN: UInt8 = 254
package let RTPROT_STATIC: UInt8 = 4
package let RTPROT_BOOT: UInt8 = 3
package let RT_SCOPE_UNIVERSE: UInt8 = 0
package let RT_SCOPE_LINK: UInt8 = 253
package let RTN_UNICAST: UInt8 = 1
package let RTN_BLACKHOLE: UInt8 = 6
package let RTN_UNREACHABLE: UInt8 = 7
package let RTN_PROHIBIT: UInt8 = 8
package let RTN_THROW: UInt8 = 9

/// A family of network addresses: socket(2)'s `AF_*`.
package enum AddressFamily: UInt8, Sendable {
    case AF_UNSPEC = 0
    case AF_INET = 2
    case AF_BRIDGE = 7
    case AF_INET6 = 10
}

/// What requests take as an address: a value that knows its family, its bytes in network order, and how to print itself.
package protocol NetworkAddress: Sendable, CustomStringConvertible {
    var family: AddressFamily { get }
    var bytes: [UInt8] { get }
}
