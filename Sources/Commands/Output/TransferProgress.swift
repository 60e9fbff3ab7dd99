// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Images
import Linux
import Registry

/// Shows how images come and go: on a terminal a line an image, with a bar over all of its layers, and under it a line for
/// each layer that is on its way; one line an image elsewhere. On standard error.
final class TransferProgress {
    private struct Layer {
        var state: TransferEvent.State
        var current: Int64
        var total: Int64
    }

    private struct Entry {
        let title: String
        var layers: [(digest: String, layer: Layer)] = []
        var status = ""
        var isDone = false
        var isFailed = false
        let began = EventLoop.now
        var ended: UInt64?
    }

    private let kind: ProgressKind
    private let colour: Bool
    /// `Pulling` and `Pulled`.
    private let words: (going: String, done: String)
    private var entries: [Entry] = []
    private let area = LiveArea(on: 2)
    private var lastDrawn: UInt64 = 0

    init(_ global: GlobalOptions, _ operation: TransferRequest.Operation, isQuiet: Bool) {
        kind = isQuiet ? .quiet : global.progressKind
        colour = Output.usesColour(global.ansi, on: 2)
        words =
            switch operation {
            case .push: ("Pushing", "Pushed")
            case .publish: ("Publishing", "Published")
            case .resolve: ("Resolving", "Resolved")
            default: ("Pulling", "Pulled")
            }
    }

    func show(_ event: TransferEvent) {
        if event.image.isEmpty { return }
        switch kind {
        case .quiet: return
        case .json:
            do { Output.standardError(String(decoding: try encodeJSON(event), as: UTF8.self) + "\n") } catch {
                Output.standardError("\(error)\n")
            }
            return
        case .plain, .auto, .tty: break
        }
        let place: Int
        if let there = entries.firstIndex(where: { $0.title == event.image }) {
            place = there
        } else {
            place = entries.count
            entries.append(Entry(title: event.image, status: words.going))
            if kind != .tty { Output.standardError(" Image \(event.image)  \(words.going)\n") }
        }
        switch event.kind {
        case .progress:
            guard let digest = event.layer, let state = event.state else { break }
            let layer = Layer(state: state, current: event.current ?? 0, total: event.total ?? 0)
            if let known = entries[place].layers.firstIndex(where: { $0.digest == digest }) {
                entries[place].layers[known].layer = layer
            } else {
                entries[place].layers.append((digest, layer))
            }
        case .done, .failed:
            entries[place].isDone = true
            entries[place].isFailed = event.kind == .failed
            entries[place].ended = EventLoop.now
            entries[place].status =
                event.kind == .failed ? "Error" : event.isUnchanged == true ? "Up to date" : words.done
            if kind != .tty { Output.standardError(" Image \(event.image)  \(entries[place].status)\n") }
        }
        // Often enough for an eye; what ends is shown at once.
        if kind == .tty, event.kind != .progress || EventLoop.now - lastDrawn > 50_000_000 { redraw() }
    }

    /// Leaves the last picture on the screen.
    func finish() {
        if kind == .tty && !entries.isEmpty { redraw() }
        area.leave()
    }

    private func redraw() {
        let size = Output.terminalSize(of: 2) ?? (80, 24)
        var lines = [
            paint("[+] \(words.going) \(entries.count { $0.isDone && !$0.isFailed })/\(entries.count)", "34")
        ]
        for entry in entries {
            lines.append(line(entry, width: size.columns))
            if entry.isDone { continue }
            for (digest, layer) in entry.layers where [.downloading, .uploading, .retrying].contains(layer.state) {
                lines.append(line(digest, layer, width: size.columns))
            }
        }
        let room = max(2, size.rows - 2)
        if lines.count > room { lines = lines.prefix(room - 1) + ["   … \(lines.count - room + 1) more"] }
        area.draw(lines)
        lastDrawn = EventLoop.now
    }

    private func line(_ entry: Entry, width: Int) -> String {
        let sign = entry.isFailed ? paint("✘", "31") : entry.isDone ? paint("✔", "32") : paint("⠿", "34")
        let tenths = Int(((entry.ended ?? EventLoop.now) - entry.began) / 100_000_000)
        let time = "\(tenths / 10).\(tenths % 10)s"
        var detail = ""
        let total = entry.layers.reduce(0) { $0 + $1.layer.total }
        if !entry.isDone && total > 0 {
            let current = entry.layers.reduce(0) { $0 + $1.layer.current }
            detail = "  \(SizeText.text(current))/\(SizeText.text(total))"
        }
        let room = max(8, width - 6 - entry.status.count - detail.count - time.count)
        let title = entry.title.count > room ? "…" + entry.title.suffix(room - 1) : entry.title
        let length = 3 + title.count + 2 + entry.status.count + detail.count
        let status = paint(entry.status, entry.isFailed ? "31" : entry.isDone ? "32" : "34")
        return " \(sign) \(title)  \(status)\(detail)"
            + String(repeating: " ", count: max(1, min(width, 100) - length - time.count - 1)) + paint(time, "34")
    }

    private func line(_ digest: String, _ layer: Layer, width: Int) -> String {
        let share = layer.total > 0 ? Double(layer.current) / Double(layer.total) : 0
        let sizes = " \(SizeText.text(layer.current))/\(SizeText.text(layer.total))"
        let room = max(0, min(30, width - 20 - sizes.count))
        let full = min(room, Int(share * Double(room)))
        let bar = String(repeating: "━", count: full) + String(repeating: "─", count: room - full)
        let mark = layer.state == .retrying ? " retrying" : ""
        return "   \(digest.dropFirst(7).prefix(12)) \(paint(bar, "34"))\(sizes)\(mark)"
    }

    private func paint(_ text: String, _ code: String) -> String { colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
