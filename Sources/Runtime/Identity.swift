// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// The ids that a process runs with, looked up in the container's `/etc/passwd` and `/etc/group`.
package struct Identity: Hashable, Sendable {
    package var uid: UInt32
    package var gid: UInt32
    package var groups: [UInt32]
    package var home: String

    /// Reads the two files below the current root; an image need not have them.
    static func lookUp(_ process: ProcessSpec) throws(SetupFailure) -> Identity {
        try lookUp(process) { path throws(SystemError) in try readText(path) }
    }

    /// Reads the two files of an image that is mounted nowhere yet, where no link leads out of it and nothing but a file
    /// is read.
    static func lookUp(_ process: ProcessSpec, in root: DetachedMount) throws(SetupFailure) -> Identity {
        try lookUp(process) { path throws(SystemError) in
            let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, inRoot: root.descriptor)
            var status = stat()
            try check("fstat", path) { fstat(file.raw, &status) }
            if status.st_mode & trice_s_ifmt != trice_s_ifreg { throw SystemError("open", path, errno: EINVAL) }
            return String(decoding: try file.read(upTo: 1 << 22), as: UTF8.self)
        }
    }

    private static func lookUp(
        _ process: ProcessSpec, reading read: (String) throws(SystemError) -> String
    ) throws(SetupFailure) -> Identity {
        func text(_ path: String) throws(SetupFailure) -> String {
            do { return try read(path) } catch {
                if error.errno == ENOENT { return "" }
                throw SetupFailure(error, key: "user")
            }
        }
        return try resolve(
            process.user, additional: process.additionalGroups, passwd: text("/etc/passwd"), group: text("/etc/group"))
    }

    /// `name`, `uid`, `name:group`, `uid:gid` and mixtures, as dockerd resolves them.
    ///
    /// Without a group the user's own one and all those that list the user; with a group that one alone. A number needs
    /// no entry; its group is then 0.
    package static func resolve(
        _ user: String, additional: [String], passwd: String, group: String
    ) throws(SetupFailure) -> Identity {
        let parts = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts[0].isEmpty ? "0" : parts[0]
        let users = passwd.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
        let groups = group.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
        let entry =
            users.first { $0.count >= 4 && $0[0] == name }
            ?? users.first { $0.count >= 4 && UInt32($0[2]) == UInt32(name) && UInt32(name) != nil }

        var identity = Identity(uid: 0, gid: 0, groups: [], home: "/")
        if let entry, let uid = UInt32(entry[2]), let gid = UInt32(entry[3]) {
            identity.uid = uid
            identity.gid = gid
            if entry.count > 5 && !entry[5].isEmpty { identity.home = String(entry[5]) }
        } else if let uid = UInt32(name) {
            identity.uid = uid
        } else {
            throw SetupFailure(
                "look up user \"\(name)\"", reason: "no such entry in the image's /etc/passwd", key: "user",
                exitCode: 126)
        }

        func number(_ name: String, key: String) throws(SetupFailure) -> UInt32 {
            if let entry = groups.first(where: { $0.count >= 3 && $0[0] == name }), let gid = UInt32(entry[2]) {
                return gid
            }
            if let gid = UInt32(name) { return gid }
            throw SetupFailure(
                "look up group \"\(name)\"", reason: "no such entry in the image's /etc/group", key: key, exitCode: 126)
        }
        if parts.count > 1 && !parts[1].isEmpty {
            identity.gid = try number(parts[1], key: "user")
            identity.groups = [identity.gid]
        } else if let entry {
            identity.groups = [identity.gid]
            for group in groups where group.count > 3 && group[3].split(separator: ",").contains(entry[0]) {
                if let gid = UInt32(group[2]), !identity.groups.contains(gid) { identity.groups.append(gid) }
            }
        } else {
            identity.groups = [identity.gid]
        }
        for name in additional {
            let gid = try number(name, key: "group_add")
            if !identity.groups.contains(gid) { identity.groups.append(gid) }
        }
        return identity
    }

    /// Gives up root for these ids. What capabilities the process holds is left for `keep`, CAP_SYS_ADMIN in effect.
    func assume(bounding: CapabilitySet) throws(SetupFailure) {
        try attempt("cap_add") { () throws(SystemError) in try bounding.limitBounding() }
        try attempt("user") { () throws(SystemError) in
            try check("prctl", "PR_SET_KEEPCAPS") { trice_prctl(8, 1) }
            try check("setgroups") { trice_setgroups(groups.count, groups) }
            try check("setresgid", "\(gid)") { trice_setresgid(gid, gid, gid) }
            try check("setresuid", "\(uid)") { trice_setresuid(uid, uid, uid) }
            if uid != 0 { try CapabilitySet(names: ["SYS_ADMIN"]).apply() }
        }
    }

    /// Keeps the capabilities that are left to these ids: the set for uid 0, none for others, as execve(2) would leave
    /// it to them anyway.
    func keep(_ capabilities: CapabilitySet) throws(SetupFailure) {
        try attempt("cap_add") { () throws(SystemError) in
            try (uid == 0 ? capabilities : CapabilitySet()).apply()
        }
    }
}
