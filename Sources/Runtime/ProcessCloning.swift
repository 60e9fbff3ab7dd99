// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// clone3(2) of children that may be born in another pid namespace.
struct ProcessCloning {
    private let ownPIDNamespace: Descriptor
    /// Whether setns(2) leads back to that: it takes the rights of the user namespace that it belongs to.
    private let comesBack: Bool

    init() throws(SystemError) {
        ownPIDNamespace = try Descriptor.open("/proc/self/ns/pid", O_RDONLY)
        comesBack = try isInHostUserNamespace()
    }

    func close() { ownPIDNamespace.close() }

    /// - Parameters:
    ///   - cgroup: the one to be born into; nil for this process's.
    ///   - pidNamespace: what setns(2) takes to have the child born in another pid namespace.
    /// - Returns: the child; in the child itself no descriptor.
    func clone(
        _ flags: UInt64, _ cgroup: Descriptor?, in pidNamespace: Descriptor?
    ) throws(SystemError) -> (pid: pid_t, pidfd: Descriptor?) {
        if let pidNamespace, !comesBack { return try clone(flags, cgroup, throughChildIn: pidNamespace) }
        if let pidNamespace { try check("setns", "pid") { trice_setns(pidNamespace.raw, Int32(CLONE_NEWPID)) } }
        defer { if pidNamespace != nil { trice_setns(ownPIDNamespace.raw, Int32(CLONE_NEWPID)) } }
        var pidfd: Int32 = -1
        let pid = try check("clone3") { trice_clone3(flags, cgroup?.raw ?? -1, &pidfd) }
        return (pid, pid == 0 ? nil : Descriptor(pidfd))
    }

    /// The same by a child that is there for this alone: its setns(2) need not be undone. What it clones is this process's
    /// child (CLONE_PARENT).
    private func clone(
        _ flags: UInt64, _ cgroup: Descriptor?, throughChildIn pidNamespace: Descriptor
    ) throws(SystemError) -> (pid: pid_t, pidfd: Descriptor?) {
        let answer = try Descriptor.pipe()
        let helper = try check("fork") { trice_fork() }
        if helper == 0 {
            var result: Int32 = -1
            if trice_setns(pidNamespace.raw, Int32(CLONE_NEWPID)) == 0 {
                result = trice_clone3(flags | UInt64(CLONE_PARENT), cgroup?.raw ?? -1, nil)
                if result == 0 { return (0, nil) }
            }
            if result < 0 { result = -errno }
            _ = Glibc.write(answer.write.raw, &result, MemoryLayout<Int32>.size)
            _exit(0)
        }
        defer { waitpid(helper, nil, 0) }
        answer.write.close()
        let bytes = try answer.read.read(upTo: MemoryLayout<Int32>.size)
        let result = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let pid = Int32(bitPattern: result)
        if pid <= 0 { throw SystemError("clone3", errno: pid == 0 ? ECHILD : -pid) }
        return (pid, Descriptor(try check("pidfd_open") { trice_pidfd_open(pid, 0) }))
    }
}
