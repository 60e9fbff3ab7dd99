// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// Reads the records of a container's log file, from where it stopped last.
package final class LogReader {
    /// A record of the file, as places in the reader's buffer: valid until the next call.
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

    private let file: Descriptor
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    private var filled = 0
    private var position = 0

    package init(_ path: String) throws(SystemError) { file = try Descriptor.open(path, O_RDONLY) }

    /// The next whole record; nil at the end of what is written so far.
    package func next() throws(SystemError) -> Record? {
        while true {
            while let end = lineBreak() {
                let record = Record(start: position, end: end)
                position = end + 1
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
            guard position < filled, let found = memchr(bytes.baseAddress! + position, 10, filled - position) else {
                return nil
            }
            return bytes.baseAddress!.distance(to: UnsafeRawPointer(found))
        }
    }

    /// - Returns: false where there is nothing more.
    private func fill() throws(SystemError) -> Bool {
        if position > 0 {
            buffer.withUnsafeMutableBytes {
                _ = memmove($0.baseAddress!, $0.baseAddress! + position, filled - position)
            }
            filled -= position
            position = 0
        }
        if filled == buffer.count { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
        let count = try check("read") { () -> Int in
            buffer.withUnsafeMutableBytes { Glibc.read(file.raw, $0.baseAddress! + filled, $0.count - filled) }
        }
        filled += count
        return count > 0
    }

    /// Goes to the beginning of the last `count` lines, reading backwards.
    package func seekToLast(_ count: Int) throws(SystemError) {
        (filled, position) = (0, 0)
        let size = lseek(file.raw, 0, SEEK_END)
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var end = size
        var found = 0
        if count == 0 { return }
        while end > 0 {
            let start = max(0, end - off_t(chunk.count))
            let length = Int(end - start)
            try check("pread") { pread(file.raw, &chunk, length, start) }
            for index in stride(from: length - 1, through: 0, by: -1)
            where chunk[index] == 0x0A && start + off_t(index) != size - 1 {
                if try !isPart(endingAt: start + off_t(index)) { found += 1 }
                if found == count {
                    lseek(file.raw, start + off_t(index) + 1, SEEK_SET)
                    return
                }
            }
            end = start
        }
        lseek(file.raw, 0, SEEK_SET)
    }

    /// Whether the record that ends with the line break at this offset goes on in the next one. A part has exactly the
    /// longest length, so its kind stands at a known distance.
    private func isPart(endingAt offset: off_t) throws(SystemError) -> Bool {
        let distance = off_t(LogStream.longestPart + 3)
        guard offset >= distance + 37 else { return false }
        var kind: [UInt8] = [0, 0, 0]
        try check("pread") { pread(file.raw, &kind, 3, offset - distance) }
        return kind == [0x20, 0x50, 0x20]
    }
}
