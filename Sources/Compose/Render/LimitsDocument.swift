// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension ResourceLimits {
    /// Adds what is limited. As docker compose prints it, a limit of zero says nothing.
    func add(to fields: inout Fields) {
        func bytes(_ name: String, _ size: ByteSize?) {
            if let size, size.bytes != 0 { fields.add(name, size) }
        }
        func number(_ name: String, _ value: Int64?) {
            if let value, value != 0 { fields.add(name, .int(value)) }
        }
        bytes("mem_limit", memory)
        bytes("mem_reservation", memoryReservation)
        bytes("memswap_limit", memoryAndSwap)
        bytes("mem_swappiness", swappiness.map { ByteSize(bytes: Int64($0)) })
        fields.addUnlessZero("cpus", cpus)
        number("cpu_count", cpuCount.map(Int64.init))
        fields.addUnlessZero("cpu_percent", cpuPercent)
        number("cpu_shares", cpuShares)
        number("cpu_quota", cpuQuota)
        number("cpu_period", cpuPeriod)
        number("cpu_rt_runtime", realtimeRuntime)
        number("cpu_rt_period", realtimePeriod)
        fields.add("cpuset", cpuset)
        number("pids_limit", pids)
    }
}

extension BlockIO {
    /// In docker compose's shape, upper-case names included.
    var document: Document {
        func throttles(_ devices: [ThrottleDevice]) -> [Document] {
            devices.map { device in
                var fields = Fields()
                fields.add("path", device.path)
                fields.add("rate", device.rate)
                return fields.document
            }
        }
        var fields = Fields()
        fields.add("weight", weight)
        fields.addUnlessEmpty(
            "weight_device",
            weightDevices.map { device in
                var fields = Fields()
                fields.add("path", device.path)
                fields.add("weight", device.weight)
                return fields.document
            })
        fields.addUnlessEmpty("device_read_bps", throttles(readBytes))
        fields.addUnlessEmpty("device_read_iops", throttles(readOperations))
        fields.addUnlessEmpty("device_write_bps", throttles(writeBytes))
        fields.addUnlessEmpty("device_write_iops", throttles(writeOperations))
        return fields.document
    }
}
