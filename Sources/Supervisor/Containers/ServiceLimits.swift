// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Linux

/// What a service may use of the host, from its keys to what a cgroup takes; bounds as dockerd has them (moby,
/// daemon/daemon_unix.go, verifyPlatformContainerResources). As there, 0 is no limit.
struct ServiceLimits {
    let service: Service

    /// dockerd's: less does not start a program.
    private static let leastMemory: Int64 = 6 << 20

    /// - Throws: `Failure` at the place of what is out of bounds.
    func controlGroup() throws(Failure) -> ControlGroupLimits {
        var result = ControlGroupLimits()
        try readMemory(service.effectiveLimits, &result)
        try readProcessors(service.effectiveLimits, &result)
        result.pids = service.effectiveLimits.pids
        result.oomKillDisable = service.oomKillDisable
        if let blockIO = service.blockIO { try read(blockIO, &result) }
        return result
    }

    /// - Throws: `Failure` at the place of the first limit that cannot be enforced here.
    func check(on hierarchy: ControlGroupHierarchy) throws(Failure) {
        let limits = try controlGroup()
        do { _ = try hierarchy.group("").memberships(under: limits) } catch { throw failure(error) }
        if let absence = hierarchy.absence {
            switch service.pid {
            case .host, .service, .container:
                throw refuse(
                    "pid", "\(absence), and nothing else tells this service's processes from the others",
                    hint: hierarchy.remedy)
            case .private, .shareable, .other, nil: break
            }
        }
        guard let absence = hierarchy.deviceAbsence else { return }
        guard service.deviceRules.isEmpty else { throw refuse("device_cgroup_rules", absence) }
        for (index, device) in service.devices.enumerated() {
            guard let rights = device.permissions, !rights.contains("r") || !rights.contains("w") else { continue }
            throw refuse("devices[\(index)]", "\(absence), and nothing else keeps a device to \"\(rights)\"")
        }
    }

    func failure(_ refusal: ControlGroupLimits.Refusal) -> Failure {
        refuse(refusal.key, refusal.reason, hint: refusal.hint)
    }

    private func readMemory(_ limits: ResourceLimits, _ result: inout ControlGroupLimits) throws(Failure) {
        func bytes(_ size: ByteSize?) -> Int64? { size.flatMap { $0.bytes == 0 ? nil : $0.bytes } }
        result.memory = bytes(limits.memory)
        result.memoryReservation = bytes(limits.memoryReservation)
        result.memoryAndSwap = bytes(limits.memoryAndSwap)
        result.swappiness = limits.swappiness
        for (value, key) in [(result.memory, "mem_limit"), (result.memoryReservation, "mem_reservation")] {
            if let value, value < ServiceLimits.leastMemory {
                throw refuse(key, "\(value) bytes of memory are less than the 6 MiB that a container needs at least")
            }
        }
        if let memory = result.memory, let reservation = result.memoryReservation, reservation > memory {
            throw refuse("mem_reservation", "more memory is reserved than the limit of \(memory) bytes allows")
        }
        guard let sum = result.memoryAndSwap else { return }
        guard let memory = result.memory else {
            throw refuse("memswap_limit", "it limits memory and swap together, and needs mem_limit beside it")
        }
        if sum > 0 && sum < memory {
            throw refuse("memswap_limit", "it limits memory and swap together, and is less than mem_limit alone")
        }
    }

    private func readProcessors(_ limits: ResourceLimits, _ result: inout ControlGroupLimits) throws(Failure) {
        func given(_ value: Int64?) -> Int64? { value == 0 ? nil : value }
        result.cpuQuota = given(limits.cpuQuota)
        result.cpuPeriod = given(limits.cpuPeriod)
        result.realtimeRuntime = given(limits.realtimeRuntime)
        result.realtimePeriod = given(limits.realtimePeriod)
        result.cpuset = limits.cpuset.flatMap { $0.isEmpty ? nil : $0 }
        if let cpus = limits.cpus, cpus > 0 {
            guard result.cpuQuota == nil && result.cpuPeriod == nil else {
                throw refuse(
                    "cpu_quota", "cpus says how much processor time there is, and cpu_quota and cpu_period say it again"
                )
            }
            guard cpus >= 0.01 else { throw refuse("cpus", "less than 0.01 processors cannot be given") }
            (result.cpuQuota, result.cpuPeriod) = (Int64(min(cpus, 1e6) * 100_000), 100_000)
        }
        if let period = result.cpuPeriod, !(1000...1_000_000).contains(period) {
            throw refuse("cpu_period", "\(period) µs is not from 1000 to 1000000")
        }
        if let quota = result.cpuQuota, quota > 0 && quota < 1000 {
            throw refuse("cpu_quota", "\(quota) µs is less than 1000")
        }
        result.cpuShares = given(limits.cpuShares)
        if result.cpuShares == nil, let reserved = service.deploy?.resources.reservations?.cpus, reserved > 0 {
            // As Kubernetes has it for what a container requests: a weight of 1024 a processor.
            result.cpuShares = Int64(max(2, min(reserved, 256) * 1024))
        }
    }

    private func read(_ blockIO: BlockIO, _ result: inout ControlGroupLimits) throws(Failure) {
        if let weight = blockIO.weight, weight != 0 {
            guard (10...1000).contains(weight) else {
                throw refuse("blkio_config.weight", "\(weight) is not from 10 to 1000")
            }
            result.blockWeight = weight
        }
        for device in blockIO.weightDevices {
            guard (10...1000).contains(device.weight) else {
                throw refuse("blkio_config.weight_device", "\(device.weight) is not from 10 to 1000")
            }
            result.deviceWeights.append(try rate(device.path, Int64(device.weight), "weight_device"))
        }
        for (devices, part, list) in [
            (blockIO.readBytes, "device_read_bps", \ControlGroupLimits.readBytes),
            (blockIO.writeBytes, "device_write_bps", \.writeBytes),
            (blockIO.readOperations, "device_read_iops", \.readOperations),
            (blockIO.writeOperations, "device_write_iops", \.writeOperations),
        ] {
            for device in devices { result[keyPath: list].append(try rate(device.path, device.rate.bytes, part)) }
        }
    }

    private func rate(_ path: String, _ rate: Int64, _ part: String) throws(Failure) -> ControlGroupLimits.DeviceRate {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw refuse("blkio_config.\(part)", "\(SystemError("stat", path))")
        }
        guard status.st_mode & trice_s_ifmt == trice_s_ifblk else {
            throw refuse("blkio_config.\(part)", "\(path) is no block device")
        }
        return .init(major: trice_major(status.st_rdev), minor: trice_minor(status.st_rdev), rate: rate)
    }

    // MARK: Places

    /// What else may have set a limit: `cpus` is a quota and a period.
    private static let otherKeys: [String: [String]] = [
        "mem_limit": ["deploy.resources.limits.memory"], "mem_reservation": ["deploy.resources.reservations.memory"],
        "cpu_quota": ["cpus", "deploy.resources.limits.cpus"], "cpu_period": ["cpus", "deploy.resources.limits.cpus"],
        "cpus": ["deploy.resources.limits.cpus"], "cpu_shares": ["deploy.resources.reservations.cpus"],
        "pids_limit": ["deploy.resources.limits.pids"],
    ]

    private func refuse(_ key: String, _ reason: String, hint: String? = nil) -> Failure {
        let candidates = [key] + (ServiceLimits.otherKeys[key] ?? [])
        let asked = candidates.first { service.places[$0] != nil } ?? key
        return Failure("service \(service.name): \(asked): \(reason)", at: service.place(asked), hint: hint)
    }
}
