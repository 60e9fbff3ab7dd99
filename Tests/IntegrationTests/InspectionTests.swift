// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What a stack uses, what happened to it, what is in it.
@Suite struct InspectionTests {
    private struct Use: Decodable {
        let Name: String
        let CPUPerc: String
        let MemUsage: String
        let NetIO: String
        let PIDs: String
    }

    private func stats(_ box: Sandbox, _ arguments: String...) -> [Use] {
        box.run([Sandbox.binary, "-p", box.project, "stats", "--no-stream", "--format", "json"] + arguments).lines
            .compactMap { try? JSONDecoder().decode(Use.self, from: Data($0.utf8)) }
    }

    @Test func `stats tells what a container does`() throws {
        try Sandbox.run("stats") { box in
            try box.write(
                """
                services:
                  busy: { image: busybox:1, command: "sh -c 'while :; do :; done'" }
                  idle: { image: busybox:1, init: true, mem_limit: 40m, command: "sh -c 'sleep 600 & sleep 600'" }
                  ended: { image: busybox:1, command: "true" }
                """)
            box.must("up", "-d")
            box.eventually { box.state(of: "ended") == "exited" }
            let uses = stats(box)
            #expect(uses.map(\.Name) == ["stats-busy-1", "stats-idle-1"])
            let share = try #require(Double(uses[0].CPUPerc.dropLast()))
            #expect(share > 5, "\(uses)")
            #expect(uses[1].CPUPerc.hasPrefix("0."))
            // init, and two sleeps, of which one was the shell.
            #expect(uses[1].PIDs == "3")
            #expect(uses[1].MemUsage.hasSuffix("/ 40MiB"))
            #expect(uses[0].MemUsage.hasPrefix("0B") == false)
            #expect(stats(box, "-a").map(\.Name) == ["stats-busy-1", "stats-ended-1", "stats-idle-1"])
            #expect(
                box.must("stats", "--no-stream", "--format", "table {{.Name}}\\t{{.PIDs}}", "idle").out
                    == "NAME           PIDS\nstats-idle-1   3\n")
        }
    }

    @Test func `stats counts bytes on the network`() throws {
        try Sandbox.run("traffic") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, command: httpd -f -p 80 -h /srv }
                  b: { image: busybox:1, init: true, depends_on: [a] }
                """)
            box.must("up", "-d")
            box.must("exec", "-T", "a", "dd", "if=/dev/zero", "of=/srv/file", "bs=1000", "count=3000")
            #expect(
                box.eventually { box.try_("exec", "-T", "b", "wget", "-qO", "/dev/null", "http://a/file").status == 0 })
            let sent = try #require(stats(box, "a").first?.NetIO.split(separator: " ").last)
            let received = try #require(stats(box, "b").first?.NetIO.split(separator: " ").first)
            #expect(sent.hasSuffix("MB") && received.hasSuffix("MB"), "\(sent) sent, \(received) received")
        }
    }

    @Test(arguments: [true, false])
    func `export writes the container's files as they are inside`(_ runs: Bool) throws {
        try Sandbox.run("export") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, volumes: ["v:/srv"] }
                volumes: { v: {} }
                """)
            box.must("up", "-d")
            box.must("exec", "-T", "a", "sh", "-c", "echo new >/new; rm /data/plain; echo v >/srv/v; chown 1001 /new")
            if !runs { box.must("stop", "-t", "0") }
            box.must("export", "-o", "a.tar", "a")
            let names = box.run(["/bin/tar", "-tvf", "\(box.work)/a.tar", "--numeric-owner"])
            #expect(names.lines.contains { $0.hasPrefix("-rw-r--r-- 1001/0") && $0.hasSuffix(" new") }, "\(names)")
            #expect(names.lines.contains { $0.hasSuffix(" data/sub/deep") })
            #expect(!names.out.contains("data/plain"))
            #expect(!names.out.contains("srv/v"))
            #expect(!names.lines.contains { $0.contains(" proc/") && !$0.hasSuffix(" proc/") })
            box.must("image", "import", "a.tar", "changed:1")
        }
    }

    @Test func `events are on record, in order, and end where they are asked to`() throws {
        try Sandbox.run("events") { box in
            try box.write("services: { a: { image: busybox:1, init: true }, b: { image: busybox:1, init: true } }")
            box.must("up", "-d")
            box.must("stop", "-t", "1", "a")
            struct Line: Decodable {
                let action: String
                let service: String
                let time: String
            }
            func events(_ arguments: String...) -> [Line] {
                box.run([Sandbox.binary, "-p", "events", "events", "--json"] + arguments).lines.compactMap {
                    try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
                }
            }
            let past = events("--since", "1h", "--until", "0s", "a")
            #expect(
                past.map(\.action) == ["creating", "create", "starting", "start", "stopping", "die", "stop"], "\(past)")
            #expect(past.map(\.time) == past.map(\.time).sorted())
            #expect(Set(events("--since", "1h", "--until", "0s").map(\.service)) == ["a", "b"])
            let later = try #require(past.dropFirst(4).first).time
            #expect(events("--since", later, "--until", "0s", "a").map(\.action) == ["stopping", "die", "stop"])

            // What is on record comes first, then what happens; a killed supervisor's record is read on by the next one.
            let live = try box.start("events", "--json", "--since", "1h", "a", output: "live")
            #expect(box.eventually { box.read("live").contains("\"stop\"") })
            kill(try #require(box.supervisorPID), SIGKILL)
            box.must("start", "a")
            #expect(box.eventually { box.read("live").split(separator: "\n").last?.contains("\"start\"") ?? false })
            kill(live.processIdentifier, SIGKILL)
            box.end(of: live)
            let actions = box.read("live").split(separator: "\n").compactMap {
                try? JSONDecoder().decode(Line.self, from: Data($0.utf8)).action
            }
            #expect(actions == past.map(\.action) + ["starting", "start"])
        }
    }
}
