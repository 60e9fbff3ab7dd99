// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A text file that a person wrote, kept so that diagnostics can quote its lines.
package final class SourceFile: Sendable {
    /// The path as diagnostics print it.
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// The text of line `number` (from 1) without its line break, or nil where the file has no such line.
    ///
    /// Linear in the size of the file: lines are only looked up for what goes wrong.
    package func line(_ number: Int) -> String? {
        guard number >= 1 else { return nil }
        var start = bytes.startIndex
        var current = 1
        while current < number {
            guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            start = end + 1
            current += 1
        }
        var end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}
