// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Limits are shown by their effect.
@Suite struct LimitTests {
    @Test func `a process that takes more memory than its limit is killed, and that is on record`() throws {
        try Sandbox.run("memory") { box in
            try box.write(
                """
                services:
                  hog: { image: busybox:1, mem_limit: 16m, memswap_limit: 16m, command: tail /dev/zero }
                  child: { image: busybox:1, mem_limit: 16m, memswap_limit: 16m, init: true }
                """)
            box.must("up", "-d")
            #expect(box.eventually { box.state(of: "hog") == "exited" })
            #expect(box.ps().first { $0.Service == "hog" }?.ExitCode == 137)
            #expect(box.ps().first { $0.Service == "hog" }?.Status.hasSuffix(" ago (out of memory)") == true)
            #expect(box.must("events", "--since", "1h", "--until", "0s").out.contains("container oom"))
            let record = "\(box.directory)/root/projects/memory/containers/\(box.id(of: "hog"))/state.json"
            #expect(try String(contentsOfFile: record, encoding: .utf8).contains("\"oomKilled\":true"))
            // What exec starts is under the limit too, and its end is not the container's.
            #expect(box.try_("exec", "-T", "child", "tail", "/dev/zero").status == 137)
            #expect(box.state(of: "child") == "running")
        }
    }

    @Test func `limits outlive the supervisor`() throws {
        try Sandbox.run("adopted") { box in
            try box.write("services: { a: { image: busybox:1, mem_limit: 16m, memswap_limit: 16m, init: true } }")
            box.must("up", "-d")
            let supervisor = try #require(box.supervisorPID)
            kill(supervisor, SIGKILL)
            #expect(
                box.eventually { box.supervisorPID != supervisor && box.try_("exec", "-T", "a", "true").status == 0 })
            #expect(box.try_("exec", "-T", "a", "tail", "/dev/zero").status == 137)
        }
    }

    @Test func `a fork beyond the limit of processes is refused`() throws {
        try Sandbox.run("pids") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, pids_limit: 6, command: "sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & echo $$i; done'" }
                """)
            let outcome = box.try_("run", "--rm", "-T", "a")
            #expect(outcome.lines.count == 5 && outcome.status == 2, "\(outcome)")
            #expect(outcome.err.contains("fork"), "\(outcome)")
        }
    }

    @Test func `processor time is limited, and processors are those of the set`() throws {
        try Sandbox.run("cpus") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, cpus: 0.1, init: true }
                  one: { image: busybox:1, cpuset: "0", command: nproc }
                """)
            #expect(box.must("run", "--rm", "-T", "one").out == "1\n")
            box.must("up", "-d", "a")
            let script =
                "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat 2>/dev/null"
            let throttled = box.exec("a", "sh", "-c", script).split(separator: "\n").first {
                $0.hasPrefix("nr_throttled ")
            }
            #expect((throttled?.split(separator: " ").last.flatMap { Int($0) } ?? 0) > 0, "\(throttled ?? "nothing")")
        }
    }

    @Test func `a busy container gets no more processor time than its share`() throws {
        try Sandbox.run("share") { box in
            try box.write("services: { a: { image: busybox:1, cpus: 0.2, init: true } }")
            box.must("up", "-d")
            let script = """
                read before rest </proc/uptime
                while :; do :; done & busy=$!; sleep 5; kill $busy; wait $busy
                read after rest </proc/uptime; echo $before $after; times
                """
            // The last line is what the children took: "0m0.97s 0m0.01s".
            let lines = box.exec("a", "sh", "-c", script).split(separator: "\n").map(String.init)
            try #require(lines.count == 3, "\(lines)")
            let uptime = lines[0].split(separator: " ").compactMap { Double($0) }
            let used = lines[2].split(separator: " ").compactMap { time in
                Double(time.drop { $0 != "m" }.dropFirst().dropLast())
            }
            try #require(uptime.count == 2 && used.count == 2, "\(lines)")
            // What a busy machine leaves it is not ours to say.
            let share = (used[0] + used[1]) / (uptime[1] - uptime[0])
            #expect(share > 0 && share <= 0.22, "\(share) of a processor")
        }
    }

    struct Refused: CustomTestStringConvertible {
        let service: String
        let says: String
        var testDescription: String { service }
    }

    @Test(arguments: [
        Refused(service: "mem_limit: 1k", says: "mem_limit: 1024 bytes of memory are less than the 6 MiB"),
        Refused(
            service: "memswap_limit: 32m",
            says: "memswap_limit: it limits memory and swap together, and needs mem_limit"),
        Refused(
            service: "mem_limit: 32m, memswap_limit: 16m",
            says: "memswap_limit: it limits memory and swap together, and is less"),
        Refused(service: "mem_limit: 32m, mem_reservation: 64m", says: "mem_reservation: more memory is reserved"),
        Refused(service: "cpus: 1, cpu_quota: 5000", says: "cpu_quota: cpus says how much"),
        Refused(service: "cpu_period: 10", says: "cpu_period: 10 µs is not from 1000"),
        Refused(
            service: "deploy: { resources: { limits: { memory: 2k } } }",
            says: "deploy.resources.limits.memory: 2048 bytes"),
        Refused(service: "cpuset: \"4000\"", says: "cpuset: write"),
        Refused(service: "blkio_config: { weight: 5 }", says: "blkio_config.weight: 5 is not from 10 to 1000"),
        Refused(
            service: "blkio_config: { device_read_bps: [{ path: /dev/null, rate: 1m }] }",
            says: "/dev/null is no block device"),
        Refused(service: "devices: [/dev/no-such]", says: "device /dev/no-such: no such file or directory"),
        Refused(service: "devices: [/etc/passwd]", says: "device /etc/passwd: it is no device"),
        Refused(service: "devices: [\"/dev/null:/dev/x:rx\"]", says: "permissions \"rx\" are not of r, w and m"),
        Refused(service: "device_cgroup_rules: [\"c 1 r\"]", says: "\"c 1 r\" is no rule"),
    ])
    func `a limit or device that cannot be is refused at its place`(_ row: Refused) throws {
        try Sandbox.run("refused") { box in
            try box.write("services:\n  a: { image: busybox:1, \(row.service) }\n")
            let outcome = box.try_("up", "-d")
            #expect(outcome.status != 0 && outcome.err.contains("compose.yaml:2:"), "\(outcome)")
            #expect(outcome.err.contains(row.says), "\(outcome)")
            #expect(box.state(of: "a") != "running")
        }
    }

    @Test func `a cgroup that belongs to nothing is found, under any controller`() throws {
        try Sandbox.run("leak") { box in
            let check = box.trice("system", "check")
            let tag = check.out.split(separator: "\n").first?.split(separator: " ").last.map(String.init) ?? "?"
            let parents = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"].filter {
                FileManager.default.fileExists(atPath: "\($0)/cgroup.procs")
            }
            for parent in parents {
                let path = "\(parent)/trice/\(tag)/lost/container"
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                let outcome = box.trice("system", "check", "-q")
                for directory in [path, "\(parent)/trice/\(tag)/lost", "\(parent)/trice/\(tag)"] { rmdir(directory) }
                #expect(outcome.status == 1 && outcome.err.contains("leak: cgroup \(path)"), "\(outcome)")
            }
            #expect(!parents.isEmpty)
        }
    }
}
