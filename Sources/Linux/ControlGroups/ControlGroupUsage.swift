// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// What the processes of a cgroup use and have used.
///
/// Counters come from the controllers that count for it, of whichever version (the kernel's
/// Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst). Where none does, as on a hybrid host for a container without
/// limits, they are summed over its processes (proc(5)): what has ended is then missing from bytes of block devices. Where no
/// cgroup can be made, so is processor time, but for children that were waited for.
package struct ControlGroupUsage: Hashable, Sendable {
    /// Nanoseconds of processor time since the cgroup was made.
    package var processorTime: UInt64 = 0
    /// Bytes, without page cache that can go at any time.
    package var memory: UInt64 = 0
    /// Bytes; nil where there is no limit.
    package var memoryLimit: UInt64?
    /// Processes and threads.
    package var tasks = 0
    /// Bytes from and to block devices.
    package var blockRead: UInt64 = 0
    package var blockWritten: UInt64 = 0

    package init() {}
}

extension ControlGroup {
    /// - Parameter first: the container's first process.
    /// - Throws: ENOENT where the cgroup is not there, or the process has ended.
    package func usage(of first: Int32?) throws(SystemError) -> ControlGroupUsage {
        var usage = ControlGroupUsage()
        let pids = try processes(of: first)
        if let path {
            // The v2 core counts processor time without a controller.
            let times = KeyedCounters(try readText("\(path)/cpu.stat"))
            usage.processorTime = (times["usage_usec"] ?? 0) * 1000
            usage.tasks = try readText("\(path)/cgroup.threads").split(separator: "\n").count
        } else {
            for pid in pids {
                usage.processorTime += processorTime(ofProcess: pid)
                usage.tasks += Int(KeyedCounters(ofProcess: pid, "status")["Threads:"] ?? 0)
            }
        }
        if let (current, limit) = try controlledMemory(holds: pids) {
            (usage.memory, usage.memoryLimit) = (current, limit)
        } else {
            usage.memory = pids.reduce(0) { $0 + (KeyedCounters(ofProcess: $1, "smaps_rollup")["Pss:"] ?? 0) * 1024 }
        }
        if let (read, written) = try controlledBlockBytes(holds: pids) {
            (usage.blockRead, usage.blockWritten) = (read, written)
        } else {
            for pid in pids {
                let counters = KeyedCounters(ofProcess: pid, "io")
                usage.blockRead += counters["read_bytes:"] ?? 0
                usage.blockWritten += counters["write_bytes:"] ?? 0
            }
        }
        return usage
    }

    private func controlledMemory(holds pids: [Int32]) throws(SystemError) -> (current: UInt64, limit: UInt64?)? {
        let files: (directory: String, current: String, limit: String, cache: String)
        if let path, exists("\(path)/memory.current") {
            files = (path, "memory.current", "memory.max", "inactive_file")
        } else if let directory = try legacyDirectory("memory", holding: pids) {
            files = (directory, "memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file")
        } else {
            return nil
        }
        func number(_ file: String) throws(SystemError) -> UInt64? {
            UInt64(try readText("\(files.directory)/\(file)").filter(\.isNumber))
        }
        let current = try number(files.current) ?? 0
        let cache = KeyedCounters(try readText("\(files.directory)/memory.stat"))[files.cache] ?? 0
        // v1 writes the largest number of pages for no limit.
        let limit = try number(files.limit).flatMap { $0 > 1 << 60 ? nil : $0 }
        return (current > cache ? current - cache : 0, limit)
    }

    private func controlledBlockBytes(holds pids: [Int32]) throws(SystemError) -> (read: UInt64, written: UInt64)? {
        if let path, exists("\(path)/io.stat") { return BlockCounters.unified(try readText("\(path)/io.stat")) }
        guard let directory = try legacyDirectory("blkio", holding: pids) else { return nil }
        return BlockCounters.legacy(try readText("\(directory)/blkio.throttle.io_service_bytes"))
    }

    /// The v1 directory of a controller, where the processes are in it.
    private func legacyDirectory(_ controller: String, holding pids: [Int32]) throws(SystemError) -> String? {
        guard let legacy = hierarchy.legacy(controller) else { return nil }
        let directory = "\(legacy.mountPoint)/\(name)"
        guard exists(directory) else { return nil }
        let members = Set(try readText("\(directory)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) })
        return members.isDisjoint(with: pids) ? nil : directory
    }
}

/// Lines of a name and a number.
struct KeyedCounters {
    private var values: [Substring: UInt64] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
            if words.count >= 2, let value = UInt64(words[1]) { values[words[0]] = value }
        }
    }

    /// Those of a file of `/proc/PID`; none where the process has ended.
    init(ofProcess pid: Int32, _ file: String) {
        do throws(SystemError) { self.init(try readText("/proc/\(pid)/\(file)")) } catch { self.init("") }
    }

    subscript(name: String) -> UInt64? { values[name[...]] }
}

/// Bytes from and to all block devices.
enum BlockCounters {
    /// `io.stat`: `8:0 rbytes=90112 wbytes=0 rios=4 …`
    static func unified(_ text: String) -> (read: UInt64, written: UInt64) {
        var sum: (read: UInt64, written: UInt64) = (0, 0)
        for word in text.split(whereSeparator: \.isWhitespace) {
            if word.hasPrefix("rbytes=") { sum.read += UInt64(word.dropFirst(7)) ?? 0 }
            if word.hasPrefix("wbytes=") { sum.written += UInt64(word.dropFirst(7)) ?? 0 }
        }
        return sum
    }

    /// `blkio.throttle.io_service_bytes`: `8:0 Read 90112`, a line each, and a total.
    static func legacy(_ text: String) -> (read: UInt64, written: UInt64) {
        var sum: (read: UInt64, written: UInt64) = (0, 0)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let bytes = UInt64(words[2]) else { continue }
            if words[1] == "Read" { sum.read += bytes }
            if words[1] == "Write" { sum.written += bytes }
        }
        return sum
    }
}
