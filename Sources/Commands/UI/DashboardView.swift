// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The picture of a dashboard. Pure.
struct DashboardView {
    let columns: Int
    let rows: Int
    /// Gives text a colour (SGR), or leaves it as it is.
    let paint: (_ text: String, _ code: String) -> String

    static let keys = [
        ("↑ ↓  j k", "choose a container"), ("PgUp PgDn  b space", "turn the pages of the logs"),
        ("Home End  g G", "the first and the last lines"), ("← →", "the logs' left and right"),
        ("Tab  a", "the logs of all, or of the chosen one"), ("Enter  e", "a shell inside"),
        ("r", "restart the service"), ("s", "stop it, or start it"), ("p", "pause it, or let it go on"),
        ("u", "bring it up as the file says"), ("Ctrl-Z", "back to the shell; fg returns"),
        ("q  Ctrl-C", "leave; the stack stays"),
    ]

    /// How many lines of logs there is room for.
    func page(_ dashboard: Dashboard) -> Int { max(1, rows - 4 - tableRows(dashboard)) }

    /// The table takes what it needs, up to half of the screen.
    private func tableRows(_ dashboard: Dashboard) -> Int { min(max(1, dashboard.rows.count), max(1, (rows - 4) / 2)) }

    func lines(_ dashboard: Dashboard) -> [String] {
        var lines = [header(dashboard)]
        if dashboard.showsHelp {
            lines += ["", "  trice ui: the keys", ""]
            lines += DashboardView.keys.map { "  \(padded($0.0, 22))\($0.1)" }
            lines += ["", "  Any key goes back."]
        } else {
            lines += table(dashboard)
            lines.append(rule(dashboard))
            lines += log(dashboard)
        }
        lines = Array(lines.prefix(rows - 1))
        lines += Array(repeating: "", count: rows - 1 - lines.count)
        lines.append(footer(dashboard))
        return lines.map { TerminalText($0).cut(to: columns).text }
    }

    private func header(_ dashboard: Dashboard) -> String {
        let running = dashboard.rows.count { $0.isRunning }
        let processor = dashboard.rows.reduce(0) { $0 + ($1.processor.last ?? 0) }
        let memory = dashboard.rows.reduce(0) { $0 + ($1.memory.last ?? 0) }
        let left = " \(dashboard.project)   \(running) of \(dashboard.rows.count) running"
        let right = "CPU \(tenths(processor))%   MEM \(BinarySize.text(UInt64(memory))) "
        return paint(padded(left, columns - right.count) + right, "7")
    }

    // MARK: The table

    private static let figures = 6, amount = 8

    private func table(_ dashboard: Dashboard) -> [String] {
        let count = tableRows(dashboard)
        // The chosen one is always to be seen.
        let first = min(max(0, dashboard.place - count + 1), max(0, dashboard.rows.count - count))
        let shown = dashboard.rows.dropFirst(first).prefix(count)
        let spark = columns < 100 ? 8 : 20
        let fixed = 2 + 2 + 2 + DashboardView.figures + 1 + spark + 2 + DashboardView.amount + 1 + spark
        let name = min(max(7, dashboard.rows.map(\.name.count).max() ?? 0), max(7, (columns - fixed) / 2))
        let status = max(8, columns - fixed - name)
        let heading =
            "  " + padded("SERVICE", name) + "  " + padded("STATUS", status) + "  "
            + padded("CPU", DashboardView.figures + 1 + spark) + "  MEMORY"
        if dashboard.rows.isEmpty { return [paint(heading, "2"), "  nothing is there: trice up brings the stack up"] }
        return [paint(heading, "2")]
            + shown.map { row in
                let isChosen = row.id == dashboard.selected
                var words = row.status.isEmpty ? "not created" : row.status
                if !row.ports.isEmpty && columns >= 100 { words += "   \(row.ports)" }
                let text =
                    (isChosen ? "> " : "  ") + paint(padded(row.name, name), isChosen ? "1" : "0") + "  "
                    + paint(padded(words, status), colour(row)) + "  "
                guard row.isRunning, let processor = row.processor.last, let memory = row.memory.last else {
                    return text
                }
                return text + rightAligned("\(tenths(processor))%", DashboardView.figures) + " "
                    + paint(Sparkline.text(row.processor, columns: spark, most: 20), "36") + "  "
                    + rightAligned(BinarySize.text(UInt64(memory)), DashboardView.amount) + " "
                    + paint(Sparkline.text(row.memory, columns: spark, most: memory * 2), "35")
            }
    }

    private func colour(_ row: Dashboard.Row) -> String {
        switch (row.state, row.health) {
        case ("running", "unhealthy"): "31"
        case ("running", "starting"), ("restarting", _), ("paused", _): "33"
        case ("running", _): "32"
        case ("exited", _): row.exitCode == 0 ? "2" : "31"
        default: "2"
        }
    }

    // MARK: The logs

    private func rule(_ dashboard: Dashboard) -> String {
        let whose = dashboard.showsAllLogs ? "all" : dashboard.current?.name ?? ""
        let above = dashboard.scroll > 0 ? ", \(dashboard.scroll) lines before the end" : ""
        let title = "── logs of \(whose)\(above) "
        return paint(title + String(repeating: "─", count: max(0, columns - title.count)), "2")
    }

    private func log(_ dashboard: Dashboard) -> [String] {
        let end = max(0, dashboard.lines.count - dashboard.scroll)
        let shown = dashboard.lines[..<end].suffix(page(dashboard))
        let width = dashboard.rows.map(\.name.count).max() ?? 0
        let places = Dictionary(dashboard.rows.enumerated().map { ($0.element.name, $0.offset) }) { first, _ in first }
        return shown.map { line in
            let text = String(line.text.dropFirst(dashboard.shift))
            guard dashboard.showsAllLogs else { return text }
            let colours = LogPrinter.colours
            return paint("\(padded(line.name, width)) | ", colours[(places[line.name] ?? 0) % colours.count]) + text
        }
    }

    private func footer(_ dashboard: Dashboard) -> String {
        if !dashboard.message.isEmpty { return paint(" \(dashboard.message)", dashboard.isFailure ? "31" : "32") }
        return paint(" ↑↓ choose  a all logs/one's  r restart  s stop  e shell  ? all keys  q leave", "2")
    }
}

private func padded(_ text: String, _ columns: Int) -> String {
    let width = TerminalText(text).width
    if width > columns { return TerminalText(text).cut(to: max(0, columns - 1)).text + "…" }
    return text + String(repeating: " ", count: columns - width)
}

private func rightAligned(_ text: String, _ columns: Int) -> String {
    String(repeating: " ", count: max(0, columns - text.count)) + text
}

/// `0.0`
private func tenths(_ value: Double) -> String {
    let whole = Int((value * 10).rounded())
    return "\(whole / 10).\(whole % 10)"
}
