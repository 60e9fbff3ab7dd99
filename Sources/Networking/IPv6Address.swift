// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Netlink

/// An IPv6 address as its two halves.
package struct IPv6Address: Hashable, Comparable, Sendable, NetworkAddress, TextCodable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// Sixteen bytes in network order.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The text forms of RFC 4291, section 2.2, without a zone.
    package init?(_ text: some StringProtocol) {
        let halves = IPv6Address.splitAtDoubleColon(Substring(text))
        guard let front = IPv6Address.groups(halves.front, mayEndInIPv4: halves.back == nil) else { return nil }
        guard let backText = halves.back else {
            guard front.count == 8 else { return nil }
            self.init(groups: front)
            return
        }
        // "::" stands for at least one group of zeros.
        guard let back = IPv6Address.groups(backText, mayEndInIPv4: true), front.count + back.count <= 7 else {
            return nil
        }
        self.init(groups: front + [UInt16](repeating: 0, count: 8 - front.count - back.count) + back)
    }

    private init(groups: [UInt16]) {
        high = groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }
        low = groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
    }

    package static var textForm: String { "IPv6 address" }
    package var family: AddressFamily { .AF_INET6 }

    /// The address after this one; after the last one comes the first.
    package var next: IPv6Address { IPv6Address(high: low == .max ? high &+ 1 : high, low: low &+ 1) }

    package var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
    }

    private var groups: [UInt16] {
        [high, low].flatMap { half in (0..<4).map { UInt16(truncatingIfNeeded: half >> (48 - 16 * $0)) } }
    }

    /// The one form of RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`.
    package var description: String {
        let groups = self.groups
        var longest = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > longest.count { longest = start..<index }
            start = index + 1
        }
        func text(_ range: Range<Int>) -> String { groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        if longest.count < 2 { return text(0..<8) }
        return "\(text(0..<longest.lowerBound))::\(text(longest.upperBound..<8))"
    }

    package static func < (left: IPv6Address, right: IPv6Address) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    package static let any = IPv6Address(high: 0, low: 0)
    package static let loopback = IPv6Address(high: 0, low: 1)

    /// At most one `::` counts; a second one is left in the back, where it is no group and so an error.
    private static func splitAtDoubleColon(_ text: Substring) -> (front: Substring, back: Substring?) {
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == ":", next < text.endIndex, text[next] == ":" {
                return (text[..<index], text[text.index(after: next)...])
            }
            index = next
        }
        return (text, nil)
    }

    private static func groups(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains("."), let address = IPv4Address(part) {
                groups += [UInt16(address.value >> 16), UInt16(truncatingIfNeeded: address.value)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexadecimalDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups.count <= 8 ? groups : nil
    }
}

/// An IPv6 network.
package struct IPv6Prefix: Hashable, Sendable, TextCodable {
    package let address: IPv6Address
    package let length: UInt8

    package init?(_ address: IPv6Address, length: Int) {
        guard (0...128).contains(length) else { return nil }
        let mask = IPv6Prefix.mask(length)
        self.address = IPv6Address(high: address.high & mask.high, low: address.low & mask.low)
        self.length = UInt8(length)
    }

    package init?(_ text: some StringProtocol) {
        guard let slash = text.firstIndex(of: "/"), let address = IPv6Address(text[..<slash]),
            let length = decimalByte(text[text.index(after: slash)...].utf8)
        else { return nil }
        self.init(address, length: Int(length))
    }

    package static var textForm: String { "IPv6 network" }
    package var description: String { "\(address)/\(length)" }

    /// The last address of the network.
    package var last: IPv6Address {
        let mask = IPv6Prefix.mask(Int(length))
        return IPv6Address(high: address.high | ~mask.high, low: address.low | ~mask.low)
    }

    /// Two networks overlap only where one holds the other.
    package func overlaps(_ other: IPv6Prefix) -> Bool {
        length <= other.length ? contains(other.address) : other.contains(address)
    }

    package func contains(_ other: IPv6Address) -> Bool {
        let mask = IPv6Prefix.mask(Int(length))
        return other.high & mask.high == address.high && other.low & mask.low == address.low
    }

    private static func mask(_ length: Int) -> (high: UInt64, low: UInt64) {
        func half(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? ~0 : ~0 << UInt64(64 - bits) }
        return (half(length), half(length - 64))
    }
}

private func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...102).contains(byte) || (65...70).contains(byte)
}
