// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Synchronization

/// A text file that a person wrote, kept so that diagnostics can quote its lines.
package final class SourceFile: Sendable {
    /// The path as diagnostics print it.
    package let name: String
    package let bytes: [UInt8]
    /// Where each line starts, once one was asked for.
    private let lineStarts = Mutex<[Int]>([])

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// The line as a diagnostic quotes it: not at all where it is longer than 4 KiB, as generated ones are.
    package func excerpt(_ number: Int) -> String? {
        guard let range = range(ofLine: number), range.count <= 4096 else { return nil }
        return String(decoding: bytes[range], as: UTF8.self)
    }

    /// The text of line `number` (from 1) without its line break, or nil where the file has no such line.
    package func line(_ number: Int) -> String? {
        range(ofLine: number).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    private func range(ofLine number: Int) -> Range<Int>? {
        guard number >= 1 else { return nil }
        let (start, next) = lineStarts.withLock { starts -> (Int?, Int?) in
            if starts.isEmpty {
                starts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
            }
            return (number <= starts.count ? starts[number - 1] : nil, number < starts.count ? starts[number] : nil)
        }
        guard let start else { return nil }
        var end = next.map { $0 - 1 } ?? bytes.endIndex
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return start..<end
    }
}
