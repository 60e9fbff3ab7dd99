// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

@testable import Linux

/// Something goes wrong, once, at each point that the life of a stack goes through in the launcher, the supervisor, and what
/// becomes a container: a crash, an error, a delay. Whatever the commands say of it, the next ones put it right, and nothing
/// leaks. With a debug build, which has these points (`Sources/Linux/FaultPoint.swift`).
@Suite struct FaultTests {
    struct Fault: Hashable, CustomStringConvertible {
        let role: String
        let call: String
        let occurrence: Int
        let effect: String
        var description: String { "\(role) \(call) \(occurrence) \(effect)" }
    }

    private static let binary: String = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        return ProcessInfo.processInfo.environment["TRICE_FAULT_BINARY"] ?? "\(package)/.build/debug/trice"
    }()

    private static let stack = """
        services:
          a:
            image: busybox:1
            init: true
            restart: always
            volumes: ["v:/v"]
            ports: ["127.0.0.1::80"]
            healthcheck: { test: [CMD, "true"], interval: 30s }
            post_start: [{ command: ["true"] }]
          b: { image: busybox:1, init: true, depends_on: { a: { condition: service_healthy } } }
        volumes: { v: }
        """

    /// Every point that a stack's life passes, and how often.
    private static let points: Result<[(role: String, call: String, isError: Bool, count: Int)], any Error> = Result {
        var counts: [String: Int] = [:]
        try Sandbox.run("trace", binary: binary) { box in
            try box.write(stack)
            let run = "\(box.directory)/run"
            try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
            try "".write(toFile: "\(run)/faults.trace", atomically: true, encoding: .utf8)
            live(box)
            let trace = try String(contentsOfFile: "\(run)/faults.trace", encoding: .utf8)
            for line in trace.split(separator: "\n") {
                let words = line.split(separator: " ")
                counts["\(words[0]) \(words[1]) \(words[3])", default: 0] += 1
            }
        }
        return counts.sorted { $0.key < $1.key }.map { point, count in
            let words = point.split(separator: " ").map(String.init)
            return (words[0], words[1], words[2] == "error", count)
        }
    }

    /// Each point is crashed when it is first reached, and fails later; each wait for events is crashed.
    private static func faults() throws -> [Fault] {
        try points.get().flatMap { point -> [Fault] in
            func fault(_ occurrence: Int, _ effect: String) -> Fault {
                Fault(role: point.role, call: point.call, occurrence: occurrence, effect: effect)
            }
            if !point.isError {
                // How often it waits depends on what comes together: the last ones may not come.
                let sure = max(1, point.count / 2)
                return (1...sure).map { fault($0, "crash") } + [fault(1, "delay"), fault(sure, "delay")]
            }
            // What becomes a container says itself what went wrong; each of its processes counts for itself.
            if ["container", "process"].contains(point.role) { return [fault(1, "error")] }
            let later = (point.count + 3) / 4
            let talks = ["sendmsg", "recvmsg"].contains(point.call)
            return [fault(1, "crash"), fault(later, "error")]
                + (talks ? [fault(later, "delay"), fault(later, "crash")] : [])
        }
    }

    /// A stack's life, until this holds after one of its commands.
    @discardableResult
    private static func live(_ box: Sandbox, until isEnough: () -> Bool = { false }) -> [Outcome] {
        var outcomes: [Outcome] = []
        for command in [["up", "-d"], ["restart", "-t", "0", "b"], ["down", "-t", "1"]] {
            outcomes.append(box.run([binary, "-p", box.project] + command))
            if isEnough() { break }
        }
        return outcomes
    }

    private static let parts = 8

    @Test(arguments: 0..<parts)
    func `after a fault at any point the next commands put it right`(_ part: Int) throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: Self.binary),
            "\(Self.binary) is not there: swift build --product trice")
        let faults = try Self.faults()
        #expect(faults.count > 150, "\(faults.count) faults")
        try Sandbox.run("fault\(part)", binary: Self.binary) { box in
            try box.write(Self.stack)
            let run = "\(box.directory)/run"
            try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
            for (index, fault) in faults.enumerated() where index % Self.parts == part {
                var page = Data("\(fault)".utf8)
                page.append(Data(count: FaultPoint.fileSize - page.count))
                try page.write(to: URL(fileURLWithPath: "\(run)/faults"))
                var isReached = false
                let outcomes = Self.live(box) {
                    isReached = FileManager.default.contents(atPath: "\(run)/faults")?.last == 1
                    return isReached
                }
                #expect(isReached, "\(fault) is not reached: \(outcomes)")
                #expect(!outcomes.contains { $0.status == SIGKILL }, "a command did not end after \(fault)")
                unlink("\(run)/faults")
                let up = box.try_("up", "-d")
                #expect(up.status == 0, "after \(fault): \(up)\nbefore: \(outcomes)")
                #expect(box.ps().map(\.State) == ["running", "running"], "after \(fault): \(outcomes)")
                let down = box.try_("down", "-v", "-t", "1")
                #expect(down.status == 0, "after \(fault): \(down)")
            }
        }
    }
    @Test func `a command that is slow to connect meets the supervisor that it has started`() throws {
        try Sandbox.run("slowstarter", binary: Self.binary) { box in
            try box.write("services: { a: { image: 'busybox:1', init: true, command: sleep 1000 } }")
            for command in [["up", "-d"], ["stop", "-t", "1"]] {
                #expect(box.run([Self.binary, "-p", box.project] + command).status == 0)
            }
            var page = Data("command connect 0 delay".utf8)
            page.append(Data(count: FaultPoint.fileSize - page.count))
            try page.write(to: URL(fileURLWithPath: "\(box.directory)/run/faults"))
            let start = box.run([Self.binary, "-p", box.project, "start"])
            #expect(start.status == 0, "\(start)")
            unlink("\(box.directory)/run/faults")
        }
    }

    @Test func `where no supervisor can serve, the command says why, and nothing stays`() throws {
        try Sandbox.run("noserve", binary: Self.binary) { box in
            try box.write("services: { a: { image: 'busybox:1', init: true, command: sleep 1000 } }")
            let run = "\(box.directory)/run"
            try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
            var page = Data("supervisor epoll_create1 0 error".utf8)
            page.append(Data(count: FaultPoint.fileSize - page.count))
            try page.write(to: URL(fileURLWithPath: "\(run)/faults"))
            let up = box.run([Self.binary, "-p", box.project, "up", "-d"])
            #expect(up.status == 1)
            #expect(up.err.contains("project \(box.project) has no supervisor: epoll_create1"), "\(up)")
            #expect(box.eventually { !FileManager.default.fileExists(atPath: "\(run)/projects/\(box.project)") })
            unlink("\(run)/faults")
            let again = box.run([Self.binary, "-p", box.project, "up", "-d"])
            #expect(again.status == 0, "\(again)")
        }
    }
}
