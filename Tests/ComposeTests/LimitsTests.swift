// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

/// Memory, processors, processes, block devices.
@Suite struct LimitsTests {
    @Test(
        "Limits are read in all their forms",
        arguments: [
            KeyRow("mem_limit: 512m", #""536870912""#), KeyRow("mem_limit: 1073741824", #""1073741824""#),
            KeyRow("mem_limit: \"0\"", "absent"), KeyRow("mem_reservation: 1.5g", #""1610612736""#),
            KeyRow("memswap_limit: -1", #""-1""#), KeyRow("mem_limit: '-1'", #""-1""#),
            KeyRow("memswap_limit: 1g", #""1073741824""#),
            KeyRow("mem_swappiness: \"60\"", #""60""#), KeyRow("cpus: \"1.5\"", "1.5"), KeyRow("cpus: 0.1", "0.1"),
            KeyRow("cpu_count: \"2\"", "2"), KeyRow("cpu_percent: 50", "50"), KeyRow("cpu_shares: \"73\"", "73"),
            KeyRow("cpu_quota: 50000", "50000"), KeyRow("cpu_period: 20000", "20000"),
            KeyRow("cpu_rt_runtime: 400000", "400000"), KeyRow("cpu_rt_period: 1400000", "1400000"),
            KeyRow("cpuset: 0-3,5", #""0-3,5""#), KeyRow("pids_limit: \"-1\"", "-1"),
            KeyRow("oom_kill_disable: true", "true"), KeyRow("storage_opt: {size: 1G}", #"{"size":"1G"}"#),
            KeyRow(
                "blkio_config: {weight: 300, weight_device: [{path: /dev/a, weight: 400}], device_read_bps: [{path: /dev/b, rate: 12mb}]}",
                #"{"device_read_bps":[{"path":"/dev/b","rate":"12582912"}],"weight":300,"weight_device":[{"path":"/dev/a","weight":400}]}"#
            ),
        ])
    func reading(row: KeyRow) throws { try row.check() }

    @Test(
        "Bad limits are refused at their place",
        arguments: [
            MistakeRow("mem_limit: 10xb", "4:16 bad-size"), MistakeRow("mem_limit: -5m", "4:16 bad-size"),
            MistakeRow("mem_swappiness: 101", "4:21 bad-value"), MistakeRow("cpus: many", "4:11 bad-value"),
            MistakeRow("cpus: -1", "4:11 bad-value"), MistakeRow("cpu_rt_runtime: 400ms", "4:21 bad-value"),
            MistakeRow("pids_limit: [1]", "4:17 wrong-type"), MistakeRow("blkio_config: {wait: 3}", "4:20 unknown-key"),
            MistakeRow("cpus: 0.5\n    deploy: {resources: {limits: {cpus: '0.6'}}}", "4:11 conflict"),
            MistakeRow("mem_limit: 1g\n    deploy: {resources: {limits: {memory: 2g}}}", "4:16 conflict"),
            MistakeRow("mem_reservation: 1g\n    deploy: {resources: {reservations: {memory: 2g}}}", "4:22 conflict"),
            MistakeRow("pids_limit: 1\n    deploy: {resources: {limits: {pids: 2}}}", "4:17 conflict"),
        ])
    func refusing(row: MistakeRow) throws { try row.check() }

    @Test("A limit of -1 is none")
    func unlimited() throws {
        let limits = try web("mem_limit: -1\nmemswap_limit: -1\npids_limit: -1").effectiveLimits
        #expect(limits.memory == nil && limits.memoryAndSwap == ByteSize(bytes: -1) && limits.pids == -1)
    }

    @Test("What the service leaves open is limited by deploy.resources")
    func effective() throws {
        let service = try web(
            "pids_limit: 5\ndeploy: {resources: {limits: {cpus: '0.5', memory: 64m}, reservations: {memory: 32m}}}")
        #expect(service.effectiveLimits.pids == 5)
        #expect(service.effectiveLimits.cpus == 0.5)
        #expect(service.effectiveLimits.memory == ByteSize(bytes: 64 << 20))
        #expect(service.effectiveLimits.memoryReservation == ByteSize(bytes: 32 << 20))
        #expect(service.place("deploy.resources.limits.memory").description == "compose.yaml:5:56")
    }
}
