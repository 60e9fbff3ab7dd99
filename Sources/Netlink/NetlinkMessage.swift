// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A message as it came: `struct nlmsghdr` and its body.
package struct NetlinkMessage: Sendable {
    package var type: MessageType
    package var flags: MessageFlags
    package var sequence: UInt32
    package var port: UInt32
    package var body: ArraySlice<UInt8>

    /// The messages of one datagram.
    package static func parse(_ datagram: ArraySlice<UInt8>) throws(NetlinkError) -> [NetlinkMessage] {
        var cursor = MessageCursor(datagram)
        var messages: [NetlinkMessage] = []
        while cursor.remaining > 0 {
            let length = Int(try cursor.number(UInt32.self, "a message's length"))
            let type = MessageType(rawValue: try cursor.number(UInt16.self, "a message's type"))
            let flags = MessageFlags(rawValue: try cursor.number(UInt16.self, "a message's flags"))
            let sequence = try cursor.number(UInt32.self, "a message's sequence number")
            let port = try cursor.number(UInt32.self, "a message's port id")
            guard length >= 16 else { throw .malformed("a message has the length \(length)") }
            let body = try cursor.take(length - 16, "a message's body")
            cursor.align()
            messages.append(NetlinkMessage(type: type, flags: flags, sequence: sequence, port: port, body: body))
        }
        return messages
    }
}

/// The body of NLMSG_ERROR (netlink(7)): an acknowledgement where `errno` is 0.
package struct Acknowledgement: Hashable, Sendable {
    package var errno: Int32
    package var kernelText: String?

    package init(_ message: NetlinkMessage) throws(NetlinkError) {
        var cursor = MessageCursor(message.body)
        let code = try cursor.number(Int32.self, "an acknowledgement's code")
        guard code <= 0, code > Int32.min else { throw .malformed("an acknowledgement has the code \(code)") }
        errno = -code
        // The request's header is always repeated; its body only where NETLINK_CAP_ACK is off and there was an error.
        let length = Int(try cursor.number(UInt32.self, "an acknowledgement's request"))
        _ = try cursor.take(12, "an acknowledgement's request")
        if !message.flags.contains(.NLM_F_CAPPED), errno != 0 {
            _ = try cursor.take(length - 16, "an acknowledgement's request")
            cursor.align()
        }
        guard message.flags.contains(.NLM_F_ACK_TLVS) else { return }
        kernelText = try cursor.attributes().text(NLMSGERR_ATTR.MSG)
    }
}
