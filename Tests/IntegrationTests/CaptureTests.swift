// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

@Suite struct CaptureTests {
    private static let stack = """
        services:
          web: { image: "busybox:1", networks: [front, back] }
          db: { image: "busybox:1", networks: [back] }
          other: { image: "busybox:1", networks: [front] }
          alone: { image: "busybox:1", network_mode: none }
        networks: { front: {}, back: {} }
        """

    private func address(_ box: Sandbox, _ service: String) -> String {
        box.exec(service, "hostname", "-i").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The packets of a capture, as tcpdump(8) tells them.
    private func packets(_ box: Sandbox, _ file: String) -> [Substring] {
        let outcome = box.run(["/usr/bin/tcpdump", "-nr", "\(box.work)/\(file)"])
        #expect(outcome.status == 0, "\(outcome)")
        return outcome.out.split(separator: "\n")
    }

    private func isBegun(_ box: Sandbox, _ file: String) -> Bool {
        box.eventually { !(FileManager.default.contents(atPath: "\(box.work)/\(file)") ?? Data()).isEmpty }
    }

    @Test func `packets of one edge are written as pcapng, and no others`() throws {
        try Sandbox.run("capture") { box in
            try box.write(Self.stack)
            box.must("up", "-d", "-t", "0")
            let capture = try box.start("capture", "web", "db", "-o", "edge.pcapng", "-c", "8", output: "edge.log")
            #expect(isBegun(box, "edge.pcapng"))
            for peer in ["other", "db", "db", "other", "db", "db"] { _ = box.exec("web", "ping", "-c", "1", peer) }
            box.end(of: capture)
            let db = address(box, "db"), found = packets(box, "edge.pcapng")
            #expect(found.count == 8 && found.allSatisfy { $0.contains(db) }, "\(found)")
            #expect(found.contains { $0.contains("ICMP echo request") } && found.contains { $0.contains("echo reply") })
            #expect(box.read("edge.log") == "8 packets captured, 0 lost\n" && capture.terminationStatus == 0)
        }
    }

    @Test func `a capture ends by Ctrl-C with what it has, and by itself with the container`() throws {
        try Sandbox.run("capture-end") { box in
            try box.write(Self.stack)
            box.must("up", "-d", "-t", "0")
            for way in ["signal", "kill"] {
                let capture = try box.start("capture", "web", "-o", "\(way).pcapng", output: "\(way).log")
                #expect(isBegun(box, "\(way).pcapng"))
                let before = packets(box, "\(way).pcapng").count
                _ = box.exec("web", "ping", "-c", "1", "other")
                #expect(box.eventually { packets(box, "\(way).pcapng").count > before })
                if way == "signal" {
                    kill(capture.processIdentifier, SIGINT)
                } else {
                    box.must("kill", "web")
                }
                box.end(of: capture)
                let found = packets(box, "\(way).pcapng")
                #expect(found.contains { $0.contains("ICMP echo request") }, "\(found)")
                #expect(box.read("\(way).log") == "\(found.count) packets captured, 0 lost\n")
            }
        }
    }

    @Test(arguments: [
        (["alone"], "capture-no-alone-1 has no link of its own: its network_mode is none"),
        (["db", "other"], "db and other share no network on which both run"), (["nobody"], "no such service: nobody"),
        (["db", "--index", "2"], "service \"db\" has no container with index 2"),
    ])
    func `what has no packets is refused`(_ row: ([String], String)) throws {
        try Sandbox.run("capture-no") { box in
            try box.write(Self.stack)
            box.must("up", "-d", "-t", "0")
            let outcome = box.run([box.binary, "-p", box.project, "capture"] + row.0)
            #expect(outcome.status == 1 && outcome.err.contains(row.1), "\(outcome)")
        }
    }
}
