// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Requests to nf_tables (uapi linux/netfilter/nf_tables.h): here what a rule for one connection's way needs. The kernel takes
/// changes as a transaction: `NetlinkSocket.commit`. All numbers are big-endian.
package enum NetfilterRequest {
    /// `nft add table ip NAME`
    package static func addTable(_ name: String) -> NetlinkRequest {
        request(.NFT_MSG_NEWTABLE, words: "nft add table ip \(name)") {
            $0.attribute(NFTA_TABLE.NAME, name)
            $0.attribute(NFTA_TABLE.FLAGS, UInt32(0))
        }
    }

    /// `nft add chain ip TABLE CHAIN { type nat hook output priority -100; policy accept; }`: what processes of the host send.
    package static func addOutputNATChain(_ chain: String, in table: String) -> NetlinkRequest {
        request(.NFT_MSG_NEWCHAIN, .NLM_F_CREATE, words: "nft add chain ip \(table) \(chain)") {
            $0.attribute(NFTA_CHAIN.TABLE, table)
            $0.attribute(NFTA_CHAIN.NAME, chain)
            $0.attribute(NFTA_CHAIN.TYPE, "nat")
            $0.attribute(NFTA_CHAIN.POLICY, UInt32(1 /* NF_ACCEPT */).bigEndian)
            $0.nested(NFTA_CHAIN.HOOK) {
                $0.attribute(NFTA_HOOK.HOOKNUM, UInt32(3 /* NF_INET_LOCAL_OUT */).bigEndian)
                $0.attribute(NFTA_HOOK.PRIORITY, Int32(-100 /* NF_IP_PRI_NAT_DST */).bigEndian)
            }
        }
    }

    /// `nft flush chain ip TABLE CHAIN`
    package static func flush(_ chain: String, in table: String) -> NetlinkRequest {
        request(.NFT_MSG_DELRULE, words: "nft flush chain ip \(table) \(chain)") {
            $0.attribute(NFTA_RULE.TABLE, table)
            $0.attribute(NFTA_RULE.CHAIN, chain)
        }
    }

    /// A transport protocol whose header has the ports first, by its number (IANA, protocol numbers).
    package enum Transport: UInt8, Sendable, CustomStringConvertible {
        case tcp = 6
        case udp = 17

        package var description: String {
            switch self {
            case .tcp: "tcp"
            case .udp: "udp"
            }
        }
    }

    /// `nft add rule ip TABLE CHAIN ip daddr ADDRESS tcp|udp dport PORT dnat to ADDRESS:TARGET`: what is sent to a port goes
    /// to another one of the same address.
    package static func addRedirection(
        of transport: Transport, _ address: some NetworkAddress, port: UInt16, to target: UInt16, chain: String,
        in table: String
    ) -> NetlinkRequest {
        let words =
            "nft add rule ip \(table) \(chain) ip daddr \(address) \(transport) dport \(port) dnat to \(address):\(target)"
        return request(.NFT_MSG_NEWRULE, [.NLM_F_CREATE, .NLM_F_APPEND], words: words) {
            $0.attribute(NFTA_RULE.TABLE, table)
            $0.attribute(NFTA_RULE.CHAIN, chain)
            $0.nested(NFTA_RULE.EXPRESSIONS) {
                load(&$0, 4, from: .network, at: 16)
                compare(&$0, address.bytes)
                expression(&$0, "meta") {
                    $0.attribute(NFTA_META.KEY, UInt32(16 /* NFT_META_L4PROTO */).bigEndian)
                    $0.attribute(NFTA_META.DREG, first)
                }
                compare(&$0, [transport.rawValue])
                load(&$0, 2, from: .transport, at: 2)
                compare(&$0, port.networkBytes)
                immediate(&$0, address.bytes, first)
                immediate(&$0, target.networkBytes, second)
                expression(&$0, "nat") {
                    $0.attribute(NFTA_NAT.TYPE, UInt32(1 /* NFT_NAT_DNAT */).bigEndian)
                    $0.attribute(NFTA_NAT.FAMILY, UInt32(AddressFamily.AF_INET.rawValue).bigEndian)
                    $0.attribute(NFTA_NAT.REG_ADDR_MIN, first)
                    $0.attribute(NFTA_NAT.REG_PROTO_MIN, second)
                    $0.attribute(NFTA_NAT.FLAGS, UInt32(2 /* NF_NAT_RANGE_PROTO_SPECIFIED */).bigEndian)
                }
            }
        }
    }

    /// What a transaction begins and ends with.
    static func bracket(_ type: MessageType) -> NetlinkRequest {
        NetlinkRequest(type, words: "nft transaction") {
            $0.append(AddressFamily.AF_UNSPEC.rawValue)
            $0.append(UInt8(0))
            $0.append(UInt16(10 /* NFNL_SUBSYS_NFTABLES */).bigEndian)
        }
    }

    // MARK: Parts

    private static let first = UInt32(1 /* NFT_REG_1 */).bigEndian
    private static let second = UInt32(2 /* NFT_REG_2 */).bigEndian

    /// NFT_PAYLOAD_*
    private enum Header: UInt32 {
        case network = 1
        case transport = 2
    }

    /// `struct nfgenmsg` (linux/netfilter/nfnetlink.h), and attributes.
    static func request(
        _ type: MessageType, _ flags: MessageFlags = [], _ family: NetfilterFamily = .ip, words: String,
        _ write: (inout MessageBuilder) -> Void
    ) -> NetlinkRequest {
        NetlinkRequest(type, flags, words: words) {
            $0.append(family.rawValue)
            $0.zeros(3)
            write(&$0)
        }
    }

    private static func expression(
        _ message: inout MessageBuilder, _ name: String, _ write: (inout MessageBuilder) -> Void
    ) {
        message.nested(NFTA_LIST.ELEM) {
            $0.attribute(NFTA_EXPR.NAME, name)
            $0.nested(NFTA_EXPR.DATA, write)
        }
    }

    /// Bytes of a header, to the first register.
    private static func load(_ message: inout MessageBuilder, _ count: UInt32, from base: Header, at offset: UInt32) {
        expression(&message, "payload") {
            $0.attribute(NFTA_PAYLOAD.DREG, first)
            $0.attribute(NFTA_PAYLOAD.BASE, base.rawValue.bigEndian)
            $0.attribute(NFTA_PAYLOAD.OFFSET, offset.bigEndian)
            $0.attribute(NFTA_PAYLOAD.LEN, count.bigEndian)
        }
    }

    /// The rule goes on where the first register has these bytes.
    private static func compare(_ message: inout MessageBuilder, _ bytes: [UInt8]) {
        expression(&message, "cmp") {
            $0.attribute(NFTA_CMP.SREG, first)
            $0.attribute(NFTA_CMP.OP, UInt32(0 /* NFT_CMP_EQ */))
            $0.nested(NFTA_CMP.DATA) { $0.attribute(NFTA_DATA.VALUE, bytes) }
        }
    }

    private static func immediate(_ message: inout MessageBuilder, _ bytes: [UInt8], _ register: UInt32) {
        expression(&message, "immediate") {
            $0.attribute(NFTA_IMMEDIATE.DREG, register)
            $0.nested(NFTA_IMMEDIATE.DATA) { $0.attribute(NFTA_DATA.VALUE, bytes) }
        }
    }
}

extension UInt16 {
    /// In network order.
    package var networkBytes: [UInt8] { [UInt8(self >> 8), UInt8(truncatingIfNeeded: self)] }
}

private enum NFTA_CHAIN: UInt16, AttributeFamily {
    case TABLE = 1
    case NAME = 3
    case HOOK = 4
    case POLICY = 5
    case TYPE = 7
}

private enum NFTA_HOOK: UInt16, AttributeFamily {
    case HOOKNUM = 1
    case PRIORITY = 2
}

private enum NFTA_RULE: UInt16, AttributeFamily {
    case TABLE = 1
    case CHAIN = 2
    case EXPRESSIONS = 4
}

enum NFTA_LIST: UInt16, AttributeFamily { case ELEM = 1 }

private enum NFTA_EXPR: UInt16, AttributeFamily {
    case NAME = 1
    case DATA = 2
}

private enum NFTA_PAYLOAD: UInt16, AttributeFamily {
    case DREG = 1
    case BASE = 2
    case OFFSET = 3
    case LEN = 4
}

private enum NFTA_META: UInt16, AttributeFamily {
    case DREG = 1
    case KEY = 2
}

private enum NFTA_CMP: UInt16, AttributeFamily {
    case SREG = 1
    case OP = 2
    case DATA = 3
}

private enum NFTA_IMMEDIATE: UInt16, AttributeFamily {
    case DREG = 1
    case DATA = 2
}

enum NFTA_DATA: UInt16, AttributeFamily { case VALUE = 1 }

private enum NFTA_NAT: UInt16, AttributeFamily {
    case TYPE = 1
    case FAMILY = 2
    case REG_ADDR_MIN = 3
    case REG_PROTO_MIN = 5
    case FLAGS = 7
}
