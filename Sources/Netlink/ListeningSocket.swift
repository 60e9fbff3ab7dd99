// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A TCP socket that listens (sock_diag(7)).
package struct ListeningSocket: NetlinkRecord, Hashable {
    package static let messageType = MessageType.SOCK_DIAG_BY_FAMILY

    package var family: UInt8
    package var port: UInt16

    /// Reads the beginning of `struct inet_diag_msg`: family, state, timer, retransmissions, then `struct inet_diag_sockid`
    /// with the port in network order.
    package init(body: ArraySlice<UInt8>) throws(NetlinkError) {
        var cursor = MessageCursor(body)
        family = try cursor.number(UInt8.self, "a socket's family")
        _ = try cursor.take(3, "a socket's state")
        port = UInt16(bigEndian: try cursor.number(UInt16.self, "a socket's port"))
    }

    /// `ss -Hltn sport = :PORT`, of one family.
    package static func all(_ family: AddressFamily, port: UInt16) -> NetlinkQuery<ListeningSocket> {
        NetlinkQuery(
            NetlinkRequest(.SOCK_DIAG_BY_FAMILY, .NLM_F_DUMP, words: "ss -Hltn sport = :\(port)") { message in
                // struct inet_diag_req_v2: IPPROTO_TCP, no extensions, the state TCP_LISTEN (10), the source port alone.
                message.append(family.rawValue)
                message.append(UInt8(6))
                message.zeros(2)
                message.append(UInt32(1) << 10)
                message.append(port.bigEndian)
                message.zeros(46)
            })
    }
}
