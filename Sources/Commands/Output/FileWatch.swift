// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// Tells when a file in one of several directories is written to, made or replaced: inotify(7).
final class FileWatch {
    let descriptor: Descriptor
    private var watched = Set<String>()

    init() throws(SystemError) {
        descriptor = Descriptor(try check("inotify_init1") { inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) })
    }

    func add(_ path: String) throws(SystemError) {
        if watched.contains(path) { return }
        try check("inotify_add_watch", path) {
            inotify_add_watch(descriptor.raw, path, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO))
        }
        watched.insert(path)
    }

    /// Takes all that has been told.
    ///
    /// - Returns: whether a file was replaced, as records are.
    @discardableResult
    func drain() -> Bool {
        var isReplaced = false
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(descriptor.raw, &buffer, buffer.count), count > 0 {
            buffer.withUnsafeBytes { bytes in
                // struct inotify_event: wd, mask, cookie, len, each of 32 bits, and the name.
                var offset = 0
                while offset < count {
                    let mask = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                    if mask & UInt32(IN_MOVED_TO) != 0 { isReplaced = true }
                    offset += 16 + Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                }
            }
        }
        return isReplaced
    }
}
