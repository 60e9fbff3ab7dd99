// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// The reload of a host's own firewall takes everybody's tables away.
@Suite struct FirewallTests {
    private func removeTables(of box: Sandbox) throws -> String {
        let tag = try #require(box.trice("system", "check").out.firstMatch(of: /tag (\w+)/)?.1)
        for family in ["inet", "bridge"] {
            #expect(box.run(["/usr/sbin/nft", "delete", "table", family, "trice_\(tag)"]).status == 0)
        }
        return String(tag)
    }

    @Test func `tables that somebody removes are seen by system check and made anew by the supervisor`() throws {
        try Sandbox.run("reload") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true }
                  b:
                    image: busybox:1
                    init: true
                    command: ["sh", "-c", "echo hello > index.html; httpd -f -p 80"]
                    ports: ["80"]
                """)
            box.must("up", "-d")
            let supervisor = try #require(box.supervisorPID)
            kill(supervisor, SIGSTOP)
            let tag = try removeTables(of: box)
            let check = box.trice("system", "check")
            kill(supervisor, SIGCONT)
            #expect(check.status == 1 && check.err.contains("nftables table inet trice_\(tag) was removed"), "\(check)")
            box.eventually { box.trice("system", "check").status == 0 }
            let port = box.must("port", "b", "80").out.split(separator: ":").last.map { String($0.dropLast()) } ?? ""
            let rules = box.run(["/usr/sbin/nft", "list", "table", "inet", "trice_\(tag)"]).out
            #expect(rules.contains("tcp . \(port) : "), "\(rules)")
            let gateway = box.exec("a", "ip", "route", "show", "default").split(separator: " ")
            for target in ["b:80", "\(gateway.count > 2 ? gateway[2] : "?"):\(port)"] {
                #expect(box.exec("a", "wget", "-q", "-O", "-", "http://\(target)/") == "hello\n", "\(target)")
            }
        }
    }

    @Test func `tables that are removed while no supervisor is there are made anew by the next`() throws {
        try Sandbox.run("orphaned") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true }
                  b: { image: busybox:1, init: true }
                """)
            box.must("up", "-d")
            for pid in [box.launcherPID, box.supervisorPID].compactMap({ $0 }) { kill(pid, SIGKILL) }
            _ = try removeTables(of: box)
            box.must("up", "-d")
            #expect(box.trice("system", "check").status == 0)
            #expect(box.try_("exec", "-T", "a", "ping", "-c", "1", "-W", "5", "b").status == 0)
        }
    }
}
