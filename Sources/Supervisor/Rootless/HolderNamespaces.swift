// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Runtime

/// The namespaces in which a plain user's root has the rights that containers are made with: user, mount, network and ipc.
struct HolderNamespaces {
    private static let kinds: [(name: String, flag: Int32)] = [
        ("user", CLONE_NEWUSER), ("mnt", CLONE_NEWNS), ("net", CLONE_NEWNET), ("ipc", CLONE_NEWIPC),
    ]

    /// In the order in which they are entered.
    let descriptors: [Descriptor]

    var user: Descriptor { descriptors[0] }
    var network: Descriptor { descriptors[2] }

    init?(_ descriptors: [Descriptor]) {
        guard descriptors.count == HolderNamespaces.kinds.count else { return nil }
        self.descriptors = descriptors
    }

    /// Those of a process.
    private init(of pid: pid_t) throws(SystemError) {
        descriptors = try HolderNamespaces.kinds.map { kind throws(SystemError) in
            try Descriptor.open("/proc/\(pid)/ns/\(kind.name)", O_RDONLY)
        }
    }

    /// Those that a project's launcher is in, where one has outlived its holder.
    static func left(in roots: Roots) throws -> HolderNamespaces? {
        let directory = "\(roots.run)/projects"
        guard exists(directory) else { return nil }
        for name in try listDirectory(directory) {
            let file = ProjectPaths(roots, project: name).launcherPID
            guard exists(file) else { continue }
            let launcher = try decodeJSON(ProcessIdentity.self, from: readFile(file))
            guard launcher.openPidfd() != nil else { continue }
            return try HolderNamespaces(of: launcher.pid)
        }
        return nil
    }

    /// New ones, in which this process's user is root.
    ///
    /// - Parameter resolver: what stands in the place of `/etc/resolv.conf` there.
    static func make(resolver: String) throws -> HolderNamespaces {
        let maps = try IDMaps.ofThisUser()
        let (gate, ready) = (try Descriptor.pipe(), try Descriptor.pipe())
        let flags = kinds.reduce(UInt64(0)) { $0 | UInt64($1.flag) }
        let pid: pid_t
        do throws(SystemError) { pid = try check("clone3") { trice_clone3(flags, -1, nil) } } catch {
            throw Failure(
                "this host does not let a user make namespaces: \(error)",
                hint: "see the sysctls user.max_user_namespaces, kernel.unprivileged_userns_clone and "
                    + "kernel.apparmor_restrict_unprivileged_userns")
        }
        if pid == 0 {
            gate.write.close()
            live(gate.read, ready.write, resolver)
        }
        defer {
            gate.write.close()
            waitpid(pid, nil, 0)
        }
        ready.write.close()
        try maps.give(to: pid)
        try gate.write.writeAll([1])
        let problem = String(decoding: try ready.read.read(upTo: 4096), as: UTF8.self)
        guard problem == "." else { throw Failure("a user's namespaces cannot be made: \(problem)") }
        return try HolderNamespaces(of: pid)
    }

    /// What the first process in them does: it makes them fit to be entered, and is there until somebody else holds them.
    private static func live(_ gate: Descriptor, _ ready: Descriptor, _ resolver: String) -> Never {
        do throws(SystemError) {
            if try gate.read(upTo: 1).isEmpty { _exit(1) }
            // What the host mounts later is seen here, too, and nothing the other way round.
            try check("mount", "/") { mount("", "/", nil, UInt(MS_REC | MS_SLAVE), nil) }
            if let file = realPath("/etc/resolv.conf") {
                try check("mount", file) { mount(resolver, file, nil, UInt(MS_BIND), nil) }
            }
            try ready.writeAll(".".utf8)
            _ = try gate.read(upTo: 1)
            _exit(0)
        } catch {
            do throws(SystemError) { try ready.writeAll("\(error)".utf8) } catch { _exit(2) }
            _exit(1)
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    /// Makes the calling process, which has a single thread, root in them.
    func enter() throws(SystemError) {
        let here = absolutePath(".")
        for (kind, descriptor) in zip(HolderNamespaces.kinds, descriptors) {
            try check("setns", kind.name) { trice_setns(descriptor.raw, kind.flag) }
        }
        try check("chdir", here) { chdir(here) }
    }

    /// A process that lives in the user namespace; nil where none does.
    func someProcess() throws(SystemError) -> Descriptor? {
        var own = stat(), status = stat()
        try check("fstat", "user namespace") { fstat(user.raw, &own) }
        for name in try listDirectory("/proc") {
            // One that has ended, and that nobody has waited for, is none.
            guard let pid = Int32(name), stat("/proc/\(pid)/ns/user", &status) == 0, status.st_ino == own.st_ino,
                ProcessIdentity(runningPID: pid) != nil
            else { continue }
            let raw = trice_pidfd_open(pid, 0)
            if raw >= 0 { return Descriptor(raw) }
        }
        return nil
    }
}

/// Which ids of the host are those of a user's namespace.
private struct IDMaps {
    let users, groups: [String]

    /// By the host's `/etc/subuid` and `/etc/subgid`.
    static func ofThisUser() throws -> IDMaps {
        let (uid, gid) = (getuid(), getgid())
        let name = getpwuid(uid).map { String(cString: $0.pointee.pw_name) }
        func words(_ file: String, _ own: UInt32) throws -> [String] {
            let ranges = SubordinateIDs.ranges(in: exists(file) ? try readText(file) : "", of: name, uid: uid)
            guard !ranges.isEmpty else {
                throw Failure(
                    "user \(name ?? "\(uid)") has no range of ids in \(file), for the users of its containers",
                    hint: "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \(name ?? "\(uid)")"
                )
            }
            return SubordinateIDs.map(own: own, ranges: ranges)
        }
        return IDMaps(users: try words("/etc/subuid", uid), groups: try words("/etc/subgid", gid))
    }

    /// By the programs that may: newuidmap(1), newgidmap(1).
    func give(to pid: pid_t) throws {
        for (program, map) in [("newuidmap", users), ("newgidmap", groups)] {
            do throws(ChildProgram.Failure) {
                let path = "PATH=\(Holder.searchPath)"
                let outcome = try ChildProgram.run([program, "\(pid)"] + map, environment: [path], seconds: 30)
                guard outcome.status == .exited(0) else {
                    let text = String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").joined(
                        separator: "; ")
                    throw .system(SystemError("run", "\(program) (\(text))", errno: EPERM))
                }
            } catch {
                switch error {
                case .system(let error) where error.errno == ENOENT:
                    throw Failure("\(program) is not installed", hint: "as root: apt-get install uidmap")
                case .system(let error): throw Failure("\(error)")
                case .timeout: throw Failure("\(program) does not end")
                }
            }
        }
    }
}
