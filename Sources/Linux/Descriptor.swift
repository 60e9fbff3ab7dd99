// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// An open file descriptor with one owner: closed when the last reference goes, or by `close()`, exactly once.
///
/// Not thread-safe, as everything that owns one here lives on a single thread.
package final class Descriptor {
    /// The number; -1 once closed or released.
    package private(set) var raw: Int32

    package init(_ raw: Int32) { self.raw = raw }

    deinit { close() }

    /// close(2) is never retried: after EINTR the descriptor is gone on Linux.
    package func close() {
        if raw >= 0 { Glibc.close(raw) }
        raw = -1
    }

    /// Hands the number to somebody else, who closes it.
    package func release() -> Int32 {
        defer { raw = -1 }
        return raw
    }

    /// openat(2), close-on-exec always.
    package static func open(
        _ path: String, _ flags: Int32, mode: mode_t = 0, at directory: Int32 = AT_FDCWD
    ) throws(SystemError) -> Descriptor {
        Descriptor(try check("open", path) { trice_openat(directory, path, flags | O_CLOEXEC, mode) })
    }

    /// pipe2(2), close-on-exec: the reading and the writing end.
    package static func pipe(flags: Int32 = 0) throws(SystemError) -> (read: Descriptor, write: Descriptor) {
        var ends: [Int32] = [-1, -1]
        try check("pipe2") { trice_pipe2(&ends, O_CLOEXEC | flags) }
        return (Descriptor(ends[0]), Descriptor(ends[1]))
    }

    /// Reads up to `count` bytes with read(2); an empty array at the end of the file.
    package func read(upTo count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                filled = try check("read") { Glibc.read(raw, buffer.baseAddress, count) }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of it with as many write(2) calls as it takes.
    package func writeAll(_ bytes: some Collection<UInt8>) throws(SystemError) {
        let bytes = ContiguousArray(bytes)
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { try writeAll(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    package func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try check("write") { Glibc.write(raw, bytes.baseAddress! + done, bytes.count - done) }
        }
    }

    /// Writes all of it from this place in the file on, with pwrite(2).
    package func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try check("pwrite") {
                pwrite(raw, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + done)
            }
        }
    }

    /// Opens a directory below this one, by names that can neither leave it nor follow a symbolic link (openat2(2),
    /// RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS).
    package func openDirectory(beneath path: String) throws(SystemError) -> Descriptor {
        let flags = UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        return Descriptor(try check("openat2", path) { trice_openat2(raw, path.isEmpty ? "." : path, flags, 0, 8 | 4) })
    }

    /// Opens a path as it would be found were this directory the root: no symbolic link leads elsewhere (openat2(2),
    /// RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS).
    package static func open(
        _ path: String, _ flags: Int32, inRoot root: Descriptor
    ) throws(SystemError) -> Descriptor {
        Descriptor(
            try check("openat2", path) { trice_openat2(root.raw, path, UInt64(flags | O_CLOEXEC), 0, 0x10 | 0x02) })
    }
}
