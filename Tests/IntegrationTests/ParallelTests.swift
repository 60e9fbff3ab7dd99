// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// `--parallel` and `COMPOSE_PARALLEL_LIMIT`: how many things go on at once.
@Suite struct ParallelTests {
    @Test func `containers start and stop one after another where that is asked for`() throws {
        try Sandbox.run("parallel") { box in
            let services = (1...5).map { "  s\($0): { image: busybox:1, init: true }" }
            try box.write("services:\n" + services.joined(separator: "\n") + "\n")
            #expect(box.try_("--parallel", "1", "up", "-d").status == 0)
            #expect(try Self.mostAtOnce(box, "starting", until: "start") == 1)
            #expect(box.try_("stop", environment: ["COMPOSE_PARALLEL_LIMIT": "2"]).status == 0)
            #expect(try Self.mostAtOnce(box, "stopping", until: "die") <= 2)
            // The option goes before the variable, and -1 is no bound.
            let outcome = box.try_("--parallel", "-1", "start", environment: ["COMPOSE_PARALLEL_LIMIT": "1"])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(box.ps().allSatisfy { $0.State == "running" })
        }
    }

    @Test func `images are built one after another where that is asked for`() throws {
        try Sandbox.run("parallelbuild") { box in
            let services = ["a", "b", "c"].map {
                "  \($0): { build: { context: ., dockerfile_inline: \"FROM busybox:1\\nLABEL name=\($0)\\n\" } }\n"
            }
            try box.write("services:\n" + services.joined())
            let built = box.try_("--parallel", "1", "build")
            let steps = built.err.split(separator: "\n").filter { $0.hasPrefix(" Image ") }.compactMap {
                $0.split(separator: " ").last.map(String.init)
            }
            #expect(steps == ["Building", "Built", "Building", "Built", "Building", "Built"], "\(built)")
        }
    }

    @Test func `what is no number is refused, in docker compose's words`() throws {
        try Sandbox.run("parallelwrong") { box in
            let option = box.try_("--parallel", "many", "ps")
            #expect(option.status == 16 && option.err.contains("--parallel"), "\(option)")
            for text in ["many", ""] {
                let variable = box.try_("ps", environment: ["COMPOSE_PARALLEL_LIMIT": text])
                #expect(variable.status == 1)
                #expect(
                    variable.err == "error: COMPOSE_PARALLEL_LIMIT must be an integer (found: \"\(text)\")\n",
                    "\(variable)")
            }
        }
    }

    private struct Event: Decodable { let action: String }

    /// How many containers were between two events at once, in all that has happened.
    private static func mostAtOnce(_ box: Sandbox, _ begin: String, until end: String) throws -> Int {
        var (now, most) = (0, 0)
        for line in box.must("events", "--json", "--since", "1h", "--until", "0s").lines {
            let event = try JSONDecoder().decode(Event.self, from: Data(line.utf8))
            if event.action == begin { now += 1 }
            if event.action == end { now -= 1 }
            most = max(most, now)
        }
        return most
    }
}
