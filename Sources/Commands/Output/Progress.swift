// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Supervisor

/// Shows what happens while a command works: live lines on a terminal, one line an event elsewhere. On standard error.
final class Progress {
    private struct Entry {
        let title: String
        var status: String
        var isDone = false
        var isFailed = false
        let began: UInt64
        var ended: UInt64?
        var detail = ""
    }

    private let kind: ProgressKind
    private let colour: Bool
    private var entries: [Entry] = []
    private var places: [String: Int] = [:]
    private var drawnLines = 0
    private let width: Int
    private let height: Int

    init(_ global: GlobalOptions, isQuiet: Bool = false) {
        let terminal = Output.terminalSize(of: 2)
        let isDumb = Context.environment["TERM"] == "dumb"
        let isLive = global.ansi != .never && terminal != nil && !isDumb
        let asked = global.progress ?? .auto
        kind = isQuiet ? .quiet : asked == .auto ? (isLive ? .tty : .plain) : asked
        colour = Output.usesColour(global.ansi, on: 2)
        (width, height) = (terminal?.columns ?? 80, terminal?.rows ?? 24)
    }

    func show(_ event: Event) {
        guard let (status, isDone) = Progress.words[event.action] else { return }
        let title: String =
            switch event.kind {
            case .container: "Container \(event.name)"
            case .network: "Network \(event.name)"
            case .volume: "Volume \(event.name)"
            }
        switch kind {
        case .quiet: return
        case .json: showJSON(event, status)
        case .plain, .auto:
            Output.standardError(" \(title)  \(status)\(event.detail.map { ": \($0)" } ?? "")\n")
        case .tty:
            update(title, status, isDone: isDone, isFailed: event.action == .failed || event.action == .unhealthy)
        }
    }

    func warn(_ text: String) {
        erase()
        Output.standardError("warning: \(text)\n")
        draw()
    }

    /// Leaves the last picture on the screen.
    func finish() {
        if kind == .tty && !entries.isEmpty { redraw() }
        drawnLines = 0
    }

    private static let words: [Event.Action: (String, Bool)] = [
        .creating: ("Creating", false), .create: ("Created", true), .starting: ("Starting", false),
        .start: ("Started", true),
        .restarting: ("Restarting", false), .restart: ("Started", true), .stopping: ("Stopping", false),
        .stop: ("Stopped", true),
        .kill: ("Killed", true), .removing: ("Removing", false), .destroy: ("Removed", true),
        .healthy: ("Healthy", true),
        .unhealthy: ("Unhealthy", true), .failed: ("Error", true), .waiting: ("Waiting", false),
        .pause: ("Paused", true),
        .unpause: ("Running", true),
    ]

    private func showJSON(_ event: Event, _ status: String) {
        struct Line: Encodable {
            let id: String
            let status: String
            let kind: String
            let time: UInt64
            let detail: String?
        }
        let line = Line(
            id: event.name, status: status, kind: event.kind.rawValue, time: event.time, detail: event.detail)
        do { Output.standardError(String(decoding: try encodeJSON(line), as: UTF8.self) + "\n") } catch {
            Output.standardError("\(error)\n")
        }
    }

    // MARK: The live picture

    private func update(_ title: String, _ status: String, isDone: Bool, isFailed: Bool) {
        let now = EventLoop.now
        if places[title] == nil {
            places[title] = entries.count
            entries.append(Entry(title: title, status: status, began: now))
        }
        if let place = places[title] {
            entries[place].status = status
            entries[place].isDone = isDone
            entries[place].isFailed = isFailed
            entries[place].ended = isDone ? now : nil
        }
        redraw()
    }

    private func redraw() {
        erase()
        draw()
    }

    private func erase() {
        guard kind == .tty, drawnLines > 0 else { return }
        Output.standardError("\u{1B}[\(drawnLines)A\u{1B}[J")
        drawnLines = 0
    }

    private func draw() {
        guard kind == .tty, !entries.isEmpty else { return }
        let done = entries.count { $0.isDone && !$0.isFailed }
        var lines = [paint("[+] \(done)/\(entries.count)", done == entries.count ? "34" : "33")]
        let titleWidth = entries.map(\.title.count).max() ?? 0
        let room = max(1, height - 3)
        // Where the screen is too small, what still moves is shown first.
        let order = entries.count <= room ? entries : entries.filter { !$0.isDone } + entries.filter(\.isDone)
        for entry in order.prefix(room) {
            let seconds = Double((entry.ended ?? EventLoop.now) - entry.began) / 1e9
            let tenths = Int(seconds * 10)
            let sign = entry.isFailed ? paint("✘", "31") : entry.isDone ? paint("✔", "32") : paint("⠿", "34")
            let padding = String(repeating: " ", count: titleWidth - entry.title.count + 2)
            let status = paint(entry.status, entry.isFailed ? "31" : entry.isDone ? "32" : "34")
            let line = " \(sign) \(entry.title)\(padding)\(status)"
            let length = 3 + entry.title.count + padding.count + entry.status.count
            let time = "\(tenths / 10).\(tenths % 10)s"
            lines.append(
                line + String(repeating: " ", count: max(1, min(width, 100) - length - time.count - 1))
                    + paint(time, "34"))
        }
        if entries.count > room { lines.append("   … \(entries.count - room) more") }
        Output.standardError(lines.joined(separator: "\n") + "\n")
        drawnLines = lines.count
    }

    private func paint(_ text: String, _ code: String) -> String { colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
