// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Reads numbers and attributes from bytes that came from elsewhere. Never reads past the end, and every step forward is
/// at least four bytes, so any input comes to an end.
package struct MessageCursor: Sendable {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    package var remaining: Int { bytes.endIndex - position }

    package mutating func take(_ count: Int, _ what: StaticString) throws(NetlinkError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw .malformed("\(what) needs \(count) bytes where \(remaining) are left")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    package mutating func number<T: FixedWidthInteger>(_ type: T.Type, _ what: StaticString) throws(NetlinkError) -> T {
        readNumber(try take(MemoryLayout<T>.size, what))
    }

    /// Goes on to the next multiple of four counted from the start; the last padding may be missing.
    package mutating func align() {
        position = min(bytes.endIndex, position + (-(position - bytes.startIndex) & 3))
    }

    /// The attributes up to the end. A type seen twice keeps its last value.
    package mutating func attributes() throws(NetlinkError) -> Attributes {
        var values: [(type: UInt16, value: ArraySlice<UInt8>)] = []
        values.reserveCapacity(8)
        while remaining > 0 {
            let length = Int(try number(UInt16.self, "an attribute's length"))
            let type = try number(UInt16.self, "an attribute's type") & NLA_TYPE_MASK
            guard length >= 4 else { throw .malformed("an attribute of type \(type) has the length \(length)") }
            values.append((type, try take(length - 4, "an attribute's value")))
            align()
        }
        return Attributes(values: values)
    }
}

/// Attributes by type; a value of the wrong size reads as absent or as an error, never traps.
package struct Attributes: Sendable {
    /// In the message's order. They are few, and a message is read for each link of a host: a dictionary would cost more.
    let values: [(type: UInt16, value: ArraySlice<UInt8>)]

    package func bytes<A: AttributeFamily>(_ type: A) -> ArraySlice<UInt8>? {
        values.last { $0.type == type.rawValue }?.value
    }

    package func number<A: AttributeFamily, T: FixedWidthInteger>(
        _ type: A, _: T.Type
    ) throws(NetlinkError) -> T? {
        guard let value = bytes(type) else { return nil }
        guard value.count == MemoryLayout<T>.size else {
            throw .malformed("\(A.self).\(type) has \(value.count) bytes and not \(MemoryLayout<T>.size)")
        }
        return readNumber(value)
    }

    /// The text before the first NUL.
    package func text<A: AttributeFamily>(_ type: A) -> String? {
        bytes(type).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    package func nested<A: AttributeFamily>(_ type: A) throws(NetlinkError) -> Attributes? {
        guard let value = bytes(type) else { return nil }
        var cursor = MessageCursor(value)
        return try cursor.attributes()
    }
}

/// A number in the host's byte order; the caller gives as many bytes as it has.
private func readNumber<T: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> T {
    bytes.withUnsafeBytes { $0.loadUnaligned(as: T.self) }
}
