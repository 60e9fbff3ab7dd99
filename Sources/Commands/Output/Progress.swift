// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Linux
import Supervisor

extension GlobalOptions {
    /// How progress is shown on standard error as it is: never `auto`.
    var progressKind: ProgressKind {
        guard (progress ?? .auto) == .auto else { return progress ?? .plain }
        let isDumb = Context.environment["TERM"] == "dumb"
        return ansi != .never && Output.terminalSize(of: 2) != nil && !isDumb ? .tty : .plain
    }
}

/// Shows what happens while a command works: a live tree on a terminal, one line an event elsewhere. On standard error.
final class Progress {
    private let kind: ProgressKind
    private let colour: Bool
    private var tree: ProgressTree
    private let area = LiveArea(on: 2)
    /// Tells that the command goes on after Ctrl-Z: what stands on the screen then is not the last picture.
    private let continued: CallerSignals?

    /// - Parameters:
    ///   - project: whose services depend on each other; asked for where they are shown.
    ///   - starts: whether what is made is to be started, too.
    init(
        _ global: GlobalOptions, of project: @autoclosure () throws -> Project? = nil, starts: Bool = true,
        isQuiet: Bool = false
    ) throws {
        kind = isQuiet ? .quiet : global.progressKind
        colour = Output.usesColour(global.ansi, on: 2)
        tree = ProgressTree(ProgressTree.Dependencies(kind == .tty ? try project() : nil), starts: starts)
        continued = kind == .tty ? try CallerSignals([SIGCONT]) : nil
    }

    func show(_ event: Event) {
        if kind == .tty {
            tree.take(event, at: EventLoop.now)
            return draw()
        }
        guard let (status, _) = ProgressTree.words(for: event) else { return }
        switch kind {
        case .quiet, .tty: return
        case .json: showJSON(event, status)
        case .plain, .auto:
            let detail = event.detail.map { ": \($0)" } ?? ""
            Output.standardError(" \(ProgressTree.title(of: event))  \(status)\(detail)\n")
        }
    }

    func warn(_ text: String) {
        area.erase()
        Output.standardError("warning: \(text)\n")
        draw()
    }

    /// Milliseconds until `tick` is to be called; nil where nothing moves.
    var interval: Int32? { kind == .tty && tree.isPending ? 100 : nil }

    /// Draws the times anew.
    func tick() {
        if continued?.next() != nil { area.leave() }
        draw()
    }

    /// Leaves the last picture on the screen.
    func finish() {
        draw()
        area.leave()
    }

    private func draw() {
        guard kind == .tty, !tree.isEmpty else { return }
        let size = Output.terminalSize(of: 2) ?? (columns: 80, rows: 24)
        area.draw(tree.lines(columns: size.columns, rows: size.rows, now: EventLoop.now, paint: paint))
    }

    private func paint(_ text: String, _ code: String) -> String { colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

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
}
