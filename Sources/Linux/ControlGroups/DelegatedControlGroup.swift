// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// A v2 cgroup below which a user without root's rights may make others: cgroups(7), "Delegation".
///
/// What has children with controllers holds no process itself (the kernel's Documentation/admin-guide/cgroup-v2.rst, "No
/// Internal Process Constraint"): what lives in it is moved to a child that is there for that, and back when nobody has groups
/// in it any more.
package struct DelegatedControlGroup: Hashable, Sendable {
    /// Of its directory: `/sys/fs/cgroup/user.slice/…/run-u1.scope`.
    package let path: String

    package init(_ path: String) { self.path = path }

    /// The child that has the processes.
    static let processesName = "trice-processes"
    private var processes: String { "\(path)/\(DelegatedControlGroup.processesName)" }

    /// The controllers that it can give.
    func controllers() throws(SystemError) -> [String] {
        try readText("\(path)/cgroup.controllers").split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Held while it is taken and while it is given back, whatever root of trice does it.
    package func lock() throws(SystemError) -> Descriptor {
        let directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        try check("flock", path) { flock(directory.raw, LOCK_EX) }
        return directory
    }

    /// Sees that no process lives in it itself.
    package func vacate() throws(SystemError) { try DelegatedControlGroup.move(from: path, to: processes) }

    /// Has its processes live in it again, where it has no children but theirs.
    package func restore() throws(SystemError) {
        let others = try ControlGroup.children(of: path).filter { $0 != DelegatedControlGroup.processesName }
        guard others.isEmpty else { return }
        let control = "\(path)/cgroup.subtree_control"
        for controller in try readText(control).split(whereSeparator: \.isWhitespace) {
            try Descriptor.open(control, O_WRONLY).writeAll("-\(controller)".utf8)
        }
        for _ in 0..<DelegatedControlGroup.mostRounds where exists(processes) {
            try DelegatedControlGroup.move(from: processes, to: path)
            // EBUSY where one has forked since.
            if rmdir(processes) != 0 && errno != EBUSY { throw SystemError("rmdir", processes) }
        }
        if exists(processes) { throw SystemError("rmdir", processes, errno: EBUSY) }
    }

    private static let mostRounds = 100

    /// What a process forks meanwhile is moved the next time round.
    private static func move(from source: String, to target: String) throws(SystemError) {
        for _ in 0..<mostRounds {
            // 0 stands for one that this pid namespace does not show.
            let pids = try readText("\(source)/cgroup.procs").split(separator: "\n").filter { $0 != "0" }
            if pids.isEmpty { return }
            try makeDirectories(target)
            for pid in pids {
                do throws(SystemError) {
                    try Descriptor.open("\(target)/cgroup.procs", O_WRONLY).writeAll(pid.utf8)
                } catch {
                    // It has ended.
                    guard error.errno == ESRCH else {
                        throw SystemError("write", "\(target)/cgroup.procs", errno: error.errno)
                    }
                }
            }
        }
        throw SystemError("move", "the processes of \(source)", errno: EBUSY)
    }
}

// MARK: Which one

extension DelegatedControlGroup {
    /// A cgroup that this process lives in, or one above it.
    struct Candidate: Hashable {
        var path: String
        /// Whether cgroups can be made in it, and processes be moved to and fro.
        var isWritable: Bool
        var unit: Unit?

        /// What systemd makes a cgroup for; whether it has left it to whoever runs in it (https://systemd.io/CGROUP_DELEGATION).
        enum Unit { case delegated, kept }
    }

    /// The one that this process lives in.
    ///
    /// - Returns: nil where it lives in none.
    package static func ofThisProcess() throws(SystemError) -> DelegatedControlGroup? {
        let mounts = try readText("/proc/self/mounts").split(separator: "\n").map { $0.split(separator: " ") }
        let own = try readText("/proc/self/cgroup").split(separator: "\n").first { $0.hasPrefix("0::/") }
        guard let mount = mounts.first(where: { $0.count > 2 && $0[2] == "cgroup2" }), let own else { return nil }
        var paths = [String(mount[1])]
        for name in own.dropFirst(4).split(separator: "/") { paths.append("\(paths.last ?? "")/\(name)") }
        return chosen(of: paths.reversed().map(candidate)).map(DelegatedControlGroup.init)
    }

    private static func candidate(_ path: String) -> Candidate {
        let isWritable = ["", "/cgroup.procs", "/cgroup.subtree_control"].allSatisfy {
            access("\(path)\($0)", W_OK) == 0
        }
        func mark(_ name: String) -> Bool { getxattr(path, "user.\(name)", nil, 0) >= 0 }
        let unit: Candidate.Unit? = mark("delegate") ? .delegated : mark("invocation_id") ? .kept : nil
        return Candidate(path: path, isWritable: isWritable, unit: unit)
    }

    /// The nearest that is the user's, unless a unit of systemd begins above it that is the user's as well: then that decides.
    ///
    /// What is delegated to the user's own systemd (`user@1000.service`) is that one's, of which some mark nothing that they make.
    ///
    /// - Parameter candidates: from the process's own to the root of the hierarchy.
    static func chosen(of candidates: [Candidate]) -> String? {
        var nearest: String?
        for candidate in candidates where !candidate.path.hasSuffix("/\(processesName)") {
            let isManager = candidate.path.split(separator: "/").last?.hasPrefix("user@") ?? false
            if isManager { return nearest }
            if let unit = candidate.unit {
                return !candidate.isWritable ? nearest : unit == .delegated ? candidate.path : nil
            }
            if candidate.isWritable { nearest = nearest ?? candidate.path }
        }
        return nearest
    }
}
