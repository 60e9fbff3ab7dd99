// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// Whether a file system is mounted at a directory: it is on another device than the one above it.
package func isMountPoint(_ directory: String) throws(SystemError) -> Bool {
    var own = stat(), parent = stat()
    try check("stat", directory) { stat(directory, &own) }
    try check("stat", directory) { stat(parentDirectory(directory), &parent) }
    return own.st_dev != parent.st_dev
}

/// A mount that stands nowhere yet: fsopen(2), fsmount(2), open_tree(2), move_mount(2); Linux 5.2. Where nobody moves
/// it to a place, it goes with its descriptor.
package struct DetachedMount {
    package let descriptor: Descriptor

    package init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// A new file system.
    ///
    /// - Parameters:
    ///   - options: those with a value.
    ///   - flags: those without one.
    ///   - attributes: MOUNT_ATTR_*, mount_setattr(2).
    package init(
        _ type: String, options: [(key: String, value: String)] = [], flags: [String] = [], attributes: UInt32 = 0
    ) throws(SystemError) {
        let context = Descriptor(try check("fsopen", type) { trice_fsopen(type, 1) })
        for (key, value) in [("source", type)] + options {
            try check("fsconfig", "\(type) \(key)=\(value)") { trice_fsconfig_string(context.raw, key, value) }
        }
        for flag in flags { try check("fsconfig", "\(type) \(flag)") { trice_fsconfig_flag(context.raw, flag) } }
        try check("fsconfig", type) { trice_fsconfig_create(context.raw) }
        descriptor = Descriptor(try check("fsmount", type) { trice_fsmount(context.raw, 1, attributes) })
    }

    /// A copy of what is mounted at a path, with all mounts below it.
    package init(copyOf path: String, recursive: Bool = true) throws(SystemError) {
        // OPEN_TREE_CLONE, AT_RECURSIVE.
        let flags = 1 | UInt32(O_CLOEXEC) | (recursive ? 0x8000 : 0)
        descriptor = Descriptor(try check("open_tree", path) { trice_open_tree(AT_FDCWD, path, flags) })
    }

    /// Shows the files' ids through the mapping of a user namespace (MOUNT_ATTR_IDMAP, Linux 5.12): who is n in the
    /// file system is n in that namespace.
    ///
    /// - Throws: EINVAL where the file system cannot do it, EPERM where it is mapped already.
    package func mapIDs(_ namespace: Descriptor, recursive: Bool = false) throws(SystemError) {
        try set(1 << 20, recursive: recursive, namespace: namespace.raw)
    }

    /// MOUNT_ATTR_RDONLY
    package func makeReadOnly(recursive: Bool = false) throws(SystemError) { try set(1, recursive: recursive) }

    /// Adds MOUNT_ATTR_*, mount_setattr(2).
    package func set(_ attributes: UInt64, recursive: Bool = false, namespace: Int32 = -1) throws(SystemError) {
        let flags = UInt32(trice_at_empty_path) | (recursive ? 0x8000 : 0)
        try check("mount_setattr") {
            trice_mount_setattr(descriptor.raw, "", flags, attributes, 0, 0, namespace)
        }
    }

    /// Mounts it at a path, whose symbolic links are followed.
    package func move(to path: String) throws(SystemError) {
        // MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_SYMLINKS.
        try check("move_mount", path) { trice_move_mount(descriptor.raw, "", AT_FDCWD, path, 0x14) }
    }
}
