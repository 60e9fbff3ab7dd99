// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// A cgroup of one container, or of what holds several: a v2 directory that keeps its processes together, kills and freezes
/// them, and a v1 directory under each v1 controller that limits it.
///
/// What is used of v2 beside limits (`cgroup.procs`, `cgroup.kill`, `cgroup.freeze`) belongs to its core and needs no
/// controller, so it works on a hybrid host too. See the kernel's Documentation/admin-guide/cgroup-v2.rst.
package struct ControlGroup: Sendable, Hashable {
    /// From the hierarchy's mount point: `trice/x/y`.
    package let name: String
    let hierarchy: ControlGroupHierarchy

    /// The v2 directory; nil where no cgroup can be made.
    package var path: String? { hierarchy.mountPoint.map { "\($0)/\(name)" } }

    /// Where it is in each hierarchy, or may be.
    private var paths: [String] {
        [path].compactMap { $0 } + hierarchy.legacy.map { "\($0.mountPoint)/\(name)" }
    }

    /// The v2 directory, for what nothing else can do.
    ///
    /// - Throws: EOPNOTSUPP where no cgroup can be made.
    func directory() throws(SystemError) -> String {
        guard let path else { throw SystemError("use", "control group \(name)", errno: EOPNOTSUPP) }
        return path
    }

    /// Makes the v2 directory, and opens it to be born into (CLONE_INTO_CGROUP); nil where no cgroup can be made.
    package func create() throws(SystemError) -> Descriptor? {
        guard let path else { return nil }
        try makeDirectories(path)
        return try open()
    }

    /// The v2 directory; nil where no cgroup can be made.
    package func open() throws(SystemError) -> Descriptor? {
        guard let path else { return nil }
        return try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
    }

    /// SIGKILL to every process in it, also to those being forked. Linux 5.14.
    package func kill() throws(SystemError) {
        try write("1", to: "\(directory())/cgroup.kill")
    }

    package func freeze(_ frozen: Bool) throws(SystemError) {
        try write(frozen ? "1" : "0", to: "\(directory())/cgroup.freeze")
    }

    /// The processes that it is for, as this pid namespace sees them.
    ///
    /// - Parameter first: the container's first process. Where no cgroup can be made, those of its pid namespace are meant.
    package func processes(of first: Int32?) throws(SystemError) -> [Int32] {
        guard let path else {
            guard let first else { return [] }
            return try processesOfPIDNamespace(of: first)
        }
        return try readText("\(path)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) }
    }

    /// Whether any process lives in it or below it.
    package func populated() throws(SystemError) -> Bool {
        try readText("\(directory())/cgroup.events").contains("populated 1")
    }

    /// How often the kernel killed a process in it for want of memory; 0 where no memory controller counts for it.
    package func oomKills() -> Int {
        guard var path else { return 0 }
        path += "/memory.events"
        if let legacy = hierarchy.legacy("memory") { path = "\(legacy.mountPoint)/\(name)/memory.oom_control" }
        guard let events = try? readText(path) else { return 0 }
        for line in events.split(separator: "\n") where line.hasPrefix("oom_kill ") {
            return Int(line.dropFirst(9)) ?? 0
        }
        return 0
    }

    /// Removes it with the empty directories below it. EBUSY while a process lives in it.
    package func remove() throws(SystemError) {
        for path in paths { try ControlGroup.remove(path) }
    }

    /// Removes it, and before that kills what still lives in it: what a process without a pid namespace of its own has left
    /// behind.
    ///
    /// Waits for their end.
    ///
    /// - Throws: EBUSY where one does not die within two seconds, as it hangs in the kernel.
    package func end() throws(SystemError) {
        do throws(SystemError) { return try remove() } catch { guard error.errno == EBUSY else { throw error } }
        try kill()
        try waitUntilEmpty(milliseconds: 2000)
        try remove()
    }

    /// The kernel tells a change of `cgroup.events` to who polls it.
    private func waitUntilEmpty(milliseconds: UInt64) throws(SystemError) {
        let events = try Descriptor.open("\(directory())/cgroup.events", O_RDONLY)
        let deadline = EventLoop.now + milliseconds * 1_000_000
        while true {
            lseek(events.raw, 0, SEEK_SET)
            let text = String(decoding: try events.read(upTo: 256), as: UTF8.self)
            let now = EventLoop.now
            guard text.contains("populated 1"), now < deadline else { return }
            var polled = pollfd(fd: events.raw, events: Int16(POLLPRI), revents: 0)
            poll(&polled, 1, Int32((deadline - now) / 1_000_000 + 1))
        }
    }

    /// Removes it in each hierarchy where nothing is left in it.
    package func removeIfEmpty() {
        for path in paths { rmdir(path) }
    }

    /// Its directories of any version, as far as they are there.
    package var directories: [String] { paths.filter { exists($0) } }

    /// The names of the cgroups in a directory.
    static func children(of path: String) throws(SystemError) -> [String] {
        try listDirectory(path).filter { name in
            var status = stat()
            return lstat("\(path)/\(name)", &status) == 0 && status.st_mode & trice_s_ifmt == trice_s_ifdir
        }
    }

    private static func remove(_ path: String) throws(SystemError) {
        if rmdir(path) == 0 || errno == ENOENT { return }
        for name in try children(of: path) { try remove("\(path)/\(name)") }
        if rmdir(path) != 0 && errno != ENOENT { throw SystemError("rmdir", path) }
    }

    private func write(_ value: String, to path: String) throws(SystemError) {
        try Descriptor.open(path, O_WRONLY).writeAll(value.utf8)
    }
}

// MARK: Limits

extension ControlGroup {
    /// Puts limits in force, for who is in it and who comes. Makes directories under the v1 controllers that this takes.
    package func limit(_ limits: ControlGroupLimits) throws(ControlGroupLimits.Refusal) {
        for write in try writes(of: limits) {
            do throws(SystemError) {
                let directory: String
                if let legacy = hierarchy.legacy(write.controller), hierarchy.version(of: write.controller) == .v1 {
                    directory = "\(legacy.mountPoint)/\(name)"
                    try makeDirectories(directory)
                    if write.controller == "cpuset" { try inheritCPUSet(below: legacy.mountPoint) }
                } else {
                    directory = try self.directory()
                    try enable(write.controller)
                }
                guard let file = write.files.first(where: { exists("\(directory)/\($0)") }) else {
                    if write.isOptional { continue }
                    throw SystemError("open", "\(directory)/\(write.files[0])", errno: ENOENT)
                }
                try self.write(write.value, to: "\(directory)/\(file)")
            } catch {
                let why =
                    error.errno == ENOENT ? "this kernel has no \(write.files[0])" : "\(error), setting \(write.value)"
                throw ControlGroupLimits.Refusal(key: write.key, reason: why)
            }
        }
    }

    private func writes(of limits: ControlGroupLimits) throws(ControlGroupLimits.Refusal) -> [ControlGroupLimits.Write]
    {
        do throws(ControlGroupLimits.Refusal) { return try limits.writes(on: hierarchy.version(of:)) } catch {
            throw hierarchy.refusal(error)
        }
    }

    /// What a process has to do to come under limits that v1 enforces: the hierarchies, and the directories in them.
    package func memberships(under limits: ControlGroupLimits) throws(ControlGroupLimits.Refusal) -> [Membership] {
        let limiting = Set(try writes(of: limits).map(\.controller))
        return hierarchy.legacy.filter { !limiting.isDisjoint(with: $0.controllers) }.map {
            Membership(directory: "\($0.mountPoint)/\(name)", controllers: $0.controllers)
        }
    }

    /// A v1 cgroup that a process is to join: v2's it is born into.
    package struct Membership: Codable, Hashable, Sendable {
        package var directory: String
        /// All of the hierarchy, as mount(2) wants them for it.
        package var controllers: [String]

        /// Moves the calling process there.
        package func join() throws(SystemError) {
            try Descriptor.open("\(directory)/cgroup.procs", O_WRONLY).writeAll("0".utf8)
        }
    }

    /// The directories from the mount point down to this one: `mount`, `mount/trice`, `mount/trice/x`.
    private func directories(below mountPoint: String) -> [String] {
        name.split(separator: "/").reduce(into: [mountPoint]) { $0.append("\($0.last ?? "")/\($1)") }
    }

    /// A v2 controller serves a directory where its parent says so in `cgroup.subtree_control`.
    private func enable(_ controller: String) throws(SystemError) {
        guard let mountPoint = hierarchy.mountPoint else { return }
        for directory in directories(below: mountPoint).dropLast() {
            let file = "\(directory)/cgroup.subtree_control"
            if try !readText(file).split(whereSeparator: \.isWhitespace).contains(controller[...]) {
                try write("+\(controller)", to: file)
            }
        }
    }

    /// v1's cpuset takes no process before it has processors and memory; a new directory has neither (cpuset(7)).
    private func inheritCPUSet(below mountPoint: String) throws(SystemError) {
        let directories = directories(below: mountPoint)
        for (parent, directory) in zip(directories, directories.dropFirst()) {
            for file in ["cpuset.cpus", "cpuset.mems"]
            where try readText("\(directory)/\(file)").allSatisfy(\.isWhitespace) {
                try write(try readText("\(parent)/\(file)"), to: "\(directory)/\(file)")
            }
        }
    }
}
