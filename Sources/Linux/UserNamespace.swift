// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// Which ids of the host stand for a container's ids 0 to 65535, users and groups alike, see user_namespaces(7).
package struct IDMapping: Codable, Hashable, Sendable {
    package static let count: UInt32 = 65536

    /// The host's id that is the container's root.
    package let base: UInt32

    package init(base: UInt32) { self.base = base }

    /// The host's id for one inside; nil where it has none.
    package func host(_ id: UInt32) -> UInt32? { id < IDMapping.count ? base + id : nil }

    /// Gives it to a process that was born in a new user namespace and has none yet.
    package func apply(to pid: pid_t) throws(SystemError) {
        for file in ["uid_map", "gid_map"] {
            try Descriptor.open("/proc/\(pid)/\(file)", O_WRONLY).writeAll("0 \(base) \(IDMapping.count)\n".utf8)
        }
    }

    /// A user namespace with this mapping and nobody in it, for id-mapped mounts.
    package func makeNamespace() throws(SystemError) -> Descriptor {
        let pid = try check("clone", "user namespace") { trice_clone_idle(CLONE_NEWUSER) }
        defer {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        try apply(to: pid)
        return try Descriptor.open("/proc/\(pid)/ns/user", O_RDONLY)
    }
}

/// Makes the calling process root of the user namespace it is in, without further groups.
package func becomeRoot() throws(SystemError) {
    try check("setgroups") { trice_setgroups(0, []) }
    try check("setresgid", "0") { trice_setresgid(0, 0, 0) }
    try check("setresuid", "0") { trice_setresuid(0, 0, 0) }
}
