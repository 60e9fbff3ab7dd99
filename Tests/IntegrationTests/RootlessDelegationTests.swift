// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

extension RootlessTests {
    /// A user to whom a control group is delegated, as a session of systemd does it (`Delegate=yes`).
    @Suite(.serialized) struct DelegationTests {
        private static let stack = """
            name: limited
            services:
              web:
                image: busybox:1
                init: true
                command: ["sh", "-c", "mkdir -p /srv; echo here > /srv/index.html; exec httpd -f -p 80 -h /srv"]
                ports: ["127.0.0.1:0:80"]
              beside: { image: busybox:1, init: true, pid: host, command: sleep 600 }

            """

        @Test func `containers have control groups, which are gone with the project`() throws {
            try Sandbox.run("rootless-groups") { box in
                try DelegatedGroup.with(box) { user, inside, group in
                    try user.load("busybox")
                    try user.write(Self.stack)
                    inside.must("up", "-d", "--wait")
                    #expect(group.children.contains("trice"), "\(group.children)")
                    #expect(user.must("top", "web").out.contains("httpd"))
                    #expect(user.must("stats", "--no-stream").out.contains("limited-web-1"))
                    // pid: host is told from all other processes of the host by its group alone.
                    #expect(user.must("top", "beside").lines.count == 3, "\(user.must("top", "beside"))")
                    user.must("pause", "web")
                    #expect(user.must("ps").out.contains("(Paused)"))
                    user.must("unpause", "web")
                    // A session that lives elsewhere speaks to those that live in the group.
                    #expect(user.must("exec", "-T", "web", "cat", "/srv/index.html").out == "here\n")
                    inside.must("stop", "-t", "0")
                    inside.must("start")
                    for victim in ["trice-superviso", "trice-launcher"] {
                        let found = user.processes(named: victim)
                        for pid in found { kill(pid, SIGKILL) }
                        #expect(box.eventually { !found.contains(where: box.isAlive) })
                        #expect(box.eventually { user.trice("exec", "-T", "web", "true").status == 0 }, "\(user.log)")
                    }
                    user.must("down", "-t", "0")
                    group.expectRestored()
                }
            }
        }

        @Test func `a session outside of the group reaches what runs in it, and takes it down`() throws {
            try Sandbox.run("rootless-reach") { box in
                try DelegatedGroup.with(box) { user, inside, group in
                    try user.load("busybox")
                    try user.write(Self.stack)
                    inside.must("up", "-d")
                    // Stopped first, so that neither starts the other: the next launcher comes from the next command.
                    let found = ["trice-superviso", "trice-launcher"].flatMap { user.processes(named: $0) }
                    #expect(found.count == 2)
                    for pid in found { kill(pid, SIGSTOP) }
                    for pid in found { kill(pid, SIGKILL) }
                    #expect(box.eventually { !found.contains(where: box.isAlive) })
                    let exec = user.trice("exec", "-T", "web", "true")
                    #expect(exec.status != 0 && exec.err.contains("cannot be entered from this session"), "\(exec)")
                    user.must("pause", "web")
                    user.must("unpause", "web")
                    user.must("down", "-t", "0")
                    group.expectRestored()
                    // The next one has what its own session has, and what has been made starts only where that is enough.
                    inside.must("create")
                    #expect(box.eventually { user.processes(named: "trice-superviso").isEmpty })
                    let start = user.trice("start", "beside")
                    #expect(start.status != 0 && start.err.contains("pid: a user without root's rights"), "\(start)")
                    user.must("down", "-t", "0")
                    user.must("up", "-d", "web")
                    #expect(user.trice("pause", "web").err.contains("systemd-run --user --scope -p Delegate=yes"))
                    user.must("down", "-t", "0")
                    // systemd keeps a unit's group for itself, unless it says otherwise.
                    for (mark, isTaken) in [("invocation_id", false), ("delegate", true)] {
                        group.mark("user.\(mark)")
                        inside.must("up", "-d", "web")
                        #expect((user.trice("pause", "web").status == 0) == isTaken, "\(mark)")
                        user.must("down", "-t", "0")
                        group.expectRestored()
                    }
                }
            }
        }

        private static let hasControllers = ["memory", "pids", "cpu", "cpuset"].allSatisfy(DelegatedGroup.has)

        @Test(.enabled(if: hasControllers, "this kernel's controllers are not in version 2 of cgroups"))
        func `limits of the controllers that are delegated are in force, and others are refused`() throws {
            try Sandbox.run("rootless-limits") { box in
                try DelegatedGroup.with(box, ["memory", "pids", "cpu"]) { user, inside, group in
                    try user.load("busybox")
                    try user.write(
                        """
                        name: limits
                        services:
                          hog: { image: busybox:1, mem_limit: 16m, memswap_limit: 16m, command: tail /dev/zero }
                          child: { image: busybox:1, mem_limit: 16m, memswap_limit: 16m, init: true, command: sleep 600 }
                          half: { image: busybox:1, cpus: 0.5, init: true, command: sleep 600 }
                          forks:
                            image: busybox:1
                            pids_limit: 6
                            command: "sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & echo $$i; done'"
                          set:
                            image: busybox:1
                            profiles: [set]
                            cpuset: "0"
                          rules:
                            image: busybox:1
                            profiles: [rules]
                            device_cgroup_rules: ["c 1:3 r"]

                        """)
                    inside.must("up", "-d")
                    #expect(box.eventually { user.must("ps", "-a").out.contains("(out of memory)") })
                    #expect(user.trice("exec", "-T", "child", "tail", "/dev/zero").status == 137)
                    #expect(user.must("exec", "-T", "half", "cat", "/sys/fs/cgroup/cpu.max").out == "50000 100000\n")
                    #expect(box.eventually { user.must("logs", "--no-log-prefix", "forks").out.contains("fork") })
                    let set = user.trice("up", "-d", "set")
                    #expect(set.status != 0 && set.err.contains("compose.yaml:13:"), "\(set)")
                    #expect(set.err.contains("has no cpuset controller") && set.err.contains("Delegate="), "\(set)")
                    let rules = user.trice("up", "-d", "rules")
                    #expect(rules.status != 0 && rules.err.contains("may not filter devices"), "\(rules)")
                    user.must("down", "-t", "0")
                    group.expectRestored()
                }
            }
        }
    }
}
