// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// A project of many containers.
@Suite struct LargeStackTests {
    /// Each takes some descriptors of the supervisor: together more than select(2) knows, and than the caller may have.
    private static let count = 150

    @Test func `a project has more containers than a process may have descriptors by default`() throws {
        try Sandbox.run("large") { box in
            let services = (0..<Self.count).map { "  s\($0): { image: busybox:1, init: true, stop_grace_period: 0s }" }
            try box.write("services:\n" + services.joined(separator: "\n"))
            let up = box.run([
                "/bin/sh", "-c", "ulimit -Sn 256 && exec \(box.binary) -p large --progress quiet up -d",
            ])
            #expect(up.status == 0, "\(up)")
            #expect(box.ps().count { $0.State == "running" } == Self.count)
            let supervisor = try #require(box.supervisorPID)
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(supervisor)/fd")
            #expect(descriptors.count > 1024)
            // What the containers have is what the caller has.
            #expect(box.exec("s0", "sh", "-c", "ulimit -Sn") == "256\n")
            let last = Self.count - 1
            #expect(knows(box, "s\(last)", "s0"))
            // One that takes over has as many from the beginning.
            kill(supervisor, SIGKILL)
            #expect(box.eventually { box.supervisorPID.map { $0 != supervisor && box.isAlive($0) } ?? false })
            #expect(knows(box, "s1", "s\(last)"))
            box.must("down")
        }
    }

    private func knows(_ box: Sandbox, _ service: String, _ name: String) -> Bool {
        box.exec(service, "nslookup", "-type=a", name).contains(/Address: \d+\.\d+\.\d+\.\d+\n/)
    }
}
