// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What `trice ui` shows, and what its keys do. Pure: keys in, effects out.
struct Dashboard {
    /// A container, or a service that has none.
    struct Row: Hashable {
        /// The container's, or the service's name.
        var id: String
        var name: String
        var service: String
        var number: Int
        /// As `ps` says it: running, exited …; empty for a service without a container.
        var state: String
        var status: String
        var health = ""
        var exitCode: Int32 = 0
        var ports = ""
        /// Percent of one processor, and bytes, the newest last.
        var processor: [Double] = []
        var memory: [Double] = []

        var isRunning: Bool { state == "running" || state == "paused" }
    }

    enum Effect: Hashable {
        case quit, suspend
        /// A command of trice's about the service, as on the command line.
        case command([String])
        /// A shell in a container, on the whole terminal.
        case shell(service: String, number: Int)
        /// Other logs are to be shown.
        case follow
    }

    var project: String
    var rows: [Row] = []
    var lines: [LogLine] = []
    /// What the last command has come to.
    var message = ""
    var isFailure = false
    private(set) var selected = ""
    private(set) var showsAllLogs = true
    private(set) var showsHelp = false
    /// Lines between the last one shown and the log's end; columns left of the first one shown.
    private(set) var scroll = 0
    private(set) var shift = 0

    init(project: String) { self.project = project }

    var place: Int { rows.firstIndex { $0.id == selected } ?? 0 }
    var current: Row? { rows.isEmpty ? nil : rows[place] }

    /// The containers whose logs are to be shown.
    var followed: Set<String> { Set(showsAllLogs ? rows.map(\.id) : [selected]) }

    /// Takes what is there now. The choice stays with its container, or its place where that is gone.
    mutating func update(_ new: [Row]) {
        let old = place
        let service = current?.service
        rows = new
        if !rows.contains(where: { $0.id == selected }) {
            let successor = rows.first { $0.service == service } ?? rows.dropFirst(old).first ?? rows.last
            selected = successor?.id ?? ""
        }
    }

    /// So many lines have come: one who reads further up is not carried away.
    mutating func grew(by count: Int) {
        if scroll > 0 { scroll = min(scroll + count, max(0, lines.count - 1)) }
    }

    /// - Parameter page: lines that the log has room for.
    mutating func press(_ key: Key, page: Int) -> Effect? {
        if showsHelp {
            showsHelp = false
            if key != .character("q") && key != .control("c") { return nil }
        }
        message = ""
        switch key {
        case .character("q"), .control("c"): return .quit
        case .control("z"): return .suspend
        case .character("?"), .character("h"): showsHelp = true
        case .up, .character("k"): return choose(place - 1)
        case .down, .character("j"): return choose(place + 1)
        case .home, .character("g"): scroll = max(0, lines.count - page)
        case .end, .character("G"): scroll = 0
        case .pageUp, .character("b"): scroll = min(scroll + page, max(0, lines.count - page))
        case .pageDown, .character(" "): scroll = max(0, scroll - page)
        case .left: shift = max(0, shift - 20)
        case .right: shift += 20
        case .tab, .character("a"):
            (showsAllLogs, scroll, shift) = (!showsAllLogs, 0, 0)
            return .follow
        default: return act(key)
        }
        return nil
    }

    private mutating func choose(_ place: Int) -> Effect? {
        guard rows.indices.contains(place) else { return nil }
        selected = rows[place].id
        if showsAllLogs { return nil }
        (scroll, shift) = (0, 0)
        return .follow
    }

    private mutating func act(_ key: Key) -> Effect? {
        guard let row = current else { return nil }
        switch key {
        case .character("u"): return .command(["up", "-d", row.service])
        case .character("r"): return wants(!row.state.isEmpty, row, ["restart", row.service])
        case .character("s"):
            return wants(
                !row.state.isEmpty, row, [row.isRunning || row.state == "restarting" ? "stop" : "start", row.service])
        case .character("p"):
            return wants(row.isRunning, row, [row.state == "paused" ? "unpause" : "pause", row.service])
        case .enter, .character("e"):
            guard wants(row.state == "running", row, []) != nil else { return nil }
            return .shell(service: row.service, number: row.number)
        default: return nil
        }
    }

    private mutating func wants(_ holds: Bool, _ row: Row, _ command: [String]) -> Effect? {
        if holds { return .command(command) }
        (message, isFailure) = (
            row.state.isEmpty ? "\(row.name) is not there: u brings it up" : "\(row.name) does not run", true
        )
        return nil
    }
}
