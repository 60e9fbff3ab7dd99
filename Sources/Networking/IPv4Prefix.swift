// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// An IPv4 network: the first so many bits of an address (RFC 4632).
package struct IPv4Prefix: Hashable, Comparable, Sendable, TextCodable {
    /// The network's own address: all host bits are zero.
    package let address: IPv4Address
    /// 0 to 32.
    package let length: UInt8

    /// The network that the address is in.
    package init?(_ address: IPv4Address, length: Int) {
        guard (0...32).contains(length) else { return nil }
        self.address = IPv4Address(address.value & IPv4Prefix.mask(length))
        self.length = UInt8(length)
    }

    /// `ADDRESS/LENGTH`; host bits may be set and are cleared.
    package init?(_ text: some StringProtocol) {
        guard let slash = text.firstIndex(of: "/"), let address = IPv4Address(text[..<slash]),
            let length = decimalByte(text[text.index(after: slash)...].utf8)
        else { return nil }
        self.init(address, length: Int(length))
    }

    package static var textForm: String { "IPv4 network" }
    package var description: String { "\(address)/\(length)" }
    package var first: IPv4Address { address }
    /// The broadcast address of a network of more than two.
    package var last: IPv4Address { IPv4Address(address.value | ~IPv4Prefix.mask(Int(length))) }

    /// The addresses that a host can have: without the network's own and the broadcast address, which a /31 (RFC 3021)
    /// and a /32 do not have.
    package var hosts: ClosedRange<UInt32> {
        length >= 31 ? first.value...last.value : first.value + 1...last.value - 1
    }

    package func contains(_ other: IPv4Address) -> Bool {
        other.value & IPv4Prefix.mask(Int(length)) == address.value
    }

    package func contains(_ other: IPv4Prefix) -> Bool { length <= other.length && contains(other.address) }

    /// Two networks overlap only where one holds the other.
    package func overlaps(_ other: IPv4Prefix) -> Bool { contains(other) || other.contains(self) }

    package static func < (left: IPv4Prefix, right: IPv4Prefix) -> Bool {
        (left.address, left.length) < (right.address, right.length)
    }

    private static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : ~0 << (32 - UInt32(length)) }
}
