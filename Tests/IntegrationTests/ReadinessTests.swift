// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// `x-trice`: readiness without a probe, and what is done about health and the end.
@Suite struct ReadinessTests {
    struct SignRow: Sendable, CustomTestStringConvertible {
        let sign: String
        /// Shows the sign when the file `/w/go` is there.
        let shows: String
        var testDescription: String { sign }
    }

    @Test(arguments: [
        SignRow(sign: "port: 5432", shows: "exec httpd -f -p 5432"),
        SignRow(sign: "log: '^ready in [0-9]+ ms'", shows: "echo ready in 5 ms; exec sleep 600"),
        SignRow(sign: "file: /var/x/flag", shows: "mkdir /var; mkdir /var/x; echo > /var/x/flag; exec sleep 600"),
        SignRow(sign: "file: /link/flag", shows: "mkdir -p /far; ln -s /far /link; echo > /far/flag; exec sleep 600"),
        SignRow(
            sign: "http: { port: 80, path: /health }",
            shows: "mkdir /s; httpd -p 80 -h /s; wget -q localhost/health; echo > /s/health; exec sleep 600"),
    ])
    func `a service is healthy when its sign is there, and who depends on it starts then`(_ row: SignRow) throws {
        try Sandbox.run("ready") { box in
            try box.write(
                """
                services:
                  db:
                    image: busybox:1
                    init: true
                    volumes: [".:/w"]
                    command: [sh, -c, "until [ -e /w/go ]; do sleep 0.02; done; \(row.shows)"]
                    x-trice: { ready: { \(row.sign) } }
                  web:
                    image: busybox:1
                    init: true
                    depends_on: { db: { condition: service_healthy } }
                """)
            let up = try box.start("up", "-d", "--wait", output: "up.log")
            #expect(box.eventually { box.ps().contains { $0.Service == "db" && $0.Health == "starting" } })
            // A supervisor that takes over waits on.
            kill(try #require(box.supervisorPID), SIGKILL)
            #expect(box.state(of: "web") == "created")
            try box.write("", to: "go")
            box.end(of: up)
            #expect(up.terminationStatus == 0, "\(box.read("up.log"))")
            #expect(box.ps().contains { $0.Service == "db" && $0.Health == "healthy" })
            #expect(box.state(of: "web") == "running")
        }
    }

    @Test func `a line that an earlier supervisor has logged counts, one of an earlier run does not`() throws {
        try Sandbox.run("readylog") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    volumes: [".:/w"]
                    command: [sh, -c, "[ -e /w/ran ] || echo ready; touch /w/ran; exec sleep 600"]
                    x-trice: { ready: { log: ready } }
                """)
            box.must("up", "-d", "--wait")
            kill(try #require(box.supervisorPID), SIGKILL)
            box.must("up", "-d", "--wait")
            box.must("restart", "-t", "0")
            #expect(box.ps().map(\.Health) == ["starting"])
            #expect(box.must("logs", "--no-log-prefix").out == "ready\n")
        }
    }

    @Test func `what is not ready in time is unhealthy, and healthy when it is ready after all`() throws {
        try Sandbox.run("readylate") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    x-trice: { ready: { file: /tmp/flag, timeout: 100ms } }
                """)
            let up = box.try_("up", "-d", "--wait")
            #expect(up.status == 1 && up.err.contains("container readylate-a-1 is unhealthy"), "\(up)")
            let why = box.must("why", "a")
            #expect(why.out.contains("not ready after 100 ms; it is when /tmp/flag is there"), "\(why)")
            _ = box.exec("a", "touch", "/tmp/flag")
            #expect(box.eventually { box.ps().map(\.Health) == ["healthy"] })
        }
    }

    @Test func `on-unhealthy starts a container again that its health check fails`() throws {
        try Sandbox.run("unhealthy") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    volumes: [".:/w"]
                    command: [sh, -c, "echo run; touch /tmp/well; exec sleep 600"]
                    healthcheck: { test: [CMD, test, -e, /tmp/well], interval: 50ms, retries: 2 }
                    stop_grace_period: 1s
                    x-trice: { on-unhealthy: restart }
                """)
            box.must("up", "-d", "--wait")
            _ = box.exec("a", "rm", "/tmp/well")
            #expect(box.eventually { box.must("logs", "--no-log-prefix").out == "run\nrun\n" })
            #expect(box.eventually { box.ps().map(\.Health) == ["healthy"] })
            #expect(box.must("why", "a").out.contains("restarted 1 times"))
            box.must("stop", "-t", "0")
            #expect(box.state(of: "a") == "exited")
        }
    }

    @Test func `rerun always runs a one-shot service at each up`() throws {
        try Sandbox.run("rerun") { box in
            try box.write(
                """
                services:
                  once: { image: busybox:1, command: echo once }
                  each: { image: busybox:1, command: echo each, x-trice: { rerun: always } }
                """)
            for count in 1...2 {
                box.must("up", "-d")
                #expect(box.eventually { box.state(of: "once") == "exited" && box.state(of: "each") == "exited" })
                #expect(box.must("logs", "--no-log-prefix", "once").lines.count == 1)
                #expect(box.must("logs", "--no-log-prefix", "each").lines.count == count)
            }
        }
    }
}
