// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A request before it has a sequence number: a message as a value.
package struct NetlinkRequest: Sendable {
    package var type: MessageType
    package var flags: MessageFlags
    /// The `ip` command that does the same, for messages to the user.
    package var words: String
    package var body: MessageBuilder

    package init(
        _ type: MessageType, _ flags: MessageFlags = [], words: String, _ write: (inout MessageBuilder) -> Void
    ) {
        self.type = type
        self.flags = flags.union(.NLM_F_REQUEST)
        self.words = words
        body = MessageBuilder()
        write(&body)
    }

    /// `struct nlmsghdr` and the body, padded to four bytes.
    package func encoded(
        sequence: UInt32, port: UInt32 = 0, adding more: MessageFlags = []
    ) throws(NetlinkError) -> [UInt8] {
        if body.isOversized { throw .oversized(request: words) }
        var message = MessageBuilder()
        message.append(UInt32(16 + body.bytes.count))
        message.append(type.rawValue)
        message.append(flags.union(more).rawValue)
        message.append(sequence)
        message.append(port)
        message.append(body.bytes)
        message.align()
        return message.bytes
    }
}

/// A request that is answered with records of one kind.
package struct NetlinkQuery<Record: NetlinkRecord>: Sendable {
    package var request: NetlinkRequest
    package init(_ request: NetlinkRequest) { self.request = request }
}

/// What the kernel answers to a query, parsed from a message's body.
package protocol NetlinkRecord: Sendable {
    static var messageType: MessageType { get }
    init(body: ArraySlice<UInt8>) throws(NetlinkError)
}
