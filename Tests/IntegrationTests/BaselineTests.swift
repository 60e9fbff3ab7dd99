// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What a container gets by default, and by each attribute that changes it, as a program in it sees it.
@Suite struct BaselineTests {
    struct Row: CustomTestStringConvertible {
        let name: String
        var attributes = ""
        let command: String
        let out: String
        /// A path of the host: the row is for hosts that have it.
        var needs = "/"
        var testDescription: String { name }
    }

    private static let rows = [
        Row(
            name: "fourteen capabilities, none of them inheritable or ambient",
            command: "grep ^Cap /proc/self/status | tr -d '\\t'",
            out:
                "CapInh:0000000000000000 CapPrm:00000000a80425fb CapEff:00000000a80425fb CapBnd:00000000a80425fb CapAmb:0000000000000000"
        ),
        Row(
            name: "cap_drop ALL, and one back", attributes: "cap_drop: [ALL], cap_add: [CHOWN]",
            command: "grep -E '^Cap(Prm|Eff|Bnd)' /proc/self/status | cut -f 2 | uniq", out: "0000000000000001"),
        Row(
            name: "cap_add ALL but one", attributes: "cap_add: [ALL], cap_drop: [NET_RAW]",
            command: "test $((0x$(grep ^CapEff /proc/self/status | cut -f 2) & 0x202000)) = $((0x200000)); echo $?",
            out: "0"),
        Row(name: "a user by number", attributes: "user: \"1234:5\"", command: "id -u; id -g; id -G", out: "1234 5 5"),
        Row(
            name: "a user by name has its groups", attributes: "user: app", command: "id -u; id -g; id -G",
            out: "1001 1001 1001 2000"),
        Row(
            name: "a user and a group by name", attributes: "user: \"app:staff\"", command: "id -u; id -G",
            out: "1001 2000"),
        Row(
            name: "group_add by name and number", attributes: "group_add: [staff, \"77\"]", command: "id -G",
            out: "0 77 2000"),
        Row(
            name: "sysctls", attributes: "sysctls: { net.core.somaxconn: 123, kernel.msgmax: 9000 }",
            command: "cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax", out: "123 9000"),
        Row(
            name: "a tmpfs with options", attributes: "tmpfs: [\"/t:size=2m,mode=700,uid=1001,exec\"]",
            command:
                "stat -c '%a %u' /t; grep ' /t ' /proc/mounts | grep -c noexec; grep ' /t ' /proc/mounts | grep -c size=2048k",
            out: "700 1001 0 1"),
        Row(
            name: "shm_size", attributes: "shm_size: 3m", command: "df -k /dev/shm | tail -1 | awk '{ print $2 }'",
            out: "3072"),
        Row(
            name: "ulimits", attributes: "ulimits: { nofile: { soft: 123, hard: 456 } }",
            command: "ulimit -Sn; ulimit -Hn", out: "123 456"),
        Row(
            name: "oom_score_adj", attributes: "oom_score_adj: 300", command: "cat /proc/self/oom_score_adj", out: "300"
        ),
        Row(
            name: "no-new-privileges", attributes: "security_opt: [no-new-privileges]",
            command: "grep NoNewPrivs /proc/self/status | cut -f 2", out: "1"),
        Row(name: "a seccomp filter", command: "grep ^Seccomp: /proc/self/status | cut -f 2", out: "2"),
        Row(
            name: "no seccomp filter", attributes: "security_opt: [seccomp=unconfined]",
            command: "grep ^Seccomp: /proc/self/status | cut -f 2", out: "0"),
        Row(
            name: "/sys and its cgroups are read-only",
            command:
                "grep -cE '^[a-z0-9]+ /sys(/fs/cgroup[^ ]*)? [a-z0-9]+ ro' /proc/mounts; grep -cE ' /sys(/fs/cgroup[^ ]*)? [a-z0-9]+ rw' /proc/mounts",
            out: "2 0"),
        Row(
            name: "a read-only root", attributes: "read_only: true",
            command: "grep -c '^overlay / overlay ro' /proc/mounts", out: "1"),
        Row(
            name: "no mount is shared with the host", command: "grep -cE 'shared:|master:' /proc/self/mountinfo",
            out: "0"),
        Row(
            name: "device nodes", command: "ls /dev | tr '\\n' ' '",
            out: "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"),
        Row(
            name: "a hostname", attributes: "hostname: shop, domainname: example.com",
            command: "hostname; cat /proc/sys/kernel/domainname", out: "shop example.com"),
        Row(name: "init is PID 1", attributes: "init: true", command: "cat /proc/1/comm", out: "trice-init"),
        Row(
            name: "the host's cgroups", attributes: "cgroup: host",
            command: "grep -c trice /proc/self/cgroup > /tmp/n; test $(cat /tmp/n) -gt 0; echo $?", out: "0"),
        Row(name: "its own cgroups", command: "grep -c trice /proc/self/cgroup", out: "0"),
        Row(
            name: "mem_swappiness, of v1", attributes: "mem_limit: 16m, mem_swappiness: 7",
            command: "cat /sys/fs/cgroup/memory/memory.swappiness", out: "7", needs: "/sys/fs/cgroup/memory"),
        Row(
            name: "oom_kill_disable, of v1", attributes: "mem_limit: 16m, oom_kill_disable: true",
            command: "grep oom_kill_disable /sys/fs/cgroup/memory/memory.oom_control", out: "oom_kill_disable 1",
            needs: "/sys/fs/cgroup/memory"),
        Row(
            name: "mem_reservation and cpu_shares", attributes: "mem_reservation: 8m, cpu_shares: 512",
            command:
                "cd /sys/fs/cgroup; cat memory.low memory/memory.soft_limit_in_bytes cpu.weight cpu/cpu.shares 2>/dev/null | sed 's/^20$/512/; s/^59$/512/'",
            out: "8388608 512"),
    ]

    @Test func `each default, and each attribute that changes it, is there`() throws {
        try Sandbox.run("baseline") { box in
            let rows = BaselineTests.rows.filter { FileManager.default.fileExists(atPath: $0.needs) }
            let services = rows.enumerated().map { index, row in
                "  s\(index): { image: busybox:1, stop_grace_period: 0s\(row.attributes.isEmpty ? "" : ", \(row.attributes)") }"
            }
            try box.write("services:\n" + services.joined(separator: "\n"))
            box.must("up", "-d")
            for (index, row) in rows.enumerated() {
                let outcome = box.try_("exec", "-T", "s\(index)", "sh", "-c", row.command)
                let words = outcome.out.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                #expect(words == row.out, "\(row.name): \(outcome)")
            }
            let namespaces = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/ns")
            #expect(namespaces.count >= 8)
            for name in namespaces {
                let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(name)")
                let containers = box.exec("s0", "readlink", "/proc/1/ns/\(name)").trimmingCharacters(in: .newlines)
                #expect(!containers.isEmpty && own != containers, "\(name)")
                #expect(box.exec("s0", "readlink", "/proc/self/ns/\(name)") == "\(containers)\n", "exec: \(name)")
            }
        }
    }
}
