// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

@Suite struct CycleTests {
    /// 1,000 take some minutes.
    private static let cycles = ProcessInfo.processInfo.environment["TRICE_CYCLES"].flatMap(Int.init) ?? 12

    /// All that a container may leave behind while its project stays up.
    private struct Holdings: Equatable, CustomStringConvertible {
        var supervisorDescriptors: Int
        var launcherDescriptors: Int
        var links: [String]
        var tables: [String]
        var leases: [String]
        var description: String {
            "\(supervisorDescriptors) and \(launcherDescriptors) descriptors, \(links), \(tables), \(leases)"
        }
    }

    private func holdings(_ box: Sandbox) throws -> Holdings {
        func descriptors(_ pid: Int32?) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(try #require(pid))/fd").count
        }
        let tag = box.trice("system", "check").out.split(separator: "\n").first?.split(separator: " ").last ?? "?"
        let links = try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net").filter { $0.contains(tag) }
        let networks = "\(box.directory)/run/networks"
        return Holdings(
            supervisorDescriptors: try descriptors(box.supervisorPID),
            launcherDescriptors: try descriptors(box.launcherPID),
            links: links.sorted(),
            tables: ["inet", "bridge"].map { box.run(["/usr/sbin/nft", "list", "table", $0, "trice_\(tag)"]).out },
            leases: try FileManager.default.contentsOfDirectory(atPath: networks).sorted().map {
                try String(contentsOfFile: "\(networks)/\($0)", encoding: .utf8)
            })
    }

    @Test func `containers that come and go leave no descriptor, link, address or rule with those that stay`() throws {
        try Sandbox.run("cycles") { box in
            try box.write(
                """
                services:
                  stays: { image: "busybox:1", networks: [a, b] }
                  goes: { image: "busybox:1", networks: [a, b], ports: ["127.0.0.1::80"], init: true }
                networks: { a: {}, b: { enable_ipv6: true } }
                """)
            box.must("up", "-d", "stays")
            box.must("up", "-d", "goes")
            box.must("rm", "-sf", "goes")
            // A network namespace dies slowly, and its links with it: two bridges and two links of who stays are left.
            var before = try holdings(box)
            box.eventually {
                before = (try? holdings(box)) ?? before
                return before.links.count == 4
            }
            for _ in 0..<Self.cycles {
                box.must("up", "-d", "goes")
                box.must("rm", "-sf", "goes")
            }
            var after = try holdings(box)
            box.eventually {
                after = (try? holdings(box)) ?? after
                return after == before
            }
            #expect(after == before)
        }
    }

    @Test func `a stack that comes up and goes down again and again leaves nothing`() throws {
        try Sandbox.run("ups") { box in
            try box.write("services: { web: { image: \"busybox:1\", ports: [\"127.0.0.1::80\"] } }")
            for _ in 0..<Self.cycles {
                box.must("up", "-d")
                box.must("down", "-t", "0")
            }
        }
    }
}
