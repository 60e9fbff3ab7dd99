// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Netlink

/// An address as its bytes, for tests.
struct RawAddress: NetworkAddress {
    var bytes: [UInt8]
    var family: AddressFamily { bytes.count == 4 ? .AF_INET : .AF_INET6 }
    var description: String { bytes.map { String($0) }.joined(separator: bytes.count == 4 ? "." : ":") }
}

/// Bytes from hexadecimal text; what stands behind a `#` is a comment.
func hex(_ text: String) -> [UInt8] {
    text.split(separator: "\n").flatMap { line -> [UInt8] in
        line.prefix { $0 != "#" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
}

/// The bytes of each request as the kernel reads them, on a little-endian machine.
@Suite struct GoldenTests {
    @Test func `a bridge is made up and with its address`() throws {
        let request = LinkRequest.addBridge("tr-x", hardwareAddress: [2, 0x42, 1, 2, 3, 4])
        #expect(request.words == "ip link add tr-x type bridge")
        #expect(
            try request.encoded(sequence: 7, adding: .NLM_F_ACK)
                == hex(
                    """
                    48 00 00 00              # nlmsg_len 72
                    10 00                    # nlmsg_type RTM_NEWLINK
                    05 06                    # nlmsg_flags REQUEST | ACK | EXCL | CREATE
                    07 00 00 00              # nlmsg_seq
                    00 00 00 00              # nlmsg_pid
                    00 00 00 00              # ifi_family AF_UNSPEC, padding, ifi_type
                    00 00 00 00              # ifi_index
                    01 00 00 00              # ifi_flags IFF_UP
                    01 00 00 00              # ifi_change IFF_UP
                    09 00 03 00              # IFLA_IFNAME, 9 bytes
                    74 72 2d 78 00 00 00 00  # "tr-x", NUL, padding
                    0a 00 01 00              # IFLA_ADDRESS, 10 bytes
                    02 42 01 02 03 04 00 00
                    10 00 12 80              # IFLA_LINKINFO, nested, 16 bytes
                    0b 00 01 00              # IFLA_INFO_KIND, 11 bytes
                    62 72 69 64 67 65 00 00  # "bridge", NUL, padding
                    """))
    }

    @Test func `a bridge is told behind which port an address is`() throws {
        let request = ForwardingRequest.replace([2, 0x42, 1, 2, 3, 4], port: 9)
        #expect(request.words == "bridge fdb replace 02:42:01:02:03:04 dev if9 master static")
        #expect(
            try request.encoded(sequence: 7)
                == hex(
                    """
                    28 00 00 00 1c 00 01 05  # nlmsg_len 40, RTM_NEWNEIGH, REQUEST | REPLACE | CREATE
                    07 00 00 00 00 00 00 00  # nlmsg_seq, nlmsg_pid
                    07 00 00 00              # ndm_family AF_BRIDGE, padding
                    09 00 00 00              # ndm_ifindex
                    40 00 04 00              # ndm_state NUD_NOARP, ndm_flags NTF_MASTER, ndm_type
                    0a 00 02 00              # NDA_LLADDR, 10 bytes
                    02 42 01 02 03 04 00 00
                    """))
    }

    @Test func `a link is told to make no address for itself`() throws {
        let request = LinkRequest.withoutOwnAddress(.index(9))
        #expect(request.words == "ip link set if9 addrgenmode none")
        #expect(
            try request.encoded(sequence: 7)
                == hex(
                    """
                    30 00 00 00 10 00 01 00  # nlmsg_len 48, RTM_NEWLINK, REQUEST
                    07 00 00 00 00 00 00 00  # nlmsg_seq, nlmsg_pid
                    00 00 00 00              # ifi_family AF_UNSPEC, padding, ifi_type
                    09 00 00 00              # ifi_index
                    00 00 00 00 00 00 00 00  # ifi_flags, ifi_change
                    10 00 1a 80              # IFLA_AF_SPEC, nested, 16 bytes
                    0c 00 0a 80              # AF_INET6, nested, 12 bytes
                    05 00 08 00 01 00 00 00  # IFLA_INET6_ADDR_GEN_MODE none, padding
                    """))
    }

    @Test func `links of a group are deleted with one message that names no link`() throws {
        let request = LinkRequest.delete(group: 0x01020304)
        #expect(request.words == "ip link del group 16909060")
        #expect(
            try request.encoded(sequence: 3)
                == hex(
                    """
                    28 00 00 00 11 00 01 00  # nlmsg_len 40, RTM_DELLINK, REQUEST
                    03 00 00 00 00 00 00 00  # nlmsg_seq, nlmsg_pid
                    00 00 00 00 00 00 00 00  # ifi_family, ifi_index 0
                    00 00 00 00 00 00 00 00  # ifi_flags, ifi_change
                    08 00 1b 00 04 03 02 01  # IFLA_GROUP
                    """))
    }

    @Test func `a veth pair has its master and its peer's namespace in one message`() throws {
        let request = LinkRequest.addVethPair(
            host: .init("tv0", master: 5),
            peer: .init("eth0", hardwareAddress: [2, 0, 0, 0, 0, 1], namespace: .ofPID(99)))
        #expect(request.words == "ip link add tv0 type veth peer name eth0")
        #expect(
            try request.encoded(sequence: 1)
                == hex(
                    """
                    98 00 00 00 10 00 01 06  # nlmsg_len 152, RTM_NEWLINK, REQUEST | EXCL | CREATE
                    01 00 00 00 00 00 00 00  # nlmsg_seq, nlmsg_pid
                    00 00 00 00 00 00 00 00  # ifinfomsg: family, type, index
                    01 00 00 00 01 00 00 00  # ifi_flags, ifi_change: IFF_UP
                    08 00 03 00 74 76 30 00  # IFLA_IFNAME "tv0"
                    08 00 0a 00 05 00 00 00  # IFLA_MASTER 5
                    08 00 1f 00 01 00 00 00  # IFLA_NUM_TX_QUEUES 1
                    08 00 20 00 01 00 00 00  # IFLA_NUM_RX_QUEUES 1
                    58 00 12 80              # IFLA_LINKINFO, nested, 88 bytes
                    09 00 01 00              # IFLA_INFO_KIND
                    76 65 74 68 00 00 00 00  # "veth"
                    48 00 02 80              # IFLA_INFO_DATA, nested, 72 bytes
                    44 00 01 80              # VETH_INFO_PEER, nested, 68 bytes
                    00 00 00 00 00 00 00 00  # the peer's ifinfomsg
                    00 00 00 00 00 00 00 00
                    09 00 03 00              # IFLA_IFNAME
                    65 74 68 30 00 00 00 00  # "eth0"
                    0a 00 01 00              # IFLA_ADDRESS
                    02 00 00 00 00 01 00 00
                    08 00 13 00 63 00 00 00  # IFLA_NET_NS_PID 99
                    08 00 1f 00 01 00 00 00  # IFLA_NUM_TX_QUEUES 1
                    08 00 20 00 01 00 00 00  # IFLA_NUM_RX_QUEUES 1
                    """))
    }

    @Test func `a descriptor can name the namespace`() throws {
        let request = LinkRequest.addVethPair(host: .init("a"), peer: .init("b", namespace: .descriptor(3)))
        #expect(try request.encoded(sequence: 1).suffix(24).prefix(8) == hex("08 00 1c 00 03 00 00 00")[...])
    }

    @Test func `an IPv4 address comes with its broadcast address`() throws {
        let request = AddressRequest.add(RawAddress(bytes: [10, 1, 2, 3]), prefixLength: 20, to: 4)
        #expect(request.words == "ip addr add 10.1.2.3/20 dev if4")
        #expect(
            try request.encoded(sequence: 2)
                == hex(
                    """
                    30 00 00 00 14 00 01 06  # nlmsg_len 48, RTM_NEWADDR, REQUEST | EXCL | CREATE
                    02 00 00 00 00 00 00 00
                    02 14 00 00              # ifaddrmsg: AF_INET, prefix 20, flags, RT_SCOPE_UNIVERSE
                    04 00 00 00              # ifa_index
                    08 00 02 00 0a 01 02 03  # IFA_LOCAL
                    08 00 01 00 0a 01 02 03  # IFA_ADDRESS
                    08 00 04 00 0a 01 0f ff  # IFA_BROADCAST
                    """))
    }

    @Test func `an IPv6 address is not held back for duplicate detection`() throws {
        let address = RawAddress(bytes: [0xfd] + [UInt8](repeating: 0, count: 14) + [2])
        let request = AddressRequest.add(address, prefixLength: 64, to: 4)
        #expect(
            try request.encoded(sequence: 2)
                == hex(
                    """
                    48 00 00 00 14 00 01 06  # nlmsg_len 72
                    02 00 00 00 00 00 00 00
                    0a 40 00 00 04 00 00 00  # ifaddrmsg: AF_INET6, prefix 64
                    14 00 02 00              # IFA_LOCAL
                    fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02
                    14 00 01 00              # IFA_ADDRESS
                    fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02
                    08 00 08 00 02 00 00 00  # IFA_FLAGS IFA_F_NODAD
                    """))
    }

    @Test func `a default route has a gateway and no destination`() throws {
        let request = RouteRequest.addDefault(via: RawAddress(bytes: [10, 1, 2, 1]))
        #expect(request.words == "ip route add default via 10.1.2.1")
        #expect(
            try request.encoded(sequence: 3)
                == hex(
                    """
                    24 00 00 00 18 00 01 06  # nlmsg_len 36, RTM_NEWROUTE
                    03 00 00 00 00 00 00 00
                    02 00 00 00              # rtmsg: AF_INET, dst_len, src_len, tos
                    fe 03 00 01              # RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST
                    00 00 00 00              # rtm_flags
                    08 00 05 00 0a 01 02 01  # RTA_GATEWAY
                    """))
    }

    @Test func `up and down name the one bit that changes`() throws {
        #expect(
            try LinkRequest.set(.index(1), up: false).encoded(sequence: 1).suffix(16)
                == hex("00 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00")[...])
        #expect(LinkRequest.set(.index(1), up: true).words == "ip link set if1 up")
    }

    @Test func `an attribute too large for its length is an error and no wrong message`() {
        let request = LinkRequest.delete(.name(String(repeating: "x", count: 70_000)))
        #expect(throws: NetlinkError.oversized(request: request.words)) { try request.encoded(sequence: 1) }
    }
}
