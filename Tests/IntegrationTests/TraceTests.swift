// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// `up --trace`.
@Suite struct TraceTests {
    private struct Trace: Decodable {
        struct Event: Decodable {
            /// X for a span, M for the name of a process.
            let ph: String
            let name: String
            let pid: Int
            let tid: Int?
            /// Microseconds.
            let ts: Double?
            let dur: Double?
            let args: [String: String]?

            var start: Double { ts ?? -1 }
            var end: Double { start + (dur ?? -1) }
        }

        let traceEvents: [Event]

        init(_ text: String) throws { self = try JSONDecoder().decode(Trace.self, from: Data(text.utf8)) }

        private var pids: [String: Int] {
            Dictionary(
                traceEvents.filter { $0.ph == "M" && $0.name == "process_name" }.map {
                    ($0.args?["name"] ?? "", $0.pid)
                }
            ) { $1 }
        }

        var processes: Set<String> { Set(pids.keys) }

        /// The spans of a process, in the order in which they began; those that began at once, the longest first.
        func spans(of process: String) -> [Event] {
            traceEvents.filter { $0.ph == "X" && $0.pid == pids[process] }.sorted {
                ($0.start, $1.end) < ($1.start, $0.end)
            }
        }
    }

    private static let stack = """
        services:
          db: { image: busybox:1 }
          web: { image: busybox:1, init: true, ports: ["127.0.0.1:0:80"], depends_on: [db] }
        """

    private static let ofContainers = [
        "start", "clone", "wait for its ids", "namespaces", "files", "proc and sys",
        "pivot_root", "kernel file systems", "volumes", "user", "wait for the network", "restrictions",
        "become the program",
    ]

    @Test func `a trace has the steps of each process and container, and each step within another one or beside it`()
        throws
    {
        try Sandbox.run("trace") { box in
            try box.write(Self.stack)
            box.must("up", "-d", "--trace", "trace.json")
            let trace = try Trace(box.read("trace.json"))
            let expected = [
                "trice up": ["up", "load", "images", "document", "connect", "wait"],
                "supervisor": [
                    "begin", "take over", "read the project", "request", "plan", "network trace_default", "create db-1",
                    "create web-1", "prepare trace-db-1", "prepare trace-web-1", "specification", "addresses",
                    "network files", "cgroup", "streams", "seccomp filter", "mounts", "overlay", "devices",
                    "bind mounts",
                    "ask the launcher", "connect trace-db-1", "connect trace-web-1", "firewall", "links", "name server",
                    "ports", "started trace-db-1", "started trace-web-1",
                ],
                "launcher": ["claim the project", "read the specification"],
                "container trace-db-1": Self.ofContainers,
                "container trace-web-1": Self.ofContainers,
            ]
            #expect(trace.processes == Set(expected.keys))
            for (process, steps) in expected {
                let spans = trace.spans(of: process)
                let missing = Set(steps).subtracting(spans.map(\.name))
                #expect(missing.isEmpty, "\(process): no \(missing)")
                expectNested(spans, process)
            }
            #expect(trace.spans(of: "launcher").count { $0.name.hasPrefix("clone ") } == 2)
            // The clock is the same in all of them.
            let whole = try #require(trace.spans(of: "trice up").first)
            #expect(whole.name == "up")
            for event in trace.traceEvents where event.ph == "X" {
                #expect(whole.start <= event.start && event.end <= whole.end, "\(event)")
            }
        }
    }

    private func expectNested(_ spans: [Trace.Event], _ process: String) {
        var around: [Trace.Event] = []
        for span in spans {
            #expect(span.start > 0 && span.end >= span.start && span.tid == span.pid, "\(process): \(span)")
            while let last = around.last, last.end <= span.start { around.removeLast() }
            if let last = around.last {
                #expect(span.end <= last.end, "\(process): \(span.name) goes on after \(last.name)")
            }
            around.append(span)
        }
    }

    @Test func `a supervisor that runs is traced too, and no longer than its client waits`() throws {
        try Sandbox.run("tracetwice") { box in
            try box.write(Self.stack)
            box.must("up", "-d")
            try box.write(Self.stack + "\n  more: { image: busybox:1 }\n")
            box.must("up", "-d", "--trace", "trace.json")
            let text = box.read("trace.json")
            let trace = try Trace(text)
            #expect(
                trace.processes == ["trice up", "supervisor", "launcher", "container tracetwice-more-1"])
            #expect(trace.spans(of: "supervisor").contains { $0.name == "request" })
            #expect(trace.spans(of: "launcher").contains { $0.name.hasPrefix("clone ") })
            for process in [try #require(box.supervisorPID), try #require(box.launcherPID)] {
                let directory = "/proc/\(process)/fd"
                let files = try FileManager.default.contentsOfDirectory(atPath: directory).map {
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)")) ?? ""
                }
                #expect(!files.contains { $0.contains("memfd:trace") }, "\(files)")
            }
            box.must("restart", "-t", "0", "more")
            #expect(box.read("trace.json") == text)
        }
    }

    @Test func `a start that fails is traced as well`() throws {
        try Sandbox.run("tracefailed") { box in
            try box.write("services: { db: { image: busybox:1, command: /no/such/program } }")
            #expect(box.try_("up", "-d", "--trace", "trace.json").status == 127)
            let trace = try Trace(box.read("trace.json"))
            #expect(trace.spans(of: "container tracefailed-db-1").contains { $0.name == "restrictions" })
        }
    }

    @Test func `a file that cannot be written is refused before anything starts`() throws {
        try Sandbox.run("tracerefused") { box in
            try box.write(Self.stack)
            let outcome = box.try_("up", "-d", "--trace", "no/trace.json")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("no/trace.json"), "\(outcome)")
            #expect(box.ps().isEmpty)
            let both = box.try_("up", "--dry-run", "--trace", "trace.json")
            #expect(both.err.contains("--trace"), "\(both)")
        }
    }
}
