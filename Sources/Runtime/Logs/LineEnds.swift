// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// The places after the last lines of one file of a log. A record that is a part of a line ends none.
struct LineEnds {
    /// How many lines were found; not more than were wanted.
    private(set) var found = 0
    /// The place after the first of the wanted lines; nil where the file has fewer.
    private(set) var first: Int?

    private let wanted: Int

    /// Of a plain file, read from its end backwards.
    init(last wanted: Int, before size: Int, of file: Descriptor) throws(SystemError) {
        self.wanted = wanted
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var end = size
        while end > 0 {
            let start = max(0, end - chunk.count)
            let length = end - start
            try check("pread") { pread(file.raw, &chunk, length, off_t(start)) }
            for index in stride(from: length - 1, through: 0, by: -1) where chunk[index] == 10 {
                if try LineEnds.isPart(endingAt: start + index, of: file) { continue }
                found += 1
                if found == wanted {
                    first = start + index + 1
                    return
                }
            }
            end = start
        }
    }

    /// Of a compressed file, which can be read forwards only.
    ///
    /// - Parameter read: fills the buffer with what comes next; 0 at the end.
    init(
        last wanted: Int, reading read: (UnsafeMutableRawBufferPointer) throws(SystemError) -> Int
    ) throws(SystemError) {
        self.wanted = wanted
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { chunk.deallocate() }
        var places: [Int] = []
        var (offset, column, isPart) = (0, 0, false)
        while case let count = try read(chunk), count > 0 {
            for index in 0..<count {
                if column == 38 { isPart = chunk[index] == UInt8(ascii: "P") }
                column += 1
                guard chunk[index] == 10 else { continue }
                if !isPart { places.append(offset + index + 1) }
                (column, isPart) = (0, false)
            }
            offset += count
            if places.count > 2 * wanted { places.removeFirst(places.count - wanted) }
        }
        found = min(places.count, wanted)
        if places.count >= wanted { first = places[places.count - wanted] }
    }

    /// Whether the record that ends with the line break at this offset goes on in the next one. A part has exactly the
    /// longest length, so its kind stands at a known distance.
    private static func isPart(endingAt offset: Int, of file: Descriptor) throws(SystemError) -> Bool {
        let distance = LogStream.longestPart + 3
        guard offset >= distance + 37 else { return false }
        var kind: [UInt8] = [0, 0, 0]
        try check("pread") { pread(file.raw, &kind, 3, off_t(offset - distance)) }
        return kind == [0x20, 0x50, 0x20]
    }
}
