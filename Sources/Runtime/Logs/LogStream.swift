// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// Cuts what a container writes on one stream into records of its log file.
///
/// A record is a line of the CRI logging format: `2026-01-02T03:04:05.000000006Z stdout F text`, where `F` ends a line
/// and `P` is a part of one that goes on in the stream's next record.
struct LogStream {
    /// A line that is longer is written in parts, as Docker does. Where it is cut does not depend on how it came.
    static let longestPart = 16384

    let name: String
    private var pending: [UInt8] = []

    init(name: String) { self.name = name }

    /// Bytes that wait for their line break.
    var waiting: Int { pending.count }

    /// Appends the records of these bytes; what follows the last line break waits for more.
    mutating func write(_ bytes: UnsafeRawBufferPointer, time: UInt64, to output: inout [UInt8]) {
        let head = Array("\(timestamp(time)) \(name) ".utf8)
        var rest = bytes
        while !rest.isEmpty {
            let lineBreak = memchr(rest.baseAddress!, 10, rest.count).map {
                rest.baseAddress!.distance(to: UnsafeRawPointer($0))
            }
            let piece = UnsafeRawBufferPointer(rebasing: rest[..<(lineBreak ?? rest.count)])
            rest = UnsafeRawBufferPointer(rebasing: rest[(lineBreak.map { $0 + 1 } ?? rest.count)...])
            if lineBreak != nil && pending.isEmpty && piece.count <= LogStream.longestPart {
                append(head, 0x46, piece, &output)
                continue
            }
            pending.append(contentsOf: piece)
            var start = 0
            while pending.count - start > LogStream.longestPart {
                pending.withUnsafeBytes {
                    append(
                        head, 0x50, UnsafeRawBufferPointer(rebasing: $0[start..<(start + LogStream.longestPart)]),
                        &output)
                }
                start += LogStream.longestPart
            }
            if lineBreak != nil {
                pending.withUnsafeBytes { append(head, 0x46, UnsafeRawBufferPointer(rebasing: $0[start...]), &output) }
                pending.removeAll(keepingCapacity: true)
            } else {
                pending.removeFirst(start)
            }
        }
    }

    /// Appends what waits for a line break as a part of its line.
    mutating func cut(time: UInt64, to output: inout [UInt8]) {
        guard !pending.isEmpty else { return }
        let head = Array("\(timestamp(time)) \(name) ".utf8)
        pending.withUnsafeBytes { append(head, 0x50, $0, &output) }
        pending = []
    }

    /// Appends what waits for a line break that will not come.
    mutating func finish(time: UInt64, to output: inout [UInt8]) {
        guard !pending.isEmpty else { return }
        let head = Array("\(timestamp(time)) \(name) ".utf8)
        pending.withUnsafeBytes { append(head, 0x46, $0, &output) }
        pending = []
    }

    private func append(_ head: [UInt8], _ kind: UInt8, _ text: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
        output.append(contentsOf: head)
        output.append(kind)
        output.append(0x20)
        output.append(contentsOf: text)
        output.append(0x0A)
    }
}

/// RFC 3339 in UTC with nine digits after the point: always 30 characters, so that texts sort as the instants do.
///
/// - Parameter time: nanoseconds since 1970.
package func timestamp(_ time: UInt64) -> String {
    var seconds = time_t(time / 1_000_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func digits(_ value: Int, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date =
        "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
    let clock = "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
    return "\(date)T\(clock).\(digits(Int(time % 1_000_000_000), 9))Z"
}
