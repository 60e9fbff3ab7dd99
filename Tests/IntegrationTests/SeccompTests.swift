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
            #expect(box.must("exec", "-T", "-u", "app", "a", "grep", "Seccomp:", "/proc/self/status").out == "Seccomp:\t2\n")
            #expect(box.must("run", "--rm", "-T", "user").out == "Seccomp:\t2\n")
        }
    }

    @Test func `new namespaces and mounts are refused, and allowed with SYS_ADMIN`() throws {
        try Sandbox.run("mounting") { box in
            try box.write(
                """
                services:
                  plain: { image: busybox:1, command: "sh -c 'mount -t tmpfs none /srv || unshare -n true || swapoff /x || echo refused'" }
                  admin: { image: busybox:1, cap_add: [SYS_ADMIN], command: "sh -c 'mount -t tmpfs none /srv && unshare -n true && echo allowed'" }
                """)
            #expect(box.must("run", "--rm", "-T", "plain").out == "refused\n")
            #expect(box.must("run", "--rm", "-T", "admin").out == "allowed\n")
        }
    }
}
