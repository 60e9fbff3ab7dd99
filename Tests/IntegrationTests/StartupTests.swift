// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What a command costs before it does anything. None of it is timed.
@Suite struct StartupTests {
    /// All that a command loads: nothing of HTTP, TLS, archives or the firewall, nor what the Swift runtime is written in.
    private static let allowed: Set<String> = [
        "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libc.so.6", "libm.so.6",
    ]

    private static let isRelease = !Sandbox.binary.contains("/debug/")

    @Test(.enabled(if: isRelease, "a debug build loads more"))
    func `the commands that are given most often load the C library and nothing else`() throws {
        try Sandbox.run("startup") { box in
            try box.write("services: { web: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            for command in [
                ["version"], ["ps"], ["exec", "-T", "web", "true"], ["logs"], ["config", "-q"], ["up", "-d"],
            ] {
                let outcome = box.run(
                    [box.binary, "-p", box.project, "--progress", "quiet"] + command,
                    environment: ["LD_DEBUG": "files"])
                #expect(outcome.status == 0, "\(command): \(outcome)")
                let loaded = outcome.err.split(separator: "\n").filter { $0.contains("calling init: ") }.compactMap {
                    $0.split(separator: "/").last.map(String.init)
                }
                #expect(loaded.contains("libc.so.6"), "\(command): \(outcome.err)")
                #expect(Set(loaded).isSubset(of: Self.allowed), "\(command): \(loaded)")
            }
        }
    }

    @Test(.enabled(if: isRelease, "a debug build is larger"))
    func `the release binary is at most 40 MB without its symbols`() throws {
        try Sandbox.run("size") { box in
            let stripped = "\(box.work)/stripped"
            let outcome = box.run(["/usr/bin/strip", "-o", stripped, box.binary])
            #expect(outcome.status == 0, "\(outcome)")
            let size = try #require(FileManager.default.attributesOfItem(atPath: stripped)[.size] as? Int)
            #expect(size > 1_000_000 && size <= 40_000_000, "\(size) bytes")
        }
    }
}
