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

    private var line: String { "0 \(base) \(IDMapping.count)\n" }

    /// Gives it to a process that was born in a new user namespace and has none yet.
    package func apply(to pid: pid_t) throws(SystemError) { try writeMaps(uids: line, gids: line, of: pid) }

    /// A user namespace with this mapping and nobody in it, for id-mapped mounts.
    package func makeNamespace() throws(SystemError) -> Descriptor {
        try makeUserNamespace(uids: line, gids: line)
    }
}

/// How the files of one user of the host are shown to a container as those of one of its own users, and the other way
/// round. All others are who they are.
package struct OwnerMapping {
    let uids: String
    let gids: String

    /// - Parameters:
    ///   - outside: who has the files on the host.
    ///   - inside: who has them in the container.
    ///   - ids: the container's; nil for one in the host's user namespace.
    package init(outside: (uid: UInt32, gid: UInt32), inside: (uid: UInt32, gid: UInt32), ids: IDMapping?) {
        uids = OwnerMapping.lines(outside.uid, inside.uid, ids)
        gids = OwnerMapping.lines(outside.gid, inside.gid, ids)
    }

    /// A user namespace with this mapping and nobody in it, for id-mapped mounts.
    package func makeNamespace() throws(SystemError) -> Descriptor {
        try makeUserNamespace(uids: uids, gids: gids)
    }

    /// Lines of uid_map: who is n in the file system is whom of the kernel's ids.
    static func lines(_ outside: UInt32, _ inside: UInt32, _ ids: IDMapping?) -> String {
        let base = ids?.base ?? 0
        let count = ids == nil ? UInt32.max : IDMapping.count
        func range(_ first: UInt32, _ end: UInt32) -> String {
            first < end ? "\(first) \(base + first) \(end - first)\n" : ""
        }
        if outside == inside { return range(0, count) }
        let cuts = [outside, inside].filter { $0 < count }.sorted()
        var text = "\(outside) \(base + inside) 1\n"
        if outside < count { text += "\(inside) \(base + outside) 1\n" }
        var next: UInt32 = 0
        for cut in cuts {
            text += range(next, cut)
            next = cut + 1
        }
        return text + range(next, count)
    }
}

/// Which user root of this process's user namespace is in the one above, by `/proc/self/uid_map`; nil where it is none.
package func userOfRoot() throws(SystemError) -> UInt32? {
    for line in try readText("/proc/self/uid_map").split(separator: "\n") {
        let fields = line.split(separator: " ")
        if fields.count == 3, fields[0] == "0" { return UInt32(fields[1]) }
    }
    return nil
}

/// The last of the groups from 0 on that this process's user namespace has without a gap, by `/proc/self/gid_map`.
package func lastMappedGroup() throws(SystemError) -> UInt32 { lastMappedID(in: try readText("/proc/self/gid_map")) }

/// - Parameter map: lines of a first id inside, a first id outside, and a count; user_namespaces(7).
func lastMappedID(in map: String) -> UInt32 {
    let ranges = map.split(separator: "\n").compactMap { line -> (first: UInt32, count: UInt32)? in
        let fields = line.split(separator: " ")
        guard fields.count == 3, let first = UInt32(fields[0]), let count = UInt32(fields[2]) else { return nil }
        return (first, count)
    }
    var end: UInt32 = 0
    for range in ranges.sorted(by: { $0.first < $1.first }) where range.first == end { end += range.count }
    return end == 0 ? 0 : end - 1
}

/// Whether this process is in the host's own user namespace, whose inode is the same on every kernel (PROC_USER_INIT_INO,
/// linux/proc_ns.h). In another one root may not do what reaches beyond it: device nodes, trusted attributes, id-mapped
/// mounts of the host's file systems, lower oom_score_adj, BPF.
package func isInHostUserNamespace() throws(SystemError) -> Bool {
    var status = stat()
    try check("stat", "/proc/self/ns/user") { stat("/proc/self/ns/user", &status) }
    return status.st_ino == 0xEFFF_FFFD
}

private func writeMaps(uids: String, gids: String, of pid: pid_t) throws(SystemError) {
    for (file, lines) in [("uid_map", uids), ("gid_map", gids)] {
        try Descriptor.open("/proc/\(pid)/\(file)", O_WRONLY).writeAll(lines.utf8)
    }
}

/// What `/proc` calls a child: it may be that of another pid namespace than the caller's.
private func nameInProc(_ child: pid_t) throws(SystemError) -> pid_t {
    let pidfd = Descriptor(try check("pidfd_open") { trice_pidfd_open(child, 0) })
    let line = try readText("/proc/self/fdinfo/\(pidfd.raw)").split(separator: "\n").first { $0.hasPrefix("Pid:") }
    guard let name = line?.split(separator: "\t").last.flatMap({ pid_t($0) }), name > 0 else {
        throw SystemError("find", "/proc/\(child)", errno: ESRCH)
    }
    return name
}

private func makeUserNamespace(uids: String, gids: String) throws(SystemError) -> Descriptor {
    let pid = try check("clone", "user namespace") { trice_clone_idle(CLONE_NEWUSER) }
    defer {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }
    let name = try nameInProc(pid)
    try writeMaps(uids: uids, gids: gids, of: name)
    return try Descriptor.open("/proc/\(name)/ns/user", O_RDONLY)
}

/// Makes the calling process root of the user namespace it is in, without further groups.
package func becomeRoot() throws(SystemError) {
    try check("setgroups") { trice_setgroups(0, []) }
    try check("setresgid", "0") { trice_setresgid(0, 0, 0) }
    try check("setresuid", "0") { trice_setresuid(0, 0, 0) }
}

/// Whether a network namespace and an ipc namespace that belong to a user namespace of their own show all of these files of
/// `/proc/sys`. Linux 6.1, for one, keeps `net.core` to those of the host's user namespace.
///
/// - Precondition: the caller has a single thread.
package func userNamespaceShows(sysctls paths: [String]) throws(SystemError) -> Bool {
    let flags = UInt64(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC)
    let pid = try check("clone3", "user namespace") { trice_clone3(flags, -1, nil) }
    if pid == 0 { _exit(paths.allSatisfy(exists) ? 0 : 1) }
    return try exitStatus(ofChild: pid) == .exited(0)
}
