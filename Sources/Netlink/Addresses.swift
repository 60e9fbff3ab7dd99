// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// An address of an interface.
package struct InterfaceAddress: NetlinkRecord, Hashable {
    package static let messageType = MessageType.RTM_NEWADDR

    package var family: UInt8
    package var prefixLength: UInt8
    package var interface: Int32
    /// In network order: 4 bytes for AF_INET, 16 for AF_INET6.
    package var bytes: [UInt8]

    /// Reads `struct ifaddrmsg` and its attributes (rtnetlink(7)).
    package init(body: ArraySlice<UInt8>) throws(NetlinkError) {
        var cursor = MessageCursor(body)
        family = try cursor.number(UInt8.self, "an address's family")
        prefixLength = try cursor.number(UInt8.self, "an address's prefix length")
        _ = try cursor.take(2, "an address's header")
        interface = Int32(truncatingIfNeeded: try cursor.number(UInt32.self, "an address's interface"))
        let attributes = try cursor.attributes()
        // On a point-to-point link IFA_ADDRESS is the other end and IFA_LOCAL is this one.
        bytes = (attributes.bytes(IFA.LOCAL) ?? attributes.bytes(IFA.ADDRESS)).map(Array.init) ?? []
    }
}

/// Requests about addresses.
package enum AddressRequest {
    /// `ip addr add ADDRESS/PREFIX dev IFINDEX`; an IPv6 address is usable at once (no duplicate address detection).
    package static func add(_ address: any NetworkAddress, prefixLength: UInt8, to interface: Int32) -> NetlinkRequest {
        request(.RTM_NEWADDR, [.NLM_F_CREATE, .NLM_F_EXCL], "add", address, prefixLength, interface)
    }

    /// `ip addr del ADDRESS/PREFIX dev IFINDEX`
    package static func delete(
        _ address: any NetworkAddress, prefixLength: UInt8, from interface: Int32
    ) -> NetlinkRequest {
        request(.RTM_DELADDR, [], "del", address, prefixLength, interface)
    }

    /// `ip addr show`
    package static func all(_ family: AddressFamily = .AF_UNSPEC) -> NetlinkQuery<InterfaceAddress> {
        NetlinkQuery(NetlinkRequest(.RTM_GETADDR, .NLM_F_DUMP, words: "ip addr show") { header(&$0, family) })
    }

    private static func request(
        _ type: MessageType, _ flags: MessageFlags, _ verb: String,
        _ address: any NetworkAddress, _ prefixLength: UInt8, _ interface: Int32
    ) -> NetlinkRequest {
        NetlinkRequest(type, flags, words: "ip addr \(verb) \(address)/\(prefixLength) dev if\(interface)") { message in
            let bytes = address.bytes
            header(&message, address.family, prefixLength: prefixLength, interface: interface)
            message.attribute(IFA.LOCAL, bytes)
            message.attribute(IFA.ADDRESS, bytes)
            if address.family == .AF_INET, prefixLength < 31, bytes.count == 4 {
                message.attribute(IFA.BROADCAST, broadcast(bytes, prefixLength))
            }
            if address.family == .AF_INET6 { message.attribute(IFA.FLAGS, IFA_F_NODAD) }
        }
    }

    /// `struct ifaddrmsg`
    private static func header(
        _ message: inout MessageBuilder, _ family: AddressFamily, prefixLength: UInt8 = 0, interface: Int32 = 0
    ) {
        message.append(family.rawValue)
        message.append(prefixLength)
        message.append(UInt8(0))
        message.append(RT_SCOPE_UNIVERSE)
        message.append(interface)
    }

    /// The address with all host bits set (RFC 919).
    private static func broadcast(_ bytes: [UInt8], _ prefixLength: UInt8) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let networkBits = min(8, max(0, Int(prefixLength) - index * 8))
            return byte | UInt8(truncatingIfNeeded: 0xff >> networkBits)
        }
    }
}
