// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// The host's cgroup v2 hierarchy, wherever it is mounted: alone, or beside v1 controllers (hybrid).
package struct ControlGroupHierarchy: Sendable, Hashable {
    /// Where it is mounted: `/sys/fs/cgroup` or `/sys/fs/cgroup/unified`.
    package let mountPoint: String
    /// Where this process stands in it, from the mount point: `` or `/system.slice/x`.
    package let own: String

    package init(mountPoint: String, own: String) {
        self.mountPoint = mountPoint
        self.own = own
    }

    /// Read from `/proc/self/mounts` and `/proc/self/cgroup`.
    ///
    /// - Throws: ENOENT where the host has no cgroup v2 hierarchy mounted.
    package static func ofHost() throws(SystemError) -> ControlGroupHierarchy {
        let mounts = try readText("/proc/self/mounts")
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 2 && fields[2] == "cgroup2" {
                return ControlGroupHierarchy(mountPoint: String(fields[1]), own: "")
            }
        }
        throw SystemError("cgroup2", "/proc/self/mounts", errno: ENOENT)
    }
}

/// A cgroup v2 directory of one container: holds its processes, kills and freezes them together.
///
/// The operations used here (`cgroup.procs`, `cgroup.kill`, `cgroup.freeze`) belong to cgroup v2's core and need no
/// controller, so they work on a hybrid host too. See the kernel's Documentation/admin-guide/cgroup-v2.rst.
package struct ControlGroup: Sendable, Hashable {
    package let path: String

    package init(path: String) { self.path = path }

    /// Makes the directory, and opens it to be born into (CLONE_INTO_CGROUP).
    package func create() throws(SystemError) -> Descriptor {
        try makeDirectories(path)
        return try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
    }

    /// SIGKILL to every process in it, also to those being forked. Linux 5.14.
    package func kill() throws(SystemError) {
        try write("cgroup.kill", "1")
    }

    package func freeze(_ frozen: Bool) throws(SystemError) {
        try write("cgroup.freeze", frozen ? "1" : "0")
    }

    /// Processes in it and below it, as this pid namespace sees them.
    package func processes() throws(SystemError) -> [Int32] {
        try readText("\(path)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) }
    }

    /// Whether any process lives in it or below it.
    package func populated() throws(SystemError) -> Bool {
        try readText("\(path)/cgroup.events").contains("populated 1")
    }

    /// How often the kernel killed a process in it for want of memory; 0 where no memory controller serves it.
    package func oomKills() -> Int {
        guard let events = try? readText("\(path)/memory.events") else { return 0 }
        for line in events.split(separator: "\n") where line.hasPrefix("oom_kill ") {
            return Int(line.dropFirst(9)) ?? 0
        }
        return 0
    }

    /// Removes it with the empty directories below it. EBUSY while a process lives in it.
    package func remove() throws(SystemError) {
        if rmdir(path) == 0 || errno == ENOENT { return }
        for name in try listDirectory(path) {
            var status = stat()
            let child = "\(path)/\(name)"
            if lstat(child, &status) == 0 && status.st_mode & trice_s_ifmt == trice_s_ifdir {
                try ControlGroup(path: child).remove()
            }
        }
        if rmdir(path) != 0 && errno != ENOENT { throw SystemError("rmdir", path) }
    }

    private func write(_ name: String, _ value: String) throws(SystemError) {
        let file = try Descriptor.open("\(path)/\(name)", O_WRONLY)
        try file.writeAll(value.utf8)
    }
}
