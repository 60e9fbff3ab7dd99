// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What would be done, and why something is as it is.
@Suite struct PlanTests {
    private static let stack = """
        services:
          db: { image: busybox:1, init: true, healthcheck: { test: [CMD, "true"], interval: 100ms } }
          migrate: { image: busybox:1, command: "true", depends_on: { db: { condition: service_healthy } } }
          web:
            image: busybox:1
            init: true
            environment:
              MODE: ${MODE:-a}
            depends_on: { migrate: { condition: service_completed_successfully } }
        """

    @Test func `a plan names each step, and what was done is planned no more`() throws {
        try Sandbox.run("plan") { box in
            try box.write(Self.stack)
            let before = box.must("plan").lines
            #expect(
                before == [
                    "create network plan_default", "create plan-db-1", "create plan-migrate-1", "create plan-web-1",
                ])
            #expect(box.try_("plan", "--detailed-exitcode").status == 2)
            #expect(box.must("up", "--dry-run").lines == before)
            #expect(box.ps().isEmpty)
            box.must("up", "-d")
            box.eventually { box.state(of: "web") == "running" }
            #expect(box.must("plan", "--detailed-exitcode").out == "Nothing to do.\n")
        }
    }

    @Test func `a changed field is shown with its place, its old and its new value`() throws {
        try Sandbox.run("planfields") { box in
            try box.write(Self.stack)
            box.must("up", "-d")
            let outcome = box.try_("plan", environment: ["MODE": "b"])
            #expect(
                outcome.out == "recreate planfields-web-1: environment.MODE (compose.yaml:8:13) \"a\" → \"b\"\n",
                "\(outcome)")
            #expect(box.must("plan", "--scale", "db=2").out == "create planfields-db-2\n")
            try box.write("services: { db: { image: busybox:1, init: true, user: app } }")
            let lines = Set(box.must("plan", "--remove-orphans").lines)
            #expect(lines.contains("recreate planfields-db-1: user (compose.yaml:1:55) added \"app\""), "\(lines)")
            #expect(lines.contains { $0.hasPrefix("recreate planfields-db-1: healthcheck (compose.yaml:1:") })
            #expect(lines.contains("remove planfields-web-1: its service is not in the file any more"))
        }
    }

    @Test func `up does exactly what a plan says, or nothing`() throws {
        try Sandbox.run("planfile") { box in
            try box.write(Self.stack)
            box.must("plan", "-o", "plan.json", "db")
            box.must("up", "-d", "--plan", "plan.json")
            #expect(box.ps().map(\.Service) == ["db"])
            let outcome = box.try_("up", "-d", "--plan", "plan.json")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("the plan does not hold any more"))
            box.must("plan", "-o", "plan.json")
            try box.write(Self.stack.replacingOccurrences(of: "MODE:-a", with: "MODE:-c"))
            #expect(box.try_("up", "-d", "--plan", "plan.json").status == 1)
            #expect(box.ps().map(\.Service) == ["db"])
            #expect(box.try_("up", "-d", "--plan", "compose.yaml").err.contains("compose.yaml is no plan"))
        }
    }

    @Test func `why tells how runs ended, what was said last, and when the next one is`() throws {
        try Sandbox.run("why") { box in
            try box.write(
                """
                services:
                  bad: { image: busybox:1, command: "sh -c 'echo oops >&2; exit 3'", restart: "on-failure:2" }
                  hungry: { image: busybox:1, mem_limit: 8m, command: "tail /dev/zero" }
                  late: { image: busybox:1, depends_on: { sick: { condition: service_healthy } } }
                  sick:
                    image: busybox:1
                    init: true
                    healthcheck: { test: [CMD-SHELL, "echo no luck; exit 1"], interval: 50ms, retries: 2 }
                """)
            #expect(box.try_("up", "-d").status == 1)
            box.eventually { box.state(of: "bad") == "exited" && box.state(of: "hungry") == "exited" }
            let bad = box.must("why", "bad").out
            for words in [
                "it ended with 3", "restarted 2 times by its policy", "does not start it again (compose.yaml:2:",
                "    oops",
            ] { #expect(bad.contains(words), "\(words) in \(bad)") }
            #expect(bad.components(separatedBy: "ran ").count == 4, "three runs: \(bad)")
            #expect(box.must("why", "hungry").out.contains("the kernel killed it for want of memory"))
            let sick = box.must("why", "sick").out
            #expect(sick.contains("its health check (compose.yaml:"), "\(sick)")
            #expect(sick.contains("ended with 1: no luck"))
            let late = box.must("why", "late").out
            #expect(late.contains("depends on sick, service_healthy (compose.yaml:4:"), "\(late)")
            #expect(late.contains("why-sick-1 is running, unhealthy"))
            #expect(box.try_("why", "nosuch").err.contains("no such service: nosuch"))
        }
    }
}
