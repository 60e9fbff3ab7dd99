// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import CZlib
import Glibc
import Linux

/// One file of a log that is read, plain or compressed.
final class LogSource {
    let number: Int
    private let path: String
    private let plain: Descriptor?
    private let compressed: gzFile?

    /// - Returns: nil where rotation has removed the file.
    init?(_ segments: LogSegments, _ number: Int) throws(SystemError) {
        self.number = number
        for _ in 0..<2 {
            do throws(SystemError) {
                let path = segments.plain(number)
                (plain, compressed, self.path) = (try Descriptor.open(path, O_RDONLY), nil, path)
                return
            } catch { if error.errno != ENOENT { throw error } }
            do throws(SystemError) {
                let path = segments.compressed(number)
                let file = try Descriptor.open(path, O_RDONLY)
                guard let opened = gzdopen(file.raw, "rb") else { throw SystemError("gzdopen", path, errno: ENOMEM) }
                _ = file.release()
                (plain, compressed, self.path) = (nil, opened, path)
                return
            } catch { if error.errno != ENOENT { throw error } }
        }
        return nil
    }

    deinit { if let compressed { gzclose(compressed) } }

    /// - Returns: 0 where there is nothing more by now.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        if let plain { return try check("read", path) { Glibc.read(plain.raw, buffer.baseAddress, buffer.count) } }
        errno = EBADMSG
        let count = gzread(compressed, buffer.baseAddress, UInt32(buffer.count))
        if count < 0 { throw SystemError("gzread", path) }
        return Int(count)
    }

    /// Whether the writer has gone on to another file.
    func isFull(_ segments: LogSegments) throws(SystemError) -> Bool {
        guard let plain else { return true }
        if exists(segments.plain(number + 1)) { return true }
        var status = stat()
        try check("fstat", path) { fstat(plain.raw, &status) }
        return status.st_nlink == 0
    }

    /// The places after the last lines; leaves the file's position anywhere.
    func lineEnds(last wanted: Int) throws(SystemError) -> LineEnds {
        guard let plain else {
            return try LineEnds(last: wanted) { buffer throws(SystemError) in try self.read(into: buffer) }
        }
        var status = stat()
        try check("fstat", path) { fstat(plain.raw, &status) }
        return try LineEnds(last: wanted, before: Int(status.st_size), of: plain)
    }

    /// Goes to this byte of the text.
    func seek(to offset: Int) throws(SystemError) {
        if let plain {
            try check("lseek", path) { lseek(plain.raw, off_t(offset), SEEK_SET) }
        } else {
            errno = EBADMSG
            try check("gzseek", path) { gzseek(compressed, Int(offset), SEEK_SET) }
        }
    }
}
