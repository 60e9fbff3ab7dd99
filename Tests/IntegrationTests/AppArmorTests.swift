// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Profiles, on kernels that enforce them (Tests/vm runs one), and their refusal elsewhere.
@Suite struct AppArmorTests {
    private static let isThere =
        (try? String(contentsOfFile: "/sys/module/apparmor/parameters/enabled", encoding: .utf8)) == "Y\n"

    @Test(.enabled(if: isThere, "this kernel does not enforce AppArmor"))
    func `a container is under the default profile, unless the file says otherwise`() throws {
        try Sandbox.run("apparmor") { box in
            try box.write(
                """
                services:
                  default: { image: busybox:1, init: true }
                  user: { image: busybox:1, user: app, security_opt: [no-new-privileges] }
                  none: { image: busybox:1, security_opt: [apparmor=unconfined] }
                  privileged: { image: busybox:1, privileged: true }
                  unknown: { image: busybox:1, profiles: [no], security_opt: ["apparmor=trice-nosuch"] }
                """)
            box.must("up", "-d")
            for (service, profile) in [
                ("default", "trice-default (enforce)"), ("user", "trice-default (enforce)"), ("none", "unconfined"),
                ("privileged", "unconfined"),
            ] {
                #expect(box.exec(service, "cat", "/proc/1/attr/current") == "\(profile)\n", "\(service)")
                #expect(box.exec(service, "cat", "/proc/self/attr/current") == "\(profile)\n", "exec in \(service)")
            }
            let outcome = box.try_("up", "-d", "unknown")
            #expect(outcome.status != 0 && outcome.err.contains("compose.yaml:6:"), "\(outcome)")
            #expect(outcome.err.contains("AppArmor has no profile trice-nosuch"), "\(outcome)")
        }
    }

    @Test(.enabled(if: !isThere, "this kernel enforces AppArmor"))
    func `where the kernel has none, a profile is refused at its place`() throws {
        try Sandbox.run("apparmor") { box in
            try box.write("services:\n  a: { image: busybox:1, security_opt: [apparmor=some] }")
            let outcome = box.try_("up", "-d")
            #expect(outcome.status != 0 && outcome.err.contains("compose.yaml:2:"), "\(outcome)")
            #expect(outcome.err.contains("this host does not enforce AppArmor"), "\(outcome)")
        }
    }
}
