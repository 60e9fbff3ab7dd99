// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// `deploy.update_config`: a changed service is replaced one batch after the other.
@Suite struct RolloutTests {
    /// Three replicas that say on a file when they begin and end to serve.
    private static func stack(_ version: String, _ config: String, command: String = "serve") -> String {
        """
        services:
          web:
            image: busybox:1
            init: true
            volumes: [".:/w"]
            environment: { VERSION: "\(version)" }
            stop_grace_period: 5s
            command:
              - sh
              - -c
              - |
                serve() {
                  trap 'echo "-$$VERSION" >> /w/log; exit' TERM
                  echo "+$$VERSION" >> /w/log
                  while :; do sleep 0.02; done
                }
                \(command)
            deploy:
              replicas: 3
              update_config: \(config)
        """
    }

    /// How many served at least and at most from the moment when all had begun.
    private func range(of log: String) -> (least: Int, most: Int) {
        var serving = 0
        var counts: [Int] = []
        for line in log.split(separator: "\n") {
            serving += line.hasPrefix("+") ? 1 : -1
            counts.append(serving)
        }
        let steady = counts.drop { $0 < 3 }
        return (steady.min() ?? 0, steady.max() ?? 0)
    }

    private func versions(_ box: Sandbox) -> [String] {
        (1...6).flatMap { index in
            box.try_("exec", "-T", "--index", "\(index)", "web", "sh", "-c", "echo $VERSION").lines.prefix(1)
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let config: String
        let least: Int
        let most: Int
        var testDescription: String { config }
    }

    @Test(arguments: [
        Row(config: "{ monitor: 100ms }", least: 2, most: 3),
        Row(config: "{ parallelism: 2, monitor: 100ms, delay: 50ms }", least: 1, most: 3),
        Row(config: "{ order: start-first, monitor: 100ms }", least: 3, most: 4),
    ])
    func `so many serve all the time, also where the supervisor is killed on the way`(_ row: Row) throws {
        try Sandbox.run("rollout") { box in
            try box.write(Self.stack("old", row.config))
            box.must("up", "-d")
            #expect(box.eventually { box.read("log") == "+old\n+old\n+old\n" })
            try box.write(Self.stack("new", row.config))
            let plan = box.must("plan")
            #expect(plan.out.contains("environment.VERSION") || row.least == 3, "\(plan)")
            let up = try box.start("up", "-d", output: "up.log")
            #expect(box.eventually { box.read("log").contains("+new") })
            kill(try #require(box.supervisorPID), SIGKILL)
            box.end(of: up)
            #expect(up.terminationStatus == 0, "\(box.read("up.log"))")
            let log = box.read("log")
            let served = range(of: log)
            #expect(served.least >= row.least && served.most <= row.most, "\(served):\n\(log)")
            #expect(versions(box) == ["new", "new", "new"])
            // Nothing is left to do.
            box.must("up", "-d")
            #expect(box.read("log") == log)
        }
    }

    @Test func `an update that fails is rolled back, and the up says so`() throws {
        try Sandbox.run("rollback") { box in
            let config =
                "{ monitor: 300ms, failure_action: rollback }\n      rollback_config: { monitor: 0s, parallelism: 0 }"
            try box.write(Self.stack("old", config))
            box.must("up", "-d")
            try box.write(Self.stack("new", config, command: "sleep 0.1; exit 3"))
            let up = box.try_("up", "-d")
            #expect(up.status == 1, "\(up)")
            #expect(
                up.err.contains("service web: an update was rolled back: container rollback-web-1 exited (3)"), "\(up)")
            #expect(versions(box) == ["old", "old", "old"])
            // What is not good is tried again where the user asks again, and a better one is taken.
            try box.write(Self.stack("better", config))
            box.must("up", "-d")
            #expect(versions(box) == ["better", "better", "better"])
        }
    }

    @Test func `an update that fails is paused by default, while the others serve`() throws {
        try Sandbox.run("rollpause") { box in
            try box.write(Self.stack("old", "{ monitor: 300ms }"))
            box.must("up", "-d")
            try box.write(Self.stack("new", "{ monitor: 300ms }", command: "exit 3"))
            let up = box.try_("up", "-d")
            #expect(up.status == 1, "\(up)")
            #expect(
                up.err.contains("the update of service \"web\" is paused: container rollpause-web-1 exited (3)"),
                "\(up)")
            #expect(up.err.contains("compose.yaml:20:22"), "\(up)")
            #expect(versions(box) == ["old", "old"])
            try box.write(Self.stack("new", "{ monitor: 300ms, failure_action: continue }", command: "exit 3"))
            box.must("up", "-d")
            #expect(versions(box) == [])
        }
    }

    @Test func `start-first is refused where there cannot be two at a time`() throws {
        try Sandbox.run("rollports") { box in
            try box.write(
                """
                services:
                  web:
                    image: busybox:1
                    ports: ["127.0.0.1:18080:80"]
                    deploy: { update_config: { order: start-first } }
                """)
            let up = box.try_("up", "-d")
            #expect(up.status == 1 && up.err.contains("compose.yaml:5:39"), "\(up)")
            #expect(up.err.contains("a second container beside the first cannot have a published port, too"), "\(up)")
        }
    }
}
