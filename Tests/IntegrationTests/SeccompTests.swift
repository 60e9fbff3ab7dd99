// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Which system calls a container's processes may make.
@Suite struct SeccompTests {
    @Test func `every process of a container is under the filter, the init and what exec starts included`() throws {
        try Sandbox.run("filtered") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, command: "sh -c 'grep Seccomp: /proc/self/status; exec sleep 600'" }
                  user: { image: busybox:1, user: app, security_opt: [no-new-privileges], command: "grep Seccomp: /proc/self/status" }
                """)
            box.must("up", "-d")
            #expect(box.eventually { box.must("logs", "--no-log-prefix", "a").out == "Seccomp:\t2\n" })
            #expect(box.exec("a", "grep", "Seccomp:", "/proc/1/status") == "Seccomp:\t2\n")
            #expect(box.exec("a", "grep", "CapEff:", "/proc/1/status") == "CapEff:\t00000000a80425fb\n")
            #expect(box.exec("a", "grep", "Seccomp:", "/proc/self/status") == "Seccomp:\t2\n")
            #expect(
                box.must("exec", "-T", "-u", "app", "a", "grep", "Seccomp:", "/proc/self/status").out == "Seccomp:\t2\n"
            )
            #expect(box.must("run", "--rm", "-T", "user").out == "Seccomp:\t2\n")
        }
    }

    @Test func `a profile of the file's own is in force, also after a restart and without its file`() throws {
        try Sandbox.run("profile") { box in
            try box.write(
                """
                {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}
                """, to: "profile.json")
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, security_opt: [seccomp=./profile.json] }
                  free: { image: busybox:1, security_opt: [seccomp=unconfined], command: "grep Seccomp: /proc/self/status" }
                """)
            box.must("up", "-d", "a")
            #expect(box.try_("exec", "-T", "a", "mkdir", "/tmp/d").err.contains("Permission denied"))
            unlink("\(box.work)/profile.json")
            box.must("restart", "-t", "0", "a")
            #expect(box.try_("exec", "-T", "a", "mkdir", "/tmp/d").err.contains("Permission denied"))
            #expect(box.must("run", "--rm", "-T", "free").out == "Seccomp:\t0\n")
        }
    }

    @Test(
        arguments: [
            (nil, "no such file or directory"), ("{", "it is not JSON"),
            (
                #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdri"], "action": "SCMP_ACT_ERRNO"}]}"#,
                "syscalls[0]: there is no system call mkdri"
            ),
        ] as [(String?, String)])
    func `a bad profile is refused by its name, at its place`(_ row: (String?, String)) throws {
        try Sandbox.run("badprofile") { box in
            if let text = row.0 { try box.write(text, to: "profile.json") }
            try box.write("services:\n  a: { image: busybox:1, security_opt: [seccomp=profile.json] }\n")
            let outcome = box.try_("up", "-d")
            #expect(outcome.status != 0 && outcome.err.contains("compose.yaml:2:41: error:"), "\(outcome)")
            #expect(outcome.err.contains("profile.json: \(row.1)"), "\(outcome)")
        }
    }

    @Test func `new namespaces and mounts are refused, and allowed with SYS_ADMIN`() throws {
        try Sandbox.run("mounting") { box in
            try box.write(
                """
                services:
                  plain: { image: busybox:1, command: "sh -c 'mount -t tmpfs none /srv || unshare -n true || swapoff /x || echo refused'" }
                  admin: { image: busybox:1, cap_add: [SYS_ADMIN], security_opt: [apparmor=unconfined], command: "sh -c 'mount -t tmpfs none /srv && unshare -n true && echo allowed'" }
                """)
            #expect(box.must("run", "--rm", "-T", "plain").out == "refused\n")
            #expect(box.must("run", "--rm", "-T", "admin").out == "allowed\n")
        }
    }
}
