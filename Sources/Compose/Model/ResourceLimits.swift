// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// What a container may use of the host's memory, processors and process numbers (Compose Specification, 05-services.md).
package struct ResourceLimits: Omissible, Sendable {
    /// `mem_limit`; -1 byte is no limit, here and in `mem_reservation`.
    package var memory: ByteSize?
    /// `mem_reservation`: what the kernel leaves the container when memory is short.
    package var memoryReservation: ByteSize?
    /// `memswap_limit`: memory and swap together; -1 byte is no limit.
    package var memoryAndSwap: ByteSize?
    /// `mem_swappiness`: 0 to 100.
    package var swappiness: Int?
    /// `cpus`: processors' worth of time, such as 0.5.
    package var cpus: Double?
    /// `cpu_count` and `cpu_percent`: of effect on Windows only.
    package var cpuCount: Int?
    package var cpuPercent: Double?
    /// `cpu_shares`: the weight against other containers; 1024 is the kernel's default.
    package var cpuShares: Int64?
    /// `cpu_quota` of `cpu_period`, both in microseconds.
    package var cpuQuota: Int64?
    package var cpuPeriod: Int64?
    /// `cpu_rt_runtime` of `cpu_rt_period`, both in microseconds.
    package var realtimeRuntime: Int64?
    package var realtimePeriod: Int64?
    /// `cpuset`: the processors it may run on, as `0-3` or `0,2`.
    package var cpuset: String?
    /// `pids_limit`; -1 is no limit.
    package var pids: Int64?

    package init() {}

    package static let omitted = ResourceLimits()
}

/// Compose Specification, 05-services.md, `blkio_config`.
package struct BlockIO: Codable, Hashable, Sendable {
    /// The share of bandwidth against other containers, 10 to 1000.
    package var weight: Int?
    package var weightDevices: [WeightDevice] = []
    package var readBytes: [ThrottleDevice] = []
    package var readOperations: [ThrottleDevice] = []
    package var writeBytes: [ThrottleDevice] = []
    package var writeOperations: [ThrottleDevice] = []

    package struct WeightDevice: Codable, Hashable, Sendable {
        /// The device's path on the host.
        package var path: String
        package var weight: Int
    }

    package struct ThrottleDevice: Codable, Hashable, Sendable {
        /// The device's path on the host.
        package var path: String
        /// Bytes or operations a second.
        package var rate: ByteSize
    }

    package init() {}
}

extension Service {
    /// The limits in force: the service's own keys, and those of `deploy.resources` for what they leave open. What is
    /// not limited is nil, but for `memoryAndSwap` and `pids`.
    package var effectiveLimits: ResourceLimits {
        var result = limits
        let resources = deploy?.resources
        func limited(_ size: ByteSize?) -> ByteSize? { size.flatMap { $0.bytes < 0 ? nil : $0 } }
        result.memory = limited(limits.memory ?? resources?.limits?.memory)
        result.memoryReservation = limited(limits.memoryReservation ?? resources?.reservations?.memory)
        result.cpus = limits.cpus ?? resources?.limits?.cpus
        result.pids = limits.pids ?? resources?.limits?.pids
        return result
    }
}
