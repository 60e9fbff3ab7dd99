// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// `/dev` as Docker fills it (runc, libcontainer/specconv).
enum DeviceNodes {
    private static let nodes: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]
    private static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("core", "/proc/kcore"), ("ptmx", "pts/ptmx"),
    ]

    /// A device node of the host.
    struct Node {
        let path: String
        let mode: mode_t
        let device: dev_t
    }

    /// All device nodes in the host's `/dev`, but those of file systems mounted there (pts, shm, mqueue).
    static func ofHost(_ directory: String = "/dev") throws(SystemError) -> [Node] {
        var found: [Node] = []
        for name in try listDirectory(directory) where !["pts", "shm", "mqueue", "hugepages", "console", "ptmx"].contains(name) {
            let path = "\(directory)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            switch status.st_mode & trice_s_ifmt {
            case trice_s_ifdir: found += try ofHost(path)
            case trice_s_ifchr, trice_s_ifblk: found.append(Node(path: path, mode: status.st_mode, device: status.st_rdev))
            default: continue
            }
        }
        return found
    }

    /// - Parameter more: nodes of the host for a privileged container.
    static func create(_ more: [Node]) throws(SetupFailure) {
        try attempt { () throws(SystemError) in
            for node in nodes {
                try check("mknod", "/dev/\(node.name)") {
                    mknod("/dev/\(node.name)", trice_s_ifchr | 0o666, trice_makedev(node.major, node.minor))
                }
            }
            for node in more where !exists(node.path) {
                try makeDirectories(parentDirectory(node.path))
                try check("mknod", node.path) { mknod(node.path, node.mode, node.device) }
            }
            for (name, target) in links { try check("symlink", "/dev/\(name)") { symlink(target, "/dev/\(name)") } }
        }
    }
}
