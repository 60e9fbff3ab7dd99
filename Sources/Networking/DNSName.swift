// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A domain name as its labels, from the leaf to the top (RFC 1035, section 3.1). Compared without regard to the case of
/// ASCII letters (RFC 4343); the spelling is kept.
package struct DNSName: Hashable, Sendable, CustomStringConvertible {
    package let labels: [[UInt8]]
    /// The whole in lower case with dots, without the last one: what names are looked up by. A byte that is no plain
    /// character of a name is written as `\DDD` (RFC 1035, section 5.1), so two names never have the same key.
    package let key: String

    /// Nil where a label is empty or longer than 63 bytes, or the whole is longer than 255 on the wire.
    package init?(labels: [[UInt8]]) {
        guard labels.allSatisfy({ (1...63).contains($0.count) }), labels.reduce(1, { $0 + $1.count + 1 }) <= 255 else {
            return nil
        }
        self.labels = labels
        key = labels.map(DNSName.text).joined(separator: ".")
    }

    /// A name as people write it, with or without the last dot; without escapes.
    package init?(_ text: String) {
        let bare = text.hasSuffix(".") ? text.dropLast() : text[...]
        if bare.isEmpty { return nil }
        self.init(
            labels: bare.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init))
    }

    package var description: String { "\(key)." }

    package static func == (left: DNSName, right: DNSName) -> Bool { left.key == right.key }
    package func hash(into hasher: inout Hasher) { hasher.combine(key) }

    /// The IPv4 address that a name below in-addr.arpa stands for (RFC 1035, section 3.5).
    package var reverseAddress: IPv4Address? {
        guard key.hasSuffix(".in-addr.arpa"), labels.count == 6 else { return nil }
        return IPv4Address(labels[..<4].reversed().map { String(decoding: $0, as: UTF8.self) }.joined(separator: "."))
    }

    /// The IPv6 address that a name below ip6.arpa stands for: its 32 hexadecimal digits, the last one first (RFC 3596,
    /// section 2.5).
    package var reverseAddress6: IPv6Address? {
        guard key.hasSuffix(".ip6.arpa"), labels.count == 34 else { return nil }
        let digits = labels[..<32].reversed().compactMap { label in
            label.count == 1 ? UInt8(String(decoding: label, as: UTF8.self), radix: 16) : nil
        }
        guard digits.count == 32 else { return nil }
        return IPv6Address(bytes: stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    private static func text(_ label: [UInt8]) -> String {
        var text = ""
        for byte in label {
            switch byte {
            case 0x41...0x5a: text.unicodeScalars.append(Unicode.Scalar(byte + 0x20))
            case 0x61...0x7a, 0x30...0x39, 0x2d, 0x5f: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "\\\(byte / 100)\(byte / 10 % 10)\(byte % 10)"
            }
        }
        return text
    }
}
