// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Netlink

/// An IPv4 address as a number: `10.0.0.1` is 0x0a000001.
package struct IPv4Address: Hashable, Comparable, Sendable, NetworkAddress, TextCodable {
    package var value: UInt32

    package init(_ value: UInt32) { self.value = value }

    /// Four decimal numbers of at most three digits with dots between (RFC 6943, section 3.1.1: the strict form).
    /// A leading zero is refused, as some programs take such a number for octal.
    package init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let byte = decimalByte(part) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        self.value = value
    }

    /// Four bytes in network order.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    package static var textForm: String { "IPv4 address" }
    package var family: AddressFamily { .AF_INET }
    package var bytes: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    package var description: String { bytes.map { String($0) }.joined(separator: ".") }
    package var isLoopback: Bool { value >> 24 == 127 }

    package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.value < right.value }

    package static let any = IPv4Address(0)
    package static let loopback = IPv4Address(0x7f00_0001)
}

/// `0` to `255` without a leading zero.
func decimalByte(_ digits: some Collection<UInt8>) -> UInt8? {
    guard (1...3).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    if digits.count > 1, digits.first == 48 { return nil }
    return UInt8(exactly: digits.reduce(0) { $0 * 10 + Int($1) - 48 })
}
