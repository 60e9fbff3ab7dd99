// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Devices of the host in a container, and what of `/proc` and `/sys` it sees.
@Suite struct DeviceTests {
    @Test func `a device is there under its name, with the rights that are given`() throws {
        try Sandbox.run("devices") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    userns_mode: host
                    init: true
                    cap_add: [SYSLOG]
                    devices: ["/dev/zero:/dev/sub/zero:r", "/dev/kmsg:/srv/log:w"]
                    device_cgroup_rules: ["c 1:11 r"]
                """)
            box.must("up", "-d")
            #expect(
                box.exec("a", "stat", "-c", "%F %t:%T", "/dev/sub/zero", "/srv/log")
                    == "character special file 1:5\ncharacter special file 1:b\n")
            #expect(box.exec("a", "sh", "-c", "head -c 3 /dev/sub/zero | wc -c") == "3\n")
            #expect(box.exec("a", "sh", "-c", "dd if=/srv/log bs=8192 count=1 2>/dev/null | wc -c") != "0\n")
            // Another node of the kernel's log has the same rights, and memory has none.
            #expect(
                box.exec("a", "sh", "-c", "mknod /tmp/mem c 1 1; head -c 1 /tmp/mem 2>&1 | grep -o 'not permitted'")
                    == "not permitted\n")
        }
    }

    @Test func `a device that is only to be read cannot be written`() throws {
        try Sandbox.run("readonly") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, userns_mode: host, devices: ["/dev/kmsg:/dev/log1:r"], command: "sh -c 'echo x > /dev/log1'" }
                """)
            let outcome = box.try_("run", "--rm", "-T", "a")
            #expect(outcome.status == 1 && outcome.err.contains("not permitted"), "\(outcome)")
        }
    }

    @Test func `system paths are closed, and open where the file says so`() throws {
        try Sandbox.run("paths") { box in
            try box.write(
                """
                services:
                  closed: { image: busybox:1, userns_mode: host, command: "sh -c 'grep -c /proc/sys.proc /proc/mounts; wc -c < /proc/timer_list'" }
                  open: { image: busybox:1, userns_mode: host, security_opt: [systempaths=unconfined], command: grep -c /proc/sys.proc /proc/mounts }
                """)
            #expect(box.must("run", "--rm", "-T", "closed").out == "1\n0\n")
            #expect(box.try_("run", "--rm", "-T", "open").out == "0\n")
        }
    }
}
