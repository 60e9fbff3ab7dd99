// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// What a cgroup may use. Nil is no limit.
///
/// Keys are those of a Compose file, so that a refusal can stand at its place. Files and units are those of the kernel's
/// Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
package struct ControlGroupLimits: Codable, Hashable, Sendable {
    /// Bytes.
    package var memory: Int64?
    /// Bytes that are left to it when memory is short.
    package var memoryReservation: Int64?
    /// Bytes of memory and swap together; -1 is no limit. Nil with a limit of memory: twice that, as Docker has it.
    package var memoryAndSwap: Int64?
    /// 0 to 100.
    package var swappiness: Int?
    package var oomKillDisable = false
    /// Microseconds of processor time a period.
    package var cpuQuota: Int64?
    /// Microseconds.
    package var cpuPeriod: Int64?
    /// 2 to 262144; 1024 is the kernel's default.
    package var cpuShares: Int64?
    /// Microseconds of real-time scheduling a period.
    package var realtimeRuntime: Int64?
    package var realtimePeriod: Int64?
    /// `0-3` or `0,2`.
    package var cpuset: String?
    /// Processes and threads; -1 is no limit.
    package var pids: Int64?
    /// 10 to 1000.
    package var blockWeight: Int?
    package var deviceWeights: [DeviceRate] = []
    package var readBytes: [DeviceRate] = []
    package var writeBytes: [DeviceRate] = []
    package var readOperations: [DeviceRate] = []
    package var writeOperations: [DeviceRate] = []

    package init() {}

    /// A weight, or bytes or operations a second, of a block device.
    package struct DeviceRate: Codable, Hashable, Sendable {
        package var major, minor: UInt32
        package var rate: Int64
        package init(major: UInt32, minor: UInt32, rate: Int64) {
            (self.major, self.minor, self.rate) = (major, minor, rate)
        }
    }

    /// A limit that this host cannot enforce, by its key.
    package struct Refusal: Error, Hashable, Sendable {
        package var key: String
        package var reason: String
        /// The controller that would do it and is not there.
        package var missing: String?
        /// What the user can do about it.
        package var hint: String?

        package init(key: String, reason: String, missing: String? = nil, hint: String? = nil) {
            (self.key, self.reason, self.missing, self.hint) = (key, reason, missing, hint)
        }
    }

    /// A value for a file of a cgroup's directory.
    package struct Write: Hashable, Sendable {
        var controller: String
        /// The first that the directory has is meant.
        var files: [String]
        var value: String
        var key: String
        /// Whether a kernel without the file is as good.
        var isOptional = false
    }

    typealias Version = ControlGroupHierarchy.Version

    /// What is to be written, in this order.
    ///
    /// - Parameter version: which version of cgroups a controller is in; nil where the host has none.
    func writes(on version: (String) -> Version?) throws(Refusal) -> [Write] {
        try memoryWrites(version) + processorWrites(version) + pidsWrites(version) + blockWrites(version)
    }

    private func need(_ controller: String, _ key: String, _ version: (String) -> Version?) throws(Refusal) -> Version {
        guard let found = version(controller) else {
            throw Refusal(
                key: key, reason: "this host has no \(controller) controller for cgroups", missing: controller)
        }
        return found
    }

    private func memoryWrites(_ version: (String) -> Version?) throws(Refusal) -> [Write] {
        var writes: [Write] = []
        func add(_ key: String, v1: String, v2: String?, _ value: String, _ other: String? = nil) throws(Refusal) {
            switch try need("memory", key, version) {
            case .v1: writes.append(Write(controller: "memory", files: [v1], value: value, key: key))
            case .v2:
                guard let v2 else {
                    throw Refusal(key: key, reason: "version 2 of cgroups, which this host has, cannot do it")
                }
                writes.append(Write(controller: "memory", files: [v2], value: other ?? value, key: key))
            }
        }
        if let memory { try add("mem_limit", v1: "memory.limit_in_bytes", v2: "memory.max", "\(memory)") }
        if let memory, memoryAndSwap ?? 0 == 0 {
            // Optional: without the file the kernel has no swap, or does not account for it.
            try add("mem_limit", v1: "memory.memsw.limit_in_bytes", v2: "memory.swap.max", "\(2 * memory)", "\(memory)")
            writes[writes.count - 1].isOptional = true
        } else if let memoryAndSwap, memoryAndSwap != 0 {
            // v1 limits the sum, v2 swap alone.
            let swap = memoryAndSwap < 0 ? "max" : "\(memoryAndSwap - (memory ?? 0))"
            try add("memswap_limit", v1: "memory.memsw.limit_in_bytes", v2: "memory.swap.max", "\(memoryAndSwap)", swap)
        }
        if let memoryReservation {
            try add("mem_reservation", v1: "memory.soft_limit_in_bytes", v2: "memory.low", "\(memoryReservation)")
        }
        if let swappiness { try add("mem_swappiness", v1: "memory.swappiness", v2: nil, "\(swappiness)") }
        if oomKillDisable { try add("oom_kill_disable", v1: "memory.oom_control", v2: nil, "1") }
        return writes
    }

    private func processorWrites(_ version: (String) -> Version?) throws(Refusal) -> [Write] {
        var writes: [Write] = []
        func add(_ file: String, _ value: String, _ key: String) {
            writes.append(Write(controller: "cpu", files: [file], value: value, key: key))
        }
        if cpuQuota != nil || cpuPeriod != nil {
            let key = cpuQuota == nil ? "cpu_period" : "cpu_quota"
            switch try need("cpu", key, version) {
            case .v1:
                if let cpuPeriod { add("cpu.cfs_period_us", "\(cpuPeriod)", "cpu_period") }
                if let cpuQuota { add("cpu.cfs_quota_us", "\(cpuQuota)", "cpu_quota") }
            case .v2:
                let quota = cpuQuota.map { $0 < 0 ? "max" : "\($0)" } ?? "max"
                add("cpu.max", "\(quota) \(cpuPeriod ?? 100_000)", key)
            }
        }
        if let cpuShares {
            switch try need("cpu", "cpu_shares", version) {
            case .v1: add("cpu.shares", "\(cpuShares)", "cpu_shares")
            case .v2: add("cpu.weight", "\(ControlGroupLimits.weight(ofShares: cpuShares))", "cpu_shares")
            }
        }
        for (value, file, key) in [
            (realtimePeriod, "cpu.rt_period_us", "cpu_rt_period"),
            (realtimeRuntime, "cpu.rt_runtime_us", "cpu_rt_runtime"),
        ] {
            guard let value else { continue }
            guard try need("cpu", key, version) == .v1 else {
                throw Refusal(key: key, reason: "version 2 of cgroups, which this host has, cannot do it")
            }
            add(file, "\(value)", key)
        }
        if let cpuset {
            _ = try need("cpuset", "cpuset", version)
            writes.append(Write(controller: "cpuset", files: ["cpuset.cpus"], value: cpuset, key: "cpuset"))
        }
        return writes
    }

    /// v2's weight for v1's shares: 2 is 1, 1024 is 100, 262144 is 10000 (opencontainers/cgroups, utils.go; the quadratic
    /// between them keeps each default at the other's).
    static func weight(ofShares shares: Int64) -> Int {
        let exponent = log2(Double(min(max(shares, 2), 262_144)))
        return Int(ceil(pow(10, (exponent * exponent + 125 * exponent) / 612 - 7.0 / 34)))
    }

    private func pidsWrites(_ version: (String) -> Version?) throws(Refusal) -> [Write] {
        guard let pids, pids > 0 else { return [] }
        _ = try need("pids", "pids_limit", version)
        return [Write(controller: "pids", files: ["pids.max"], value: "\(pids)", key: "pids_limit")]
    }

    private func blockWrites(_ version: (String) -> Version?) throws(Refusal) -> [Write] {
        let key = "blkio_config"
        let rates: [(rates: [DeviceRate], v1: String, v2: String, part: String)] = [
            (readBytes, "blkio.throttle.read_bps_device", "rbps", "device_read_bps"),
            (writeBytes, "blkio.throttle.write_bps_device", "wbps", "device_write_bps"),
            (readOperations, "blkio.throttle.read_iops_device", "riops", "device_read_iops"),
            (writeOperations, "blkio.throttle.write_iops_device", "wiops", "device_write_iops"),
        ]
        guard blockWeight != nil || !deviceWeights.isEmpty || rates.contains(where: { !$0.rates.isEmpty }) else {
            return []
        }
        // The controller has another name in each version.
        let isLegacy = version("io") == nil
        if isLegacy { _ = try need("blkio", key, version) }
        var writes: [Write] = []
        func add(_ files: [String], _ value: String, _ part: String) {
            writes.append(
                Write(controller: isLegacy ? "blkio" : "io", files: files, value: value, key: "\(key).\(part)"))
        }
        /// 10 … 1000 of v1 are 1 … 10000 of v2.
        func converted(_ weight: Int64) -> Int64 { 1 + (weight - 10) * 9999 / 990 }
        // Where a device is scheduled by BFQ, its files have the weights, and v1's scale in both versions.
        if let weight = blockWeight.map(Int64.init) {
            if isLegacy {
                add(["blkio.weight", "blkio.bfq.weight"], "\(weight)", "weight")
            } else {
                add(["io.bfq.weight"], "\(weight)", "weight")
                add(["io.weight"], "default \(converted(weight))", "weight")
                writes[0].isOptional = true
            }
        }
        for device in deviceWeights {
            let name = "\(device.major):\(device.minor)"
            if isLegacy {
                add(["blkio.weight_device", "blkio.bfq.weight_device"], "\(name) \(device.rate)", "weight_device")
            } else {
                add(["io.weight"], "\(name) \(converted(device.rate))", "weight_device")
            }
        }
        for (rates, v1, v2, part) in rates {
            for device in rates {
                let name = "\(device.major):\(device.minor)"
                if isLegacy {
                    add([v1], "\(name) \(device.rate)", part)
                } else {
                    add(["io.max"], "\(name) \(v2)=\(device.rate)", part)
                }
            }
        }
        return writes
    }
}
