// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// Stacks that come up, change, and go.
@Suite struct StackTests {
    @Test func `a stack comes up, is listed, and goes away without a trace`() throws {
        try Sandbox.run("updown") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true }
                  b: { image: busybox:1, init: true, depends_on: [a] }
                """)
            box.must("up", "-d")
            #expect(box.ps().map { "\($0.Name) \($0.State)" } == ["updown-a-1 running", "updown-b-1 running"])
            box.must("down", "-t", "1")
            #expect(box.ps().isEmpty)
        }
    }

    @Test func `up on an unchanged file leaves every process alone`() throws {
        try Sandbox.run("idempotent") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, scale: 2 }
                  once: { image: busybox:1, command: "true" }
                """)
            box.must("up", "-d")
            box.eventually { box.state(of: "once") == "exited" }
            let before = box.ps().map(\.ID), pid = box.pid(of: "a")
            box.must("up", "-d")
            #expect(box.ps().map(\.ID) == before)
            #expect(box.pid(of: "a") == pid)
            #expect(box.state(of: "once") == "exited")
        }
    }

    @Test func `up with nothing to do leaves the record of what is desired as it is`() throws {
        try Sandbox.run("nothing-to-do") { box in
            try box.write("services: { a: { image: busybox:1, init: true, scale: 2 } }")
            let record = "\(box.directory)/root/projects/nothing-to-do/desired.json"
            func written() throws -> [FileAttributeKey: Any] {
                try FileManager.default.attributesOfItem(atPath: record)
            }
            box.must("up", "-d")
            let first = try written()[.systemFileNumber] as? Int
            #expect(first != nil)
            for _ in 0..<2 {
                box.must("up", "-d")
                #expect(try written()[.systemFileNumber] as? Int == first)
            }
            // Each record is a new file.
            box.must("up", "-d", "--scale", "a=1", "-t", "0")
            #expect(try written()[.systemFileNumber] as? Int != first)
            #expect(box.ps().count == 1)
        }
    }

    @Test func `what a record has of the environment is what hooks take from it`() throws {
        try Sandbox.run("environment") { box in
            try box.write(
                """
                services:
                  a:
                    image: busybox:1
                    init: true
                    post_start: [ { command: [sh, -c, "echo $$TOKEN > /token"], environment: [TOKEN] } ]
                """)
            let outcome = box.try_("up", "-d", environment: ["TOKEN": "for-the-hook", "OTHER": "for-nobody"])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(box.exec("a", "cat", "/token") == "for-the-hook\n")
            let record = try String(
                contentsOfFile: "\(box.directory)/root/projects/environment/desired.json", encoding: .utf8)
            #expect(record.contains("for-the-hook"))
            #expect(!record.contains("for-nobody"))
        }
    }

    @Test func `a stack can be worked with while its file has mistakes`() throws {
        try Sandbox.run("edited") { box in
            try box.write("name: edited\nservices: { a: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            try box.write("name: edited\nservices: { a: { image: busybox:1, inti: true, command: \"echo ${UNSET}\" } }")
            let refused = box.trice("up", "-d")
            #expect(refused.err.contains("compose.yaml:2:36: error:"), "\(refused)")
            let rows = box.trice("ps", "--format", "{{.Name}}")
            #expect(rows.out == "edited-a-1\n", "\(rows)")
            for outcome in [
                box.trice("exec", "-T", "a", "true"), box.trice("logs"), box.trice("restart", "-t", "0"),
                box.trice("stop", "-t", "0"),
            ] {
                #expect(outcome.status == 0, "\(outcome)")
                #expect(!outcome.err.contains("UNSET"), "\(outcome)")
            }
        }
    }

    @Test func `a change makes that service again and no other`() throws {
        try Sandbox.run("change") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, environment: { V: "${V:-1}" } }
                  b: { image: busybox:1, init: true }
                """)
            box.must("up", "-d")
            let a = box.id(of: "a"), b = box.id(of: "b")
            let outcome = box.try_("up", "-d", "-t", "1", environment: ["V": "2"])
            #expect(outcome.status == 0)
            #expect(box.id(of: "a") != a)
            #expect(box.id(of: "b") == b)
            #expect(box.exec("a", "sh", "-c", "echo $V") == "2\n")
        }
    }

    @Test func `scaling adds and removes the newest, and keeps the others`() throws {
        try Sandbox.run("scale") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            box.must("up", "-d", "--scale", "a=3")
            let first = box.ps().map(\.ID)
            box.must("up", "-d", "--scale", "a=1", "-t", "1")
            #expect(box.ps().map(\.ID) == Array(first.prefix(1)))
        }
    }

    struct Waiting: CustomTestStringConvertible {
        let condition: String
        let dependency: String
        let status: Int32
        let says: String
        var testDescription: String { "\(condition) of \(dependency)" }
    }

    @Test(arguments: [
        Waiting(condition: "service_started", dependency: "init: true", status: 0, says: ""),
        Waiting(
            condition: "service_healthy", dependency: "init: true, healthcheck: { test: \"true\", interval: 10s }",
            status: 0, says: ""),
        Waiting(condition: "service_completed_successfully", dependency: "command: \"true\"", status: 0, says: ""),
        Waiting(
            condition: "service_completed_successfully", dependency: "command: sh -c 'exit 3'", status: 1,
            says: "service \"db\" didn't complete successfully: exit 3"),
        Waiting(
            condition: "service_healthy",
            dependency: "init: true, healthcheck: { test: exit 1, interval: 50ms, retries: 2 }",
            status: 1, says: "container waiting-db-1 is unhealthy"),
        Waiting(condition: "service_healthy", dependency: "init: true", status: 1, says: "no healthcheck"),
    ])
    func `a service starts when what it depends on is as asked, else up fails and says who`(_ row: Waiting) throws {
        try Sandbox.run("waiting") { box in
            try box.write(
                """
                services:
                  web: { image: busybox:1, init: true, depends_on: { db: { condition: \(row.condition) } } }
                  db: { image: busybox:1, \(row.dependency) }
                """)
            let outcome = box.try_("up", "-d")
            #expect(outcome.status == row.status, "\(outcome)")
            #expect(row.says.isEmpty || outcome.err.contains(row.says), "\(outcome)")
            #expect((box.state(of: "web") == "running") == (row.status == 0))
        }
    }

    @Test func `services stop in the reverse order of their dependencies`() throws {
        try Sandbox.run("order") { box in
            let command =
                "sh -c 'trap \"echo $$NAME >> /w/log; exit 0\" TERM; touch /w/$$NAME; while :; do sleep 0.05; done'"
            try box.write(
                """
                services:
                  front: { image: busybox:1, environment: { NAME: front }, depends_on: [back], volumes: [".:/w"], command: "\(command.replacingOccurrences(of: "\"", with: "\\\""))" }
                  back: { image: busybox:1, environment: { NAME: back }, volumes: [".:/w"], command: "\(command.replacingOccurrences(of: "\"", with: "\\\""))" }
                """)
            box.must("up", "-d")
            box.eventually {
                FileManager.default.fileExists(atPath: "\(box.work)/front")
                    && FileManager.default.fileExists(atPath: "\(box.work)/back")
            }
            box.must("down", "-t", "5")
            #expect(box.read("log") == "front\nback\n")
        }
    }

    @Test func `a service that follows its dependency's restart is made again with it`() throws {
        try Sandbox.run("follow") { box in
            func file(_ value: Int) -> String {
                """
                services:
                  db: { image: busybox:1, init: true, environment: { V: "\(value)" } }
                  web:
                    image: busybox:1
                    init: true
                    environment: { V: "\(value)" }
                    depends_on: { db: { condition: service_started, restart: true } }
                """
            }
            try box.write(file(1))
            box.must("up", "-d")
            let before = box.ps().map(\.ID)
            try box.write(file(2))
            box.must("up", "-d", "-t", "1")
            #expect(box.ps().map(\.State) == ["running", "running"])
            #expect(Set(box.ps().map(\.ID)).isDisjoint(with: before))
        }
    }

    @Test func `a one-shot that has completed does not run again after a stop`() throws {
        try Sandbox.run("done") { box in
            try box.write(
                "services: { job: { image: busybox:1, volumes: [\".:/w\"], command: sh -c 'echo x >> /w/runs' } }\n")
            box.must("up", "-d")
            #expect(box.eventually { box.state(of: "job") == "exited" })
            box.must("stop")
            box.must("up", "-d")
            #expect(box.read("runs") == "x\n")
            box.must("start")
            #expect(box.eventually { box.read("runs") == "x\nx\n" })
        }
    }

    @Test func `two ups at once end with one stack`() throws {
        try Sandbox.run("atonce") { box in
            try box.write(
                "services: { a: { image: busybox:1, init: true }, b: { image: busybox:1, init: true, scale: 3 } }")
            let first = try box.start("up", "-d", output: "first"), second = try box.start("up", "-d", output: "second")
            first.waitUntilExit()
            second.waitUntilExit()
            #expect(first.terminationStatus == 0, "\(box.read("first"))")
            #expect(second.terminationStatus == 0, "\(box.read("second"))")
            #expect(box.ps().map(\.State) == ["running", "running", "running", "running"])
        }
    }

    @Test func `two projects of one file are apart`() throws {
        try Sandbox.run("apart") { box in
            try box.write("services: { a: { image: busybox:1, init: true, environment: { WHO: \"${WHO}\" } } }")
            _ = box.try_("up", "-d", environment: ["WHO": "one"])
            let other = box.trice("-p", "apart-two", "up", "-d", environment: ["WHO": "two"])
            #expect(other.status == 0, "\(other)")
            #expect(box.exec("a", "sh", "-c", "echo $WHO") == "one\n")
            #expect(box.trice("-p", "apart-two", "exec", "-T", "a", "sh", "-c", "echo $WHO").out == "two\n")
            box.trice("-p", "apart-two", "down", "-t", "1")
            #expect(box.state(of: "a") == "running")
        }
    }

    @Test func `Ctrl-C on an attached up stops the stack and ends with 130`() throws {
        try Sandbox.run("interrupt") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, command: "sh -c 'trap \\"echo politely; exit 0\\" TERM; echo ready; while :; do sleep 0.05; done'" }
                """)
            let up = try box.start("up", "-t", "5", output: "log")
            #expect(box.eventually { box.read("log").contains("ready") })
            up.interrupt()
            up.waitUntilExit()
            #expect(up.terminationStatus == 130)
            #expect(box.read("log").contains("a-1  | politely"))
            #expect(box.state(of: "a") == "exited")
        }
    }

    @Test func `Ctrl-C while the stack still comes up stops what is up already`() throws {
        try Sandbox.run("giveup") { box in
            try box.write(
                """
                services:
                  slow: { image: busybox:1, init: true, healthcheck: { test: [CMD, "false"], interval: 50ms, retries: 100000 } }
                  after: { image: busybox:1, init: true, depends_on: { slow: { condition: service_healthy } } }
                """)
            let up = try box.start("up", "-t", "1", output: "log")
            #expect(box.eventually { box.state(of: "slow") == "running" })
            up.interrupt()
            box.end(of: up)
            #expect(up.terminationStatus == 130)
            #expect(box.state(of: "slow") == "exited" && box.state(of: "after") == "created", "\(box.read("log"))")
        }
    }
}
