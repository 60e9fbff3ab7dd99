// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// Tells which files below some paths have changed: inotify(7), a watch for each directory.
///
/// Symbolic links are not followed. Owned by one thread.
package final class TreeWatch {
    private let notifications: Descriptor
    private let enters: (String) -> Bool
    /// The directories by watch descriptor; one directory has one, however often it is added.
    private var directories: [Int32: String] = [:]
    /// Files that are watched by themselves: only these are told of in their directories.
    private var files: Set<String> = []
    private var roots: [String] = []

    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB)

    /// - Parameter enters: whether a directory, by its absolute path, is of interest.
    package init(_ paths: [String], enters: @escaping (String) -> Bool) throws(SystemError) {
        notifications = Descriptor(try check("inotify_init1") { inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) })
        self.enters = enters
        for path in paths {
            if TreeWatch.isDirectory(path) {
                roots.append(path)
                try addTree(path)
            } else {
                // An editor replaces a file: its directory tells.
                files.insert(path)
                try add(parentDirectory(path))
            }
        }
    }

    /// Becomes readable when something has changed.
    package var descriptor: Int32 { notifications.raw }

    /// The paths of what has changed since the last call: made, written, renamed, removed. A directory that came stands for
    /// all that is in it.
    package func changes() throws(SystemError) -> Set<String> {
        var changed = Set<String>()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { return changed }
            guard count > 0 else { throw SystemError("read", "inotify") }
            var offset = 0
            while offset + 16 <= count {
                let (watch, mask, length) = buffer.withUnsafeBytes { bytes in
                    (
                        bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self),
                        bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
                        Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                    )
                }
                let name = String(
                    decoding: buffer[(offset + 16)..<(offset + 16 + length)].prefix { $0 != 0 }, as: UTF8.self)
                offset += 16 + length
                try take(watch, mask, name, &changed)
            }
        }
    }

    private func take(_ watch: Int32, _ mask: UInt32, _ name: String, _ changed: inout Set<String>) throws(SystemError)
    {
        if mask & UInt32(IN_Q_OVERFLOW) != 0 {
            // Too much happened to be told: everything may have changed.
            for root in roots { try addTree(root) }
            changed.formUnion(roots + files)
            return
        }
        guard let directory = directories[watch] else { return }
        if mask & UInt32(IN_IGNORED) != 0 {
            directories[watch] = nil
            return
        }
        if name.isEmpty { return }
        let path = directory == "/" ? "/\(name)" : "\(directory)/\(name)"
        if mask & UInt32(IN_ISDIR) != 0 && mask & UInt32(IN_CREATE | IN_MOVED_TO) != 0 { try addTree(path) }
        if files.contains(path) || roots.contains(where: { path.hasPrefix($0 == "/" ? "/" : "\($0)/") }) {
            changed.insert(path)
        }
    }

    /// What is made in a directory before it is watched is found by looking into it after.
    private func addTree(_ path: String) throws(SystemError) {
        guard enters(path) else { return }
        do throws(SystemError) {
            try add(path)
            for name in try listDirectory(path) {
                let child = path == "/" ? "/\(name)" : "\(path)/\(name)"
                if TreeWatch.isDirectory(child) { try addTree(child) }
            }
        } catch {
            // It went again meanwhile.
            guard [ENOENT, ENOTDIR].contains(error.errno) else { throw error }
        }
    }

    private func add(_ directory: String) throws(SystemError) {
        let watch = try check("inotify_add_watch", directory) {
            inotify_add_watch(descriptor, directory, TreeWatch.mask)
        }
        directories[watch] = directory
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & trice_s_ifmt == trice_s_ifdir
    }
}
