// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What commands look like on a terminal, held against `Golden/`. TRICE_UPDATE=1 records them anew.
@Suite struct GoldenScreenTests {
    struct Size: CustomTestStringConvertible {
        let columns: Int
        let rows: Int
        var testDescription: String { "\(columns)x\(rows)" }
    }

    private static let stack = """
        name: shop
        services:
          db: { image: busybox:1, init: true, healthcheck: { test: [CMD, "true"], interval: 100ms } }
          cache:
            image: busybox:1
            command: sh -c 'echo ready; touch /tmp/ready; exec sleep 600'
            init: true
            healthcheck: { test: [CMD, test, -e, /tmp/ready], interval: 50ms, retries: 100 }
          migrate:
            image: busybox:1
            command: echo migrated
            depends_on: { db: { condition: service_healthy }, cache: { condition: service_healthy } }
          web:
            image: busybox:1
            init: true
            depends_on:
              migrate: { condition: service_completed_successfully }
              cache: { condition: service_started }
        """

    @Test(arguments: [Size(columns: 80, rows: 24), Size(columns: 200, rows: 50)])
    func `up, logs, stats, ui and down look as recorded`(_ size: Size) throws {
        try Sandbox.run("golden") { box in
            try box.write(Self.stack)
            let screen = try Screen(box, columns: size.columns, rows: size.rows)
            // Each with an end of its own: what stood there before is no end.
            screen.type("trice up -d; echo up $?")
            screen.shows("up 0")
            try expect(screen, "up", size)
            screen.type("clear; trice logs; echo logs $?")
            screen.shows("logs 0")
            try expect(screen, "logs", size)
            screen.type("clear; trice stats")
            screen.shows("CONTAINER ID")
            screen.shows("shop-web-1")
            try expect(screen, "stats", size)
            screen.press("C-c")
            screen.type("clear; trice ui; echo left")
            screen.shows("logs of all")
            screen.shows("iB ")
            try expect(screen, "ui", size)
            screen.press("q")
            screen.shows("left")
            screen.type("clear; trice down -t 1; echo down $?")
            screen.shows("down 0")
            try expect(screen, "down", size)
        }
    }

    @Test func `the stack is looked after from the keyboard alone`() throws {
        try Sandbox.run("keyboard") { box in
            try box.write(
                """
                services:
                  a: { image: busybox:1, init: true, command: sh -c 'echo a begins; exec sleep 600' }
                  b: { image: busybox:1, init: true, command: sh -c 'echo b begins; exec sleep 600' }
                """)
            box.must("up", "-d", "a")
            let screen = try Screen(box, columns: 80)
            screen.type("trice -p keyboard ui; echo status $?")
            screen.shows("a-1 | a begins")
            screen.shows("not created")
            screen.press("Down", "u")
            screen.shows("trice up -d b: done")
            screen.shows("b-1 | b begins")
            let before = box.id(of: "b")
            screen.press("s")
            screen.shows("trice stop b: done")
            #expect(box.state(of: "b") == "exited")
            screen.press("s")
            screen.shows("trice start b: done")
            #expect(box.id(of: "b") == before)
            screen.press("Enter")
            screen.shows("leads back")
            screen.type("hostname; exit")
            screen.shows("logs of all")
            screen.press("a")
            screen.shows("logs of b-1")
            #expect(!screen.text.contains("a begins"))
            screen.resize(columns: 60, rows: 12)
            screen.shows("logs of b-1")
            #expect(screen.text.split(separator: "\n").allSatisfy { $0.count <= 60 })
            screen.press("?")
            screen.shows("the keys")
            screen.press("x", "C-z")
            screen.shows("status 148")
            screen.type("fg; echo status $?")
            screen.shows("logs of b-1")
            screen.press("q")
            screen.shows("status 0")
            #expect(box.state(of: "a") == "running", "leaving it changes nothing")
        }
    }

    @Test func `top shows processes as they come and go`() throws {
        try Sandbox.run("live") { box in
            try box.write("services: { a: { image: busybox:1, init: true, command: sleep 601 } }")
            box.must("up", "-d")
            let screen = try Screen(box, columns: 100)
            screen.type("trice -p live top --follow")
            screen.shows("sleep 601")
            box.must("exec", "-d", "a", "sleep", "602")
            screen.shows("sleep 602")
            screen.press("C-c")
            #expect(screen.text.split(separator: "\n").count { $0.contains("sleep 601") } == 1, "\(screen.text)")
        }
    }

    @Test func `without a terminal there is no ui`() throws {
        try Sandbox.run("noterminal") { box in
            let outcome = box.try_("ui")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains("trice ui wants a terminal"), "\(outcome)")
        }
    }

    @Test func `the picture stays whole on a narrow terminal, through a resize and Ctrl-Z`() throws {
        try Sandbox.run("narrow") { box in
            try box.write(
                """
                services:
                  slow: { image: busybox:1, init: true, healthcheck: { test: [CMD, test, -e, /go], interval: 50ms, retries: 9999 } }
                  after: { image: busybox:1, init: true, depends_on: { slow: { condition: service_healthy } } }
                """)
            let screen = try Screen(box, columns: 80)
            screen.type("trice -p narrow up -d; echo status $?")
            screen.shows("waits for slow")
            #expect(box.eventually { box.state(of: "slow") == "running" })
            screen.resize(columns: 44, rows: 24)
            screen.press("C-z")
            screen.shows("status 148")
            screen.type("fg; echo status $?")
            box.must("exec", "-T", "slow", "touch", "/go")
            screen.shows("status 0")
            let last = screen.text.components(separatedBy: "[+]").last ?? ""
            #expect(last.contains("slow-1") && last.contains("after-1") && !last.contains("waits"), "\(screen.text)")
            #expect(last.split(separator: "\n").count { $0.contains("after-1") } == 1)
        }
    }

    private func expect(_ screen: Screen, _ name: String, _ size: Size) throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Golden/\(name)-\(size.testDescription).txt").path
        let text = Self.steady(screen.text)
        if ProcessInfo.processInfo.environment["TRICE_UPDATE"] != nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let golden = try String(contentsOfFile: path, encoding: .utf8)
        #expect(golden == text, "\(name) at \(size.testDescription):\n\(text)")
    }

    /// Without what differs from run to run: times, ids and amounts, and the blanks that make room for amounts.
    private static func steady(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            // The sparklines' columns are the last of `ui`.
            guard line.contains("NAME") || line.contains("iB") else {
                return line.replacingOccurrences(of: "[0-9]+\\.[0-9]s", with: "0.0s", options: .regularExpression)
                    .replacingOccurrences(of: "(Less than a|[0-9]+) seconds?", with: "N s", options: .regularExpression)
            }
            return line.replacingOccurrences(of: "^[0-9a-f]{12} ", with: "ID ", options: .regularExpression)
                .replacingOccurrences(of: "(Less than a|[0-9]+) seconds?", with: "N s", options: .regularExpression)
                .replacingOccurrences(of: "[0-9][0-9.]*(%|[kKMGT]?i?B?)", with: "N", options: .regularExpression)
                .replacingOccurrences(of: "[▁▂▃▄▅▆▇█]+", with: "", options: .regularExpression)
                .replacingOccurrences(of: " +", with: " ", options: .regularExpression)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
