// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// The processes of a process's pid namespace, as this one sees them: those of a container without a cgroup of its own.
///
/// Looks at all of the host's (`/proc/PID/ns/pid`, namespaces(7)); those that may not be looked at are none of them.
///
/// - Throws: ENOENT where the process has ended.
func processesOfPIDNamespace(of first: Int32) throws(SystemError) -> [Int32] {
    guard let namespace = pidNamespace(of: first) else { throw SystemError("stat", "/proc/\(first)/ns/pid") }
    var found: [Int32] = []
    for name in try listDirectory("/proc") {
        if let pid = Int32(name), pidNamespace(of: pid) == namespace { found.append(pid) }
    }
    return found.sorted()
}

/// The inode that names it; nil, with errno, where it cannot be told.
private func pidNamespace(of pid: Int32) -> ino_t? {
    var status = stat()
    return stat("/proc/\(pid)/ns/pid", &status) == 0 ? status.st_ino : nil
}

/// Nanoseconds of processor time of a process and of its children that were waited for: fields 14 to 17 of proc(5)'s `stat`;
/// 0 where it has ended.
func processorTime(ofProcess pid: Int32) -> UInt64 {
    let text: String
    do throws(SystemError) { text = try readText("/proc/\(pid)/stat") } catch { return 0 }
    guard let end = text.lastIndex(of: ")") else { return 0 }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 14 else { return 0 }
    let ticks = fields[11...14].reduce(UInt64(0)) { $0 + (UInt64($1) ?? 0) }
    return ticks * 1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
}
