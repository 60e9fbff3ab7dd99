// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Writes the body of a message: fixed headers, then attributes, each padded to NLMSG_ALIGNTO (4) bytes (netlink(7)).
///
/// Lengths are written after what they measure, so none is computed by hand. Numbers are in the host's byte order, as the
/// protocol wants; addresses are bytes already in network order.
package struct MessageBuilder: Sendable {
    package private(set) var bytes: [UInt8] = []
    /// An attribute grew beyond the 65,535 bytes that its length field can say.
    package private(set) var isOversized = false

    package init() { bytes.reserveCapacity(256) }

    package mutating func append(_ raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }

    package mutating func append<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    package mutating func zeros(_ count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

    /// Zeros up to the next multiple of four.
    package mutating func align() { zeros(-bytes.count & 3) }

    package mutating func attribute<A: AttributeFamily>(_ type: A, _ value: some Sequence<UInt8>) {
        attribute(type.rawValue) { $0.append(value) }
    }

    package mutating func attribute<A: AttributeFamily, T: FixedWidthInteger>(_ type: A, _ value: T) {
        attribute(type.rawValue) { $0.append(value) }
    }

    /// A string with its NUL.
    package mutating func attribute<A: AttributeFamily>(_ type: A, _ text: String) {
        attribute(type.rawValue) {
            $0.append(text.utf8)
            $0.append(UInt8(0))
        }
    }

    /// An attribute that holds what `body` writes: attributes, or a header and attributes.
    package mutating func nested<A: AttributeFamily>(_ type: A, _ body: (inout MessageBuilder) -> Void) {
        attribute(type.rawValue | NLA_F_NESTED, body)
    }

    private mutating func attribute(_ type: UInt16, _ body: (inout MessageBuilder) -> Void) {
        let start = bytes.count
        zeros(4)
        body(&self)
        let length = bytes.count - start
        align()
        isOversized = isOversized || length > Int(UInt16.max)
        store(UInt16(truncatingIfNeeded: length), at: start)
        store(type, at: start + 2)
    }

    private mutating func store(_ value: UInt16, at offset: Int) {
        withUnsafeBytes(of: value) { raw in
            bytes[offset] = raw[0]
            bytes[offset + 1] = raw[1]
        }
    }
}
