// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What is killed comes back, and nothing is lost on the way.
@Suite struct SurvivalTests {
    private static let stack = """
        services:
          a:
            image: busybox:1
            restart: always
            init: true
            volumes: [".:/w"]
            command: sh -c 'echo start >> /w/starts; i=0; while :; do i=$$((i + 1)); echo $$i; sleep 0.05; done'
          b: { image: busybox:1, init: true }
        """

    @Test func `a killed process is started again by its policy, and not after a stop`() throws {
        try Sandbox.run("policy") { box in
            try box.write(SurvivalTests.stack)
            box.must("up", "-d")
            #expect(box.eventually { box.read("starts") == "start\n" })
            let id = box.id(of: "a")
            kill(box.pid(of: "a") ?? 0, SIGKILL)
            #expect(box.eventually { box.read("starts") == "start\nstart\n" })
            #expect(box.eventually { box.state(of: "a") == "running" })
            #expect(box.id(of: "a") == id)
            box.must("stop", "-t", "1", "a")
            #expect(box.state(of: "a") == "exited")
            #expect(box.read("starts") == "start\nstart\n")
        }
    }

    @Test func `on-failure starts again as often as it says, and not after success`() throws {
        try Sandbox.run("onfailure") { box in
            try box.write(
                """
                services:
                  counted: { image: busybox:1, restart: "on-failure:2", volumes: [".:/w"], command: "sh -c 'echo x >> /w/counted; exit 9'" }
                  fine: { image: busybox:1, restart: on-failure, volumes: [".:/w"], command: "sh -c 'echo x >> /w/fine'" }
                """)
            box.must("up", "-d")
            #expect(box.eventually { box.state(of: "counted") == "exited" })
            #expect(box.read("counted") == "x\nx\nx\n")
            #expect(box.read("fine") == "x\n")
        }
    }

    @Test func `a killed supervisor is back by itself, and no container noticed`() throws {
        try Sandbox.run("supervisor") { box in
            try box.write(
                SurvivalTests.stack
                    + "\n  web: { image: busybox:1, init: true, ports: [\"127.0.0.1::80\"], command: \"sh -c 'mkdir /h; echo page > /h/index.html; httpd -f -p 80 -h /h'\" }"
            )
            box.must("up", "-d")
            let before = box.ps().map(\.ID), pids = ["a", "b", "web"].map { box.pid(of: $0) }
            let supervisor = try #require(box.supervisorPID)
            let port = box.must("port", "web", "80").out.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(
                box.eventually {
                    box.run(["/bin/busybox", "wget", "-q", "-O", "-", "http://\(port)/"]).out == "page\n"
                })
            kill(supervisor, SIGKILL)
            #expect(box.eventually { box.supervisorPID.map { $0 != supervisor && box.isAlive($0) } ?? false })
            #expect(box.exec("b", "echo", "works") == "works\n")
            #expect(box.exec("b", "ping", "-c", "1", "a").contains("1 packets received"))
            #expect(box.run(["/bin/busybox", "wget", "-q", "-O", "-", "http://\(port)/"]).out == "page\n")
            #expect(box.ps().map(\.ID) == before)
            #expect(["a", "b", "web"].map { box.pid(of: $0) } == pids)
            // Every line is there, once, in order.
            #expect(box.eventually { box.must("logs", "--no-log-prefix", "a").lines.count > 20 })
            let numbers = box.must("logs", "--no-log-prefix", "a").lines.compactMap { Int($0) }
            #expect(numbers == Array(1...numbers.count))
        }
    }

    @Test func `where the launcher is killed too the next command takes over, and invents no exit status`() throws {
        try Sandbox.run("launcher") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true }
                  b: { image: busybox:1, init: true }
                """)
            box.must("up", "-d")
            let a = try #require(box.pid(of: "a")), b = try #require(box.pid(of: "b"))
            let launcher = try #require(box.launcherPID), supervisor = try #require(box.supervisorPID)
            kill(supervisor, SIGSTOP)
            kill(launcher, SIGKILL)
            kill(supervisor, SIGKILL)
            #expect(box.eventually { !box.isAlive(launcher) && !box.isAlive(supervisor) })
            kill(b, SIGKILL)
            #expect(box.eventually { !box.isAlive(b) })
            #expect(box.exec("a", "echo", "works") == "works\n")
            #expect(box.pid(of: "a") == a)
            let ended = box.ps().first { $0.Service == "b" }
            #expect(ended?.State == "exited")
            #expect([137, 255].contains(ended?.ExitCode ?? 0), "known or unknown, never another one")
        }
    }

    @Test func `a supervisor killed with its launcher while it left hides nobody who comes after it`() throws {
        try Sandbox.run("leaving") { box in
            try box.write("services: { a: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            let launcher = try #require(box.launcherPID), supervisor = try #require(box.supervisorPID)
            kill(supervisor, SIGSTOP)
            kill(launcher, SIGKILL)
            kill(supervisor, SIGKILL)
            #expect(box.eventually { !box.isAlive(launcher) && !box.isAlive(supervisor) })
            // As far as it gets before it takes its files away.
            let socket = "\(box.directory)/run/projects/\(box.project)/api.sock"
            #expect(rename(socket, "\(socket).leaving") == 0)
            box.must("up", "-d")
            #expect(box.exec("a", "echo", "works") == "works\n")
            #expect(box.exec("a", "echo", "again") == "again\n")
        }
    }

    @Test func `a program does not run before the back-off of its restart is over`() throws {
        try Sandbox.run("backoff") { box in
            try box.write(
                "services: { a: { image: busybox:1, restart: 'on-failure:3', volumes: ['.:/w'], command: 'sh -c \"cat /proc/uptime >> /w/marks; exit 1\"' } }"
            )
            box.must("up", "-d")
            #expect(box.eventually { box.read("marks").split(separator: "\n").count == 4 })
            let times = box.read("marks").split(separator: "\n").compactMap {
                Double($0.prefix { $0 != " " })
            }
            for (round, wait) in [0.1, 0.2, 0.4].enumerated() {
                // The clock is read in hundredths of a second.
                #expect(times[round + 1] - times[round] >= wait - 0.011, "\(times)")
            }
        }
    }

    @Test func `after a reboot what restart says comes back, in the order of dependencies, and nothing else`() throws {
        try Sandbox.run("reboot") { box in
            let watched = "image: busybox:1, init: true, volumes: [\".:/w\"]"
            func service(_ name: String, _ more: String) -> String {
                "  \(name): { \(watched), command: [sh, -c, \"echo \(name) >> /w/starts; exec sleep 600\"], \(more) }\n"
            }
            let probed = "healthcheck: { test: [CMD, test, -e, /w/healthy], interval: 30s }"
            try box.write(
                "services:\n"
                    + service("db", "restart: always, \(probed)")
                    + service("web", "restart: unless-stopped, depends_on: { db: { condition: service_healthy } }")
                    + service("plain", "depends_on: [web]") + service("failing", "restart: on-failure")
                    + service("rested", "restart: unless-stopped") + service("called", "restart: always"))
            try box.write("", to: "healthy")
            box.must("up", "-d")
            box.must("stop", "-t", "0", "rested", "called")
            unlink("\(box.work)/starts")
            unlink("\(box.work)/healthy")
            try box.reboot()

            let boot = try box.startBoot()
            #expect(box.eventually { Set(box.read("starts").split(separator: "\n")) == ["db", "called"] })
            #expect(box.eventually { box.ps().contains { $0.Service == "db" && $0.Health == "starting" } })
            try box.write("", to: "healthy")
            box.end(of: boot)
            #expect(boot.terminationStatus == 0, "\(box.read("boot.log"))")
            #expect(box.read("boot.log") == "reboot: up\n")
            #expect(box.read("starts").split(separator: "\n").last == "web")
            let running = Set(box.ps().filter { $0.State == "running" }.map(\.Service))
            #expect(running == ["db", "web", "called"])
            #expect(box.exec("web", "ping", "-c", "1", "db").contains("1 packets received"))
            // Once more changes nothing.
            let pid = box.pid(of: "db")
            #expect(box.trice("system", "boot").status == 0)
            #expect(box.pid(of: "db") == pid)
            box.must("up", "-d")
            #expect(Set(box.ps().filter { $0.State == "running" }.map(\.Service)).count == 6)
        }
    }

    @Test func `the first command after a reboot brings back what restart says, and nothing else`() throws {
        try Sandbox.run("rebootcommand") { box in
            try box.write(
                """
                services:
                  always: { image: busybox:1, init: true, restart: always }
                  failing: { image: busybox:1, init: true, restart: on-failure }
                  plain: { image: busybox:1, init: true }
                """)
            box.must("up", "-d")
            try box.reboot()
            #expect(box.try_("exec", "-T", "failing", "true").status == 1)
            #expect(box.eventually { box.state(of: "always") == "running" })
            #expect(["failing", "plain"].map(box.state) == ["exited", "exited"])
        }
    }

    /// Somebody who has taken a network's subnet before the network is made again.
    private func withTaken<T>(
        _ subnet: String, by link: String, in box: Sandbox, _ body: () throws -> T
    ) rethrows -> T {
        #expect(box.run(["/sbin/ip", "link", "add", link, "type", "bridge"]).status == 0)
        defer { #expect(box.run(["/sbin/ip", "link", "delete", link]).status == 0) }
        #expect(box.run(["/sbin/ip", "address", "add", subnet, "dev", link]).status == 0)
        return try body()
    }

    private func subnet(in box: Sandbox) -> String {
        let template = "{{range .IPAM.Config}}{{.Subnet}}{{end}}"
        return box.must("network", "inspect", "-f", template, "\(box.project)_default").lines.first ?? ""
    }

    @Test func `a network whose subnet is somebody else's after a reboot gets another one`() throws {
        try Sandbox.run("reboottaken") { box in
            try box.write("services: { a: { image: busybox:1, init: true }, b: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            let before = subnet(in: box)
            try box.reboot()
            withTaken(before, by: "trtaken0", in: box) {
                box.must("up", "-d")
                #expect(subnet(in: box) != before)
                #expect(box.exec("a", "ping", "-c", "1", "b").contains("1 packets received"))
            }
        }
    }

    @Test func `a network that asks for its subnet is refused where that is somebody else's after a reboot`() throws {
        try Sandbox.run("rebootasked") { box in
            try box.write(
                """
                services: { a: { image: busybox:1, init: true } }
                networks:
                  default:
                    ipam: { config: [{ subnet: 10.231.7.0/24 }] }
                """)
            box.must("up", "-d")
            try box.reboot()
            withTaken("10.231.7.9/24", by: "trtaken1", in: box) {
                let up = box.try_("up", "-d")
                #expect(up.status == 1)
                #expect(
                    up.err.contains(
                        "compose.yaml:4:11: error: network \(box.project)_default: its subnet 10.231.7.0/24 overlaps with 10.231.7.0/24, "
                            + "which somebody else uses on this host now"), "\(up)")
                box.must("down")
                #expect(box.must("network", "ls", "-q").lines.isEmpty)
            }
        }
    }

    @Test func `a down that the machine's end has cut off is finished by the boot`() throws {
        try Sandbox.run("rebootdown") { box in
            try box.write(
                "services: { a: { image: busybox:1, init: true, restart: always, stop_grace_period: 1m, command: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"] } }"
            )
            box.must("up", "-d")
            let down = try box.start("down", output: "down.log")
            #expect(box.eventually { box.read("down.log").contains("Stopping") })
            kill(down.processIdentifier, SIGKILL)
            down.waitUntilExit()
            try box.reboot()
            #expect(box.trice("system", "boot").status == 0)
            #expect(box.must("ps", "-a", "-q").out.isEmpty)
        }
    }

    @Test func `an up that is killed half-way leaves what down takes away`() throws {
        try Sandbox.run("halfway") { box in
            try box.write("services: { a: { image: busybox:1, init: true, scale: 20 } }")
            let up = try box.start("up", "-d", output: "log")
            #expect(box.eventually { box.read("log").contains("Starting") })
            kill(up.processIdentifier, SIGKILL)
            if let supervisor = box.supervisorPID { kill(supervisor, SIGKILL) }
            up.waitUntilExit()
            box.must("down", "-t", "1")
            #expect(box.ps().isEmpty)
        }
    }

    /// With one container, and with several of which most are not cut off.
    @Test(arguments: [1, 8], 0..<8 as Range<Int32>)
    func `starts that the supervisor's death has cut off are done again without anybody's asking`(
        _ scale: Int, _ step: Int32
    ) throws {
        try Sandbox.run("cutoff") { box in
            try box.write("services: { a: { image: busybox:1, init: true, scale: \(scale) } }")
            let up = try box.start("up", "-d", output: "log")
            #expect(box.eventually { box.read("log").contains("Starting") })
            poll(nil, 0, scale == 1 ? step : step * 4)
            kill(up.processIdentifier, SIGKILL)
            if let supervisor = box.supervisorPID { kill(supervisor, SIGKILL) }
            up.waitUntilExit()
            #expect(
                box.eventually { box.ps().map(\.State) == Array(repeating: "running", count: scale) }, "\(box.ps())")
        }
    }

    @Test func `the last line of a container that was taken over is not lost with a supervisor`() throws {
        try Sandbox.run("lastline") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, command: ["sh", "-c", "trap 'echo last; exit' TERM; echo first; while :; do sleep 0.01; done"] }
                """)
            box.must("up", "-d")
            #expect(box.eventually { box.must("logs", "--no-log-prefix", "a").out == "first\n" })
            let first = try (#require(box.supervisorPID), #require(box.launcherPID))
            for pid in [first.1, first.0] { kill(pid, SIGKILL) }
            #expect(box.eventually { !box.isAlive(first.0) && !box.isAlive(first.1) })
            // Taken over; then it ends while there is no supervisor, nor any to come.
            #expect(box.exec("a", "echo", "here") == "here\n")
            let second = try (#require(box.supervisorPID), #require(box.launcherPID), #require(box.pid(of: "a")))
            kill(second.1, SIGSTOP)
            kill(second.0, SIGKILL)
            #expect(box.eventually { !box.isAlive(second.0) })
            kill(second.2, SIGTERM)
            #expect(box.eventually { !box.isAlive(second.2) })
            kill(second.1, SIGCONT)
            #expect(box.eventually { box.state(of: "a") == "exited" })
            #expect(box.must("logs", "--no-log-prefix", "a").out == "first\nlast\n")
        }
    }
}
