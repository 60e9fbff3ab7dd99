// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// Reads the records of a container's log through all its files, from where it stopped last.
package final class LogReader {
    /// A record of the log, as places in the reader's buffer: valid until the next call.
    package struct Record {
        let start: Int
        let end: Int

        /// RFC 3339, always 30 bytes.
        package func time(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: bytes[start..<(start + 30)])
        }
        package func isError(in bytes: UnsafeRawBufferPointer) -> Bool { bytes[start + 34] == UInt8(ascii: "e") }
        /// Whether the line ends here; else the stream's next record goes on with it.
        package func endsLine(in bytes: UnsafeRawBufferPointer) -> Bool { bytes[start + 38] == UInt8(ascii: "F") }
        package func text(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: bytes[(start + LogReader.headLength)..<end])
        }
    }

    /// Time, space, `stdout` or `stderr`, space, `F` or `P`, space.
    static let headLength = 40

    /// Files that rotation removed before this reader had come to them.
    package private(set) var missed = 0

    private let segments: LogSegments
    private var source: LogSource
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    private var filled = 0
    private var cursor = 0
    /// The place in the file of the buffer's first byte.
    private var base = 0

    /// The place behind the last record.
    package var position: LogPosition { LogPosition(number: source.number, offset: base + cursor) }

    /// Begins with the oldest file that is there.
    ///
    /// - Parameter path: of the log's first file.
    /// - Returns: nil where there is no log.
    package init?(_ path: String) throws(SystemError) {
        segments = LogSegments(path: path)
        guard let oldest = try LogReader.source(segments, from: 0) else { return nil }
        source = oldest
    }

    /// Begins at this place, or with the oldest file that is there where rotation has removed it.
    package convenience init?(_ path: String, from start: LogPosition) throws(SystemError) {
        try self.init(path)
        guard let first = try LogReader.source(segments, from: start.number) else { return nil }
        source = first
        guard first.number == start.number else { return }
        try first.seek(to: start.offset)
        base = start.offset
    }

    /// The oldest file with this number or a higher one.
    private static func source(_ segments: LogSegments, from lowest: Int) throws(SystemError) -> LogSource? {
        while let number = try segments.numbers().first(where: { $0 >= lowest }) {
            if let source = try LogSource(segments, number) { return source }
        }
        return nil
    }

    /// The next whole record; nil at the end of what is written so far.
    package func next() throws(SystemError) -> Record? {
        while true {
            while let end = lineBreak() {
                let record = Record(start: cursor, end: end)
                cursor = end + 1
                // What is too short was cut off by a full disk: it is no record.
                if record.end - record.start >= LogReader.headLength { return record }
            }
            if try !fill() { return nil }
        }
    }

    /// The buffer that the last record's places are in.
    package func withBytes<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T { buffer.withUnsafeBytes(body) }

    private func lineBreak() -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard cursor < filled, let found = memchr(bytes.baseAddress! + cursor, 10, filled - cursor) else {
                return nil
            }
            return bytes.baseAddress!.distance(to: UnsafeRawPointer(found))
        }
    }

    /// - Returns: false where there is nothing more.
    private func fill() throws(SystemError) -> Bool {
        if cursor > 0 {
            buffer.withUnsafeMutableBytes {
                _ = memmove($0.baseAddress!, $0.baseAddress! + cursor, filled - cursor)
            }
            filled -= cursor
            base += cursor
            cursor = 0
        }
        if filled == buffer.count { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
        if try readOn() { return true }
        guard try source.isFull(segments) else { return false }
        // The writer left this file for good: now its end is the end.
        if try readOn() { return true }
        let number = source.number + 1
        var follower = try LogSource(segments, number)
        if follower == nil { follower = try LogReader.source(segments, from: number) }
        // None at all: the container was removed.
        guard let next = follower else { return false }
        missed += next.number - source.number - 1
        source = next
        base = -filled
        return true
    }

    private func readOn() throws(SystemError) -> Bool {
        var failure: SystemError?
        let start = filled
        let count = buffer.withUnsafeMutableBytes { bytes -> Int in
            do throws(SystemError) {
                return try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]))
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        filled += count
        return count > 0
    }

    /// Goes to the beginning of the last `count` lines.
    package func seekToLast(_ count: Int) throws(SystemError) {
        (filled, cursor) = (0, 0)
        // The break that ends the log begins no line: the one before it does.
        var wanted = count + 1
        for number in try segments.numbers().reversed() {
            guard let older = try LogSource(segments, number) else { return }
            let ends = try older.lineEnds(last: wanted)
            source = older
            base = ends.first ?? 0
            try source.seek(to: base)
            if ends.first != nil { return }
            wanted -= ends.found
        }
    }
}
