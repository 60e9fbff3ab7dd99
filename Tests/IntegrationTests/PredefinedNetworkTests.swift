// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// The networks that are always there: `bridge`, `host`, `none`.
@Suite struct PredefinedNetworkTests {
    @Test func `containers of all projects meet on the bridge by their own names, and it goes with the last`() throws {
        try Sandbox.run("meetbridge") { box in
            for name in ["one", "two"] {
                try box.write(
                    """
                    name: \(name)
                    services:
                      a: { image: busybox:1, init: true, network_mode: bridge, links: ["b:other"] }
                      b: { image: busybox:1, init: true, networks: [old] }
                    networks: { old: { external: true, name: bridge } }
                    """, to: "\(name).yaml")
                let up = box.trice("-f", "\(name).yaml", "up", "-d")
                #expect(up.status == 0, "\(up)")
            }
            func ping(_ target: String) -> Int32 {
                box.trice("-p", "one", "exec", "-T", "a", "ping", "-c", "1", "-W", "2", target).status
            }
            #expect(ping("two-b-1") == 0 && ping("other") == 0)
            // A service is nobody's name here, as two projects may have the same.
            #expect(ping("b") != 0)
            #expect(box.trice("network", "ls", "-q").out == "bridge\n")
            for name in ["one", "two"] {
                #expect(box.trice("network", "ls", "-q").out == "bridge\n")
                #expect(box.trice("-p", name, "down", "-t", "0").status == 0)
            }
            #expect(box.trice("network", "ls", "-q").out == "")
        }
    }

    @Test func `a network that is the host's, or none, is that mode`() throws {
        try Sandbox.run("hostnet") { box in
            try box.write(
                """
                services:
                  outside: { image: busybox:1, init: true, networks: [hostnet] }
                  alone: { image: busybox:1, init: true, networks: [nonet] }
                networks: { hostnet: { external: true, name: host }, nonet: { driver: none } }
                """)
            box.must("up", "-d")
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
            #expect(box.exec("outside", "readlink", "/proc/self/ns/net") == own + "\n")
            #expect(!box.exec("alone", "ip", "link").contains("eth0"))
            #expect(box.must("run", "--rm", "-T", "outside", "readlink", "/proc/self/ns/net").out == own + "\n")
            #expect(box.must("up", "-d", "--dry-run").out == "Nothing to do.\n")
        }
    }

    @Test func `network_mode names a network that somebody else has made`() throws {
        try Sandbox.run("namedmode") { box in
            try box.write("services: { a: { image: busybox:1, init: true, network_mode: meeting } }")
            let refused = box.try_("up", "-d")
            #expect(refused.status == 1 && refused.err.contains("compose.yaml:1:"), "\(refused)")
            #expect(refused.err.contains("meeting declared as external, but could not be found"), "\(refused)")
            box.must("network", "create", "meeting")
            box.must("up", "-d")
            #expect(box.exec("a", "ip", "link").contains("eth0"))
            box.must("down", "-t", "0")
            box.must("network", "rm", "meeting")
        }
    }

    @Test func `who is on the host's network is on no other one, and nobody makes a network of these names`() throws {
        try Sandbox.run("hostonly") { box in
            for (services, networks, says) in [
                ("networks: [h, default]", "h: { external: true, name: host }", "can be on no other one"),
                ("networks: [n]", "n: { name: bridge }", "bridge is the name of a network that is always there"),
            ] {
                try box.write("services:\n  a:\n    image: busybox:1\n    \(services)\nnetworks:\n  \(networks)\n")
                let up = box.try_("up", "-d")
                #expect(up.status == 1 && up.err.contains("compose.yaml:") && up.err.contains(says), "\(up)")
            }
            #expect(box.try_("network", "create", "host").err.contains("always there"))
        }
    }
}
