// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// Tells when a file in one of several directories is written to or made: inotify(7).
final class FileWatch {
    let descriptor: Descriptor
    private var watched = Set<String>()

    init() throws(SystemError) {
        descriptor = Descriptor(try check("inotify_init1") { inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) })
    }

    func add(_ path: String) throws(SystemError) {
        guard watched.insert(path).inserted else { return }
        try check("inotify_add_watch", path) { inotify_add_watch(descriptor.raw, path, UInt32(IN_MODIFY | IN_CREATE)) }
    }

    /// Takes all that has been told.
    func drain() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(descriptor.raw, &buffer, buffer.count) > 0 {}
    }
}
