// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Testing

@testable import Linux

@Suite struct ControlGroupTests {
    private static let known = ["cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "pids"]

    struct Host: CustomTestStringConvertible {
        let name: String
        let mounts: String
        let unified: [String]
        let mountPoint: String
        /// By controller: `v1`, `v2` or nothing.
        let versions: [String: ControlGroupHierarchy.Version]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Host(
            name: "v2 alone", mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate,memory_recursiveprot 0 0\n",
            unified: ["cpu", "io", "memory"], mountPoint: "/sys/fs/cgroup",
            versions: ["cpu": .v2, "memory": .v2, "io": .v2]),
        Host(
            name: "hybrid, as systemd mounts it",
            mounts: """
                tmpfs /sys/fs/cgroup tmpfs ro,mode=755 0 0
                cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
                cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0
                cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
                cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
                """, unified: [], mountPoint: "/sys/fs/cgroup/unified",
            versions: ["cpu": .v1, "cpuacct": .v1, "memory": .v1]),
        Host(
            name: "some controllers in either",
            mounts:
                "cgroup /cg/pids cgroup rw,pids 0 0\ncgroup2 /cg/unified cgroup2 rw 0 0\ncgroup /again cgroup rw,pids 0 0\n",
            unified: ["memory"], mountPoint: "/cg/unified", versions: ["pids": .v1, "memory": .v2]),
    ])
    func `controllers are found wherever the host mounts them`(_ host: Host) throws {
        let hierarchy = try ControlGroupHierarchy(mounts: host.mounts, known: Self.known) { _ in host.unified }
        #expect(hierarchy.mountPoint == host.mountPoint)
        for name in Self.known + ["io"] { #expect(hierarchy.version(of: name) == host.versions[name], "\(name)") }
    }

    @Test func `a host without version 2 is refused`() {
        #expect(throws: SystemError.self) {
            try ControlGroupHierarchy(mounts: "cgroup /c cgroup rw,memory 0 0\n", known: Self.known) { _ in [] }
        }
    }

    @Test func `who may make no control groups has them by name alone`() throws {
        let hierarchy = ControlGroupHierarchy(absence: "it may not")
        let group = hierarchy.group("trice/x")
        #expect(try group.create() == nil)
        #expect(group.directories.isEmpty)
        try group.limit(ControlGroupLimits())
        try group.end()
        #expect(throws: SystemError("use", "control group trice/x", errno: EOPNOTSUPP)) { try group.kill() }
        #expect(throws: SystemError("use", "control group trice/x", errno: EOPNOTSUPP)) { try group.freeze(true) }
        var limits = ControlGroupLimits()
        limits.pids = 10
        let refusal = ControlGroupLimits.Refusal(
            key: "pids_limit", reason: "it may not", missing: "pids", hint: group.hierarchy.remedy)
        #expect(throws: refusal) { try group.limit(limits) }
        #expect(throws: refusal) { try group.memberships(under: limits) }
    }

    @Test func `without a control group the processes are those of the pid namespace`() throws {
        let group = ControlGroupHierarchy(absence: "it may not").group("trice/x")
        #expect(try group.processes(of: getpid()).contains(getpid()))
        #expect(try group.processes(of: nil).isEmpty)
        let usage = try group.usage(of: getpid())
        #expect(usage.tasks > 0 && usage.memory > 0 && usage.processorTime > 0)
        #expect(throws: SystemError.self) { try group.processes(of: .max) }
    }

    struct Row: CustomTestStringConvertible {
        let name: String
        let limits: ControlGroupLimits
        /// `file=value`, the file of several names by its first.
        let v1: [String]
        /// nil: v2 cannot do it.
        let v2: [String]?
        var testDescription: String { name }

        init(_ name: String, v1: [String], v2: [String]?, _ set: (inout ControlGroupLimits) -> Void) {
            (self.name, self.v1, self.v2) = (name, v1, v2)
            var limits = ControlGroupLimits()
            set(&limits)
            self.limits = limits
        }
    }

    @Test(arguments: [
        Row("nothing", v1: [], v2: []) { _ in },
        Row(
            "memory, with as much swap again", v1: ["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=200"],
            v2: ["memory.max=100", "memory.swap.max=100"]
        ) { $0.memory = 100 },
        Row(
            "no swap", v1: ["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=100"],
            v2: ["memory.max=100", "memory.swap.max=0"]
        ) { ($0.memory, $0.memoryAndSwap) = (100, 100) },
        Row(
            "any swap", v1: ["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=-1"],
            v2: ["memory.max=100", "memory.swap.max=max"]
        ) { ($0.memory, $0.memoryAndSwap) = (100, -1) },
        Row("reservation", v1: ["memory.soft_limit_in_bytes=7"], v2: ["memory.low=7"]) { $0.memoryReservation = 7 },
        Row("swappiness", v1: ["memory.swappiness=0"], v2: nil) { $0.swappiness = 0 },
        Row("no OOM killer", v1: ["memory.oom_control=1"], v2: nil) { $0.oomKillDisable = true },
        Row(
            "processor time", v1: ["cpu.cfs_period_us=50000", "cpu.cfs_quota_us=25000"], v2: ["cpu.max=25000 50000"]
        ) { ($0.cpuQuota, $0.cpuPeriod) = (25000, 50000) },
        Row("a quota of the usual period", v1: ["cpu.cfs_quota_us=1000"], v2: ["cpu.max=1000 100000"]) {
            $0.cpuQuota = 1000
        },
        Row("a period alone", v1: ["cpu.cfs_period_us=50000"], v2: ["cpu.max=max 50000"]) { $0.cpuPeriod = 50000 },
        Row("no quota", v1: ["cpu.cfs_quota_us=-1"], v2: ["cpu.max=max 100000"]) { $0.cpuQuota = -1 },
        Row("shares", v1: ["cpu.shares=512"], v2: ["cpu.weight=59"]) { $0.cpuShares = 512 },
        Row("real time", v1: ["cpu.rt_period_us=9", "cpu.rt_runtime_us=5"], v2: nil) {
            ($0.realtimePeriod, $0.realtimeRuntime) = (9, 5)
        },
        Row("processors", v1: ["cpuset.cpus=0,2-3"], v2: ["cpuset.cpus=0,2-3"]) { $0.cpuset = "0,2-3" },
        Row("processes", v1: ["pids.max=5"], v2: ["pids.max=5"]) { $0.pids = 5 },
        Row("any number of processes", v1: [], v2: []) { $0.pids = -1 },
        Row("weight", v1: ["blkio.weight=10"], v2: ["io.bfq.weight=10", "io.weight=default 1"]) { $0.blockWeight = 10 },
        Row("weight of a device", v1: ["blkio.weight_device=8:0 1000"], v2: ["io.weight=8:0 10000"]) {
            $0.deviceWeights = [.init(major: 8, minor: 0, rate: 1000)]
        },
        Row(
            "rates of devices",
            v1: [
                "blkio.throttle.read_bps_device=8:0 1", "blkio.throttle.write_bps_device=8:0 2",
                "blkio.throttle.read_iops_device=8:0 3", "blkio.throttle.write_iops_device=8:16 4",
            ],
            v2: ["io.max=8:0 rbps=1", "io.max=8:0 wbps=2", "io.max=8:0 riops=3", "io.max=8:16 wiops=4"]
        ) {
            $0.readBytes = [.init(major: 8, minor: 0, rate: 1)]
            $0.writeBytes = [.init(major: 8, minor: 0, rate: 2)]
            $0.readOperations = [.init(major: 8, minor: 0, rate: 3)]
            $0.writeOperations = [.init(major: 8, minor: 16, rate: 4)]
        },
    ])
    func `limits become files of either version`(_ row: Row) throws {
        func text(_ writes: [ControlGroupLimits.Write]) -> [String] { writes.map { "\($0.files[0])=\($0.value)" } }
        #expect(text(try row.limits.writes { $0 == "io" ? nil : .v1 }) == row.v1)
        if let v2 = row.v2 {
            #expect(text(try row.limits.writes { $0 == "blkio" ? nil : .v2 }) == v2)
        } else {
            #expect(throws: ControlGroupLimits.Refusal.self) { try row.limits.writes { _ in .v2 } }
        }
        if !row.v1.isEmpty { #expect(throws: ControlGroupLimits.Refusal.self) { try row.limits.writes { _ in nil } } }
    }

    @Test func `a refusal names the key and the missing controller`() {
        var limits = ControlGroupLimits()
        limits.pids = 5
        #expect(
            throws: ControlGroupLimits.Refusal(
                key: "pids_limit", reason: "this host has no pids controller for cgroups", missing: "pids")
        ) {
            try limits.writes { $0 == "pids" ? nil : .v2 }
        }
    }

    @Test(
        arguments: [
            ("c 10:200 rwm", DeviceRule(character: true, major: 10, minor: 200)),
            ("b 8:* r", DeviceRule(character: false, major: 8, minor: nil, write: false, mknod: false)),
            ("a *:* rw", DeviceRule(character: nil, major: nil, minor: nil, mknod: false)),
            ("c 1:3", nil), ("d 1:3 r", nil), ("c 1 r", nil), ("c 1:3 x", nil), ("c 1:3 ", nil), ("c -1:3 r", nil),
            ("", nil),
        ] as [(String, DeviceRule?)])
    func `a device rule is read as dockerd reads it`(_ row: (String, DeviceRule?)) {
        #expect(DeviceRule(parsing: row.0) == row.1)
    }

    @Test(arguments: [(0, 1), (2, 1), (1024, 100), (262_144, 10_000), (1_000_000, 10_000)] as [(Int64, Int)])
    func `the usual share is the usual weight`(_ row: (Int64, Int)) {
        #expect(ControlGroupLimits.weight(ofShares: row.0) == row.1)
    }
}
