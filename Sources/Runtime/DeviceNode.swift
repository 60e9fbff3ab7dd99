// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// A device node for a container's file system.
package struct DeviceNode: Codable, Hashable, Sendable {
    package var path: String
    /// Where the host has it.
    let source: String
    /// Type and permissions, as in inode(7).
    var mode: UInt32
    package var major, minor: UInt32
    var uid: UInt32 = 0
    var gid: UInt32 = 0

    package var isCharacter: Bool { mode & trice_s_ifmt == trice_s_ifchr }

    /// The node at a path of the host, or all of them below it where it is a directory. A symbolic link that is the
    /// path itself is followed.
    package static func all(at path: String) throws(SystemError) -> [DeviceNode] {
        var status = stat()
        try check("stat", path) { stat(path, &status) }
        if let node = DeviceNode(path, status) { return [node] }
        return status.st_mode & trice_s_ifmt == trice_s_ifdir ? try below(path, except: []) : []
    }

    /// All device nodes in the host's `/dev`, but those of file systems mounted there, and those that each container
    /// has.
    static func ofHost() throws(SystemError) -> [DeviceNode] {
        try below("/dev", except: ["pts", "shm", "mqueue", "hugepages", "console", "ptmx"] + standard.map(\.name))
    }

    private static func below(_ directory: String, except: [String]) throws(SystemError) -> [DeviceNode] {
        var found: [DeviceNode] = []
        // What a user may not even list has nothing for it.
        guard access(directory, R_OK | X_OK) == 0 else { return [] }
        for name in try listDirectory(directory) where !except.contains(name) {
            let path = "\(directory)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            if let node = DeviceNode(path, status) { found.append(node) }
            if status.st_mode & trice_s_ifmt == trice_s_ifdir { found += try below(path, except: []) }
        }
        return found
    }

    private init?(_ path: String, _ status: stat) {
        let type = status.st_mode & trice_s_ifmt
        guard type == trice_s_ifchr || type == trice_s_ifblk else { return nil }
        (self.path, source, mode) = (path, path, status.st_mode)
        (major, minor) = (trice_major(status.st_rdev), trice_minor(status.st_rdev))
        (uid, gid) = (status.st_uid, status.st_gid)
    }

    private init(_ path: String, _ major: UInt32, _ minor: UInt32) {
        (self.path, source, mode, self.major, self.minor) = (path, path, trice_s_ifchr | 0o666, major, minor)
    }

    /// What every container has, as Docker (runc, libcontainer/specconv).
    private static let standard: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]
    static var ofEachContainer: [DeviceNode] {
        standard.map { DeviceNode("/dev/\($0.name)", $0.major, $0.minor) }
    }
    private static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"), ("core", "/proc/kcore"), ("ptmx", "pts/ptmx"),
    ]

    package var isBelowDev: Bool { path.hasPrefix("/dev/") }

    /// Fills what becomes the container's `/dev`, an empty directory so far.
    ///
    /// - Parameters:
    ///   - nodes: those below `/dev`; a later one may stand in an earlier one's place.
    ///   - ids: whose root the nodes belong to.
    ///   - areBound: whether the host's are mounted on them when the directory has its place: they are empty files then.
    static func create(
        _ nodes: [DeviceNode], in directory: Descriptor, _ ids: IDMapping?, areBound: Bool
    ) throws(SystemError) {
        for node in nodes { try node.make(in: directory, ids, isBound: areBound) }
        for (name, target) in links {
            try check("symlinkat", "/dev/\(name)") { symlinkat(target, directory.raw, name) }
        }
    }

    private func make(in directory: Descriptor, _ ids: IDMapping?, isBound: Bool) throws(SystemError) {
        let name = String(path.dropFirst(5))
        var parent = ""
        for part in name.split(separator: "/").dropLast() {
            parent += parent.isEmpty ? "\(part)" : "/\(part)"
            if mkdirat(directory.raw, parent, 0o755) != 0 && errno != EEXIST { throw SystemError("mkdirat", path) }
        }
        if unlinkat(directory.raw, name, 0) != 0 && errno != ENOENT { throw SystemError("unlinkat", path) }
        if isBound {
            try check("mknodat", path) { mknodat(directory.raw, name, trice_s_ifreg | 0o600, 0) }
            return
        }
        try check("mknodat", path) { mknodat(directory.raw, name, mode, trice_makedev(major, minor)) }
        // Whatever the umask is.
        try check("fchmodat", path) { fchmodat(directory.raw, name, mode & 0o7777, 0) }
        let (owner, group) = (ids.map { $0.host(uid) ?? $0.base } ?? uid, ids.map { $0.host(gid) ?? $0.base } ?? gid)
        if owner != 0 || group != 0 {
            try check("fchownat", path) { fchownat(directory.raw, name, owner, group, AT_SYMLINK_NOFOLLOW) }
        }
    }

    /// Makes an empty file at its path, wherever that is, on which the host's node can be mounted.
    func makeTarget() throws(SystemError) {
        try makeDirectories(parentDirectory(path))
        _ = try Descriptor.open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o600)
    }

    /// Makes it at its path, wherever that is.
    func make() throws(SystemError) {
        try makeDirectories(parentDirectory(path))
        if unlink(path) != 0 && errno != ENOENT { throw SystemError("unlink", path) }
        try check("mknod", path) { mknod(path, mode, trice_makedev(major, minor)) }
        if uid != 0 || gid != 0 { try check("chown", path) { lchown(path, uid, gid) } }
    }
}
