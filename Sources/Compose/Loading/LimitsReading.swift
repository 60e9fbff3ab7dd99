// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Keys about what a container may use of the host's resources (Compose Specification, 05-services.md).
extension TreeReader {
    /// Reads the key if it is one of them.
    mutating func readLimit(_ name: String, _ node: YAMLNode, _ at: String, _ limits: inout ResourceLimits) -> Bool {
        switch name {
        case "mem_limit": limits.memory = memory(node, at)
        case "mem_reservation": limits.memoryReservation = memory(node, at)
        case "memswap_limit": limits.memoryAndSwap = memory(node, at)
        case "mem_swappiness": limits.swappiness = int(node, at, in: 0...100).map { Int($0) }
        case "cpus": limits.cpus = number(node, at, in: 0 ... .infinity)
        case "cpu_count": limits.cpuCount = count(node, at)
        case "cpu_percent": limits.cpuPercent = number(node, at, in: 0...100)
        case "cpu_shares": limits.cpuShares = int(node, at, in: 0 ... .max)
        case "cpu_quota": limits.cpuQuota = int(node, at)
        case "cpu_period": limits.cpuPeriod = int(node, at)
        case "cpu_rt_runtime": limits.realtimeRuntime = int(node, at)
        case "cpu_rt_period": limits.realtimePeriod = int(node, at)
        case "cpuset": limits.cpuset = string(node, at)
        case "pids_limit": limits.pids = int(node, at, in: -1 ... .max)
        default: return false
        }
        return true
    }

    /// Bytes; -1 is no limit.
    private mutating func memory(_ node: YAMLNode, _ path: String) -> ByteSize? {
        let isUnlimited = node.value == .int(-1) || node.value == .string("-1")
        return isUnlimited ? ByteSize(bytes: -1) : byteSize(node, path)
    }

    /// Compose Specification, 05-services.md, `blkio_config`.
    mutating func blockIO(_ node: YAMLNode, _ path: String) -> BlockIO? {
        let known = [
            "weight", "weight_device", "device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops",
        ]
        guard let fields = fields(node, path, known: known) else { return nil }
        var result = BlockIO()
        for field in fields {
            switch field.name {
            case "weight": result.weight = int(field.value, field.path, in: 0...1000).map { Int($0) }
            case "weight_device": result.weightDevices = weightDevices(field.value, field.path)
            case "device_read_bps": result.readBytes = throttles(field.value, field.path)
            case "device_read_iops": result.readOperations = throttles(field.value, field.path)
            case "device_write_bps": result.writeBytes = throttles(field.value, field.path)
            default: result.writeOperations = throttles(field.value, field.path)
            }
        }
        return result
    }

    private mutating func weightDevices(_ node: YAMLNode, _ path: String) -> [BlockIO.WeightDevice] {
        var result: [BlockIO.WeightDevice] = []
        for (index, item) in items(node, path).enumerated() {
            var device = BlockIO.WeightDevice(path: "", weight: 0)
            for field in fields(item, "\(path)[\(index)]", known: ["path", "weight"]) ?? [] {
                if field.name == "path" {
                    device.path = string(field.value, field.path) ?? ""
                } else {
                    device.weight = int(field.value, field.path, in: 0...1000).map { Int($0) } ?? 0
                }
            }
            result.append(device)
        }
        return result
    }

    private mutating func throttles(_ node: YAMLNode, _ path: String) -> [BlockIO.ThrottleDevice] {
        var result: [BlockIO.ThrottleDevice] = []
        for (index, item) in items(node, path).enumerated() {
            var device = BlockIO.ThrottleDevice(path: "", rate: ByteSize(bytes: 0))
            for field in fields(item, "\(path)[\(index)]", known: ["path", "rate"]) ?? [] {
                if field.name == "path" {
                    device.path = string(field.value, field.path) ?? ""
                } else {
                    device.rate = byteSize(field.value, field.path) ?? ByteSize(bytes: 0)
                }
            }
            result.append(device)
        }
        return result
    }
}
