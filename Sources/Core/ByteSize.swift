// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A number of bytes as Compose files give it: `64m`, `1.5gb`, `2048`.
///
/// Compose Specification, 11-extension.md, "Specifying byte values"; units are powers of 1024, and `kb`, `kib` and `k` are the same.
package struct ByteSize: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var bytes: Int64

    package init(bytes: Int64) {
        self.bytes = bytes
    }

    package static func < (a: ByteSize, b: ByteSize) -> Bool { a.bytes < b.bytes }

    package var description: String { "\(bytes)" }

    package enum ParseError: Error, Hashable, Sendable {
        case invalid
        case unknownUnit(String)
        case tooLarge
    }

    package init(parsing text: some StringProtocol) throws(ParseError) {
        let number = text.utf8.prefix {
            ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || $0 == UInt8(ascii: ".")
        }
        guard let value = Double(String(decoding: number, as: UTF8.self)), value >= 0 else { throw .invalid }
        var unit = String(decoding: text.utf8.dropFirst(number.count), as: UTF8.self).lowercased()
        if unit.first == " " { unit.removeFirst() }
        guard let power = Self.powers[unit] else { throw .unknownUnit(unit) }
        let bytes = value * Double(Int64(1) << (10 * power))
        guard bytes < 9.2e18 else { throw .tooLarge }
        self.init(bytes: Int64(bytes))
    }

    private static let powers: [String: Int64] = [
        "": 0, "b": 0, "k": 1, "kb": 1, "kib": 1, "m": 2, "mb": 2, "mib": 2, "g": 3, "gb": 3, "gib": 3,
        "t": 4, "tb": 4, "tib": 4, "p": 5, "pb": 5, "pib": 5,
    ]
}

extension ByteSize: Codable {
    package init(from decoder: any Decoder) throws {
        bytes = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }
}
