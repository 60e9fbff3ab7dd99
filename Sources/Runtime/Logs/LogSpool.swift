// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// What a container has written on one stream and its log may not have yet: a file that outlives the log's writer.
///
/// splice(2) moves bytes from the pipe to the file; a SIGKILL cuts no system call in two, so each byte is in one of them.
/// What the log has is freed by punching a hole: places in the file only ever grow.
final class LogSpool {
    /// Bytes that are moved at a time: a pipe's usual capacity.
    static let portion = 1 << 16

    private let file: Descriptor
    private let path: String
    /// The place behind the last byte.
    private(set) var end: Int
    private var freed = 0

    /// - Parameter path: the file, made where it is not there.
    init(_ path: String) throws(SystemError) {
        self.path = path
        let file = try Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        self.file = file
        var status = stat()
        try check("fstat", path) { fstat(file.raw, &status) }
        end = Int(status.st_size)
    }

    /// Reads what there is from this place on.
    ///
    /// - Returns: the number of bytes; 0 where there are no more.
    func read(from place: Int, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let count = min(buffer.count, end - place)
        guard count > 0 else { return 0 }
        return try check("pread", path) { pread(file.raw, buffer.baseAddress, count, off_t(place)) }
    }

    /// Moves up to so many bytes from the pipe to the file's end.
    ///
    /// - Returns: false at the end of the stream.
    /// - Throws: EAGAIN where nothing has come yet.
    func take(_ count: Int, from pipe: Descriptor) throws(SystemError) -> Bool {
        let moved = try check("splice", path) { trice_splice_to(pipe.raw, file.raw, Int64(end), count) }
        end += moved
        return moved > 0
    }

    /// Appends all of these bytes, or none.
    func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        do throws(SystemError) { try file.writeAll(bytes, at: Int64(end)) } catch {
            try check("ftruncate", path) { ftruncate(file.raw, off_t(end)) }
            throw error
        }
        end += bytes.count
    }

    func append(_ bytes: [UInt8]) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { bytes in
            do throws(SystemError) { try append(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// The last byte, which must not have been freed.
    func lastByte() throws(SystemError) -> UInt8 {
        var last: UInt8 = 0
        try check("pread", path) { pread(file.raw, &last, 1, off_t(end - 1)) }
        return last
    }

    /// Gives back the memory of what comes before this place. Where the file system cannot, it stays until the container
    /// ends.
    func free(before place: Int) {
        let place = place / LogSpool.portion * LogSpool.portion
        guard place > freed else { return }
        _ = trice_punch_hole(file.raw, Int64(freed), Int64(place - freed))
        freed = place
    }
}
