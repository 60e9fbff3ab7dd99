// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Linux
import Reconciler
import Runtime
import Supervisor

struct Why: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Explain the state of a service: its runs, how they ended, what it waits for.",
        discussion: """
            EXAMPLES
              trice why web
              trice why --tail 50 worker
            """)

    @Option(
        name: [.customShort("n"), .long], help: ArgumentHelp("So many of its last lines of errors.", valueName: "LINES")
    )
    var tail = 5
    @Argument(help: ArgumentHelp("The service.", valueName: "SERVICE"), completion: .services)
    var service: String

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let store = RecordStore(paths)
        let records = try store.chosen([service], context).filter { !$0.state.reconciled.isOneOff }
        let saved = try store.loadDesired()
        let events = try EventLog.read(paths, since: 0).filter { $0.service == service }
        if records.isEmpty {
            Output.line("service \(service) has no container")
            try explainWaiting(saved, try store.current())
        }
        for record in records {
            let story = ContainerStory(record, goal: saved?.desired.services[service], events, now: realTime())
            Output.standardOutput(story.text)
            if record.state.reconciled.phase != .running { try explainWaiting(saved, try store.current()) }
            try showErrors(of: record, paths)
        }
    }

    private func explainWaiting(_ saved: SavedProject?, _ records: [ContainerRecord]) throws {
        guard let saved, let resolved = saved.project.service(service) else { return }
        for dependency in resolved.dependencies {
            let others = records.filter { $0.config.service == dependency.service && !$0.state.reconciled.isOneOff }
            let states = others.map { other -> String in
                let row = PsRow(other.outline)
                return "\(other.name) is \(row.State)\(row.Health.isEmpty ? "" : ", \(row.Health)")"
                    + (row.State == "exited" ? " (\(row.ExitCode))" : "")
            }
            let place = resolved.place("depends_on.\(dependency.service)")
            Output.line(
                "  depends on \(dependency.service), \(dependency.condition.rawValue) (\(place)): "
                    + (states.isEmpty ? "it has no container" : states.joined(separator: "; ")))
        }
    }

    private func showErrors(of record: ContainerRecord, _ paths: ProjectPaths) throws {
        guard tail > 0 else { return }
        let lines = try ErrorLines.last(tail, of: paths.log(record.id))
        if lines.isEmpty { return }
        Output.line("  its last lines of errors:")
        for line in lines { Output.line("    \(line)") }
    }
}

/// A container's state and past in a few lines. Pure.
struct ContainerStory {
    let text: String

    /// - Parameter events: of its service, in their order.
    init(_ record: ContainerRecord, goal: ServiceGoal?, _ events: [Event], now: UInt64) {
        let state = record.state.reconciled
        var lines = ["\(record.name): \(PsRow(record.outline).Status)"]
        if let failure = record.state.failure ?? record.state.hookFailure {
            lines.append("  \(failure.location.map { "\($0): " } ?? "")\(failure.message)")
        }
        if state.health == .unhealthy, let probe = record.state.health.last {
            let service = record.config.definition
            let text = ContainerStory.firstLine(probe.output)
            lines.append(
                service.trice?.ready == nil
                    ? "  its health check (\(service.place("healthcheck"))) ended with \(probe.exitCode): \(text)"
                    : "  \(text) (\(service.place("x-trice.ready")))")
        }
        if state.phase == .exited { lines.append("  \(ContainerStory.end(record))") }
        for run in ContainerStory.runs(of: record.id, events).suffix(5) {
            lines.append(
                "  ran \(ContainerStory.span(run.end - run.start)), ended with \(run.exitCode) at \(Timestamp.local(run.end))"
            )
        }
        if state.restarts > 0 { lines.append("  restarted \(state.restarts) times by its policy") }
        if state.phase == .exited {
            let rule = goal?.restart ?? RestartRule(of: record.config.definition)
            let place = record.config.definition.place("restart")
            switch RestartBackOff.restartTime(of: state, rule, pause: goal?.restartDelay) {
            case let time? where time > now:
                lines.append("  starts again in \(ContainerStory.span(time - now)) (\(place))")
            case .some: lines.append("  starts again now (\(place))")
            case nil where state.stoppedByUser:
                lines.append("  was stopped by a command or the machine's end, so its policy lets it rest")
            case nil: lines.append("  its restart policy does not start it again (\(place))")
            }
        }
        text = lines.map { "\($0)\n" }.joined()
    }

    private static func end(_ record: ContainerRecord) -> String {
        let oom = record.state.oomKilled ? ": the kernel killed it for want of memory (mem_limit)" : ""
        switch record.state.exit {
        case .signaled(let signal): return "it was killed by signal \(signal)\(oom)"
        case .unknown: return "nobody was there to see how it ended"
        case .exited(let code): return "it ended with \(code)\(oom)"
        case nil: return "it ended with \(record.state.reconciled.exitCode)\(oom)"
        }
    }

    /// Each start with the end that came after it.
    private static func runs(of id: String, _ events: [Event]) -> [(start: UInt64, end: UInt64, exitCode: Int32)] {
        var runs: [(start: UInt64, end: UInt64, exitCode: Int32)] = []
        var started: UInt64?
        for event in events where event.id == id {
            if event.action == .start { started = event.time }
            if event.action == .die, let start = started {
                runs.append((start, event.time, event.exitCode ?? 0))
                started = nil
            }
        }
        return runs
    }

    private static func firstLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no output"
    }

    /// `850 ms`, `12.3 s`, `5 minutes`.
    private static func span(_ nanoseconds: UInt64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 60_000 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" }
        return milliseconds < 7_200_000 ? "\(milliseconds / 60_000) minutes" : "\(milliseconds / 3_600_000) hours"
    }
}

/// What a container wrote last on its standard error.
enum ErrorLines {
    static func last(_ count: Int, of path: String) throws(SystemError) -> [String] {
        guard let reader = try LogReader(path) else { return [] }
        // Among the last lines of both streams: the errors that belong to its end stand there.
        try reader.seekToLast(200)
        var lines: [String] = []
        while let record = try reader.next() {
            reader.withBytes { bytes in
                guard record.isError(in: bytes) else { return }
                lines.append(String(decoding: record.text(in: bytes).prefix(500), as: UTF8.self))
            }
        }
        return Array(lines.suffix(count))
    }
}
