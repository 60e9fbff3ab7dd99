// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Supervisor

/// What is under way, as a tree of which service waits for which. Pure: events and instants in, lines out.
struct ProgressTree {
    /// What a service depends on, with the condition that it waits for.
    typealias Dependencies = [String: [(service: String, condition: Dependency.Condition)]]

    private struct Entry {
        let title: String
        let service: String
        var status: String
        var isDone = false
        var isFailed = false
        let began: UInt64
        var ended: UInt64?
    }

    private let dependencies: Dependencies
    private var entries: [Entry] = []
    private var places: [String: Int] = [:]
    /// Services whose containers run, are healthy, or have ended with 0.
    private var reached: [Dependency.Condition: Set<String>] = [:]

    /// Whether what is made is to be started, too.
    private let starts: Bool

    init(_ dependencies: Dependencies, starts: Bool = true) {
        (self.dependencies, self.starts) = (dependencies, starts)
    }

    var isEmpty: Bool { entries.isEmpty }
    var isPending: Bool { entries.contains { !isDone($0) } }

    private func isDone(_ entry: Entry) -> Bool { entry.isDone && waiting(entry).isEmpty }

    /// The words for an event, and whether it ends what was under way; nil for one that is not shown.
    static func words(for event: Event) -> (status: String, isDone: Bool)? { words[event.action] }

    private static let words: [Event.Action: (status: String, isDone: Bool)] = [
        .creating: ("Creating", false), .create: ("Created", true), .starting: ("Starting", false),
        .start: ("Started", true), .restarting: ("Restarting", false), .restart: ("Started", true),
        .stopping: ("Stopping", false), .stop: ("Stopped", true), .kill: ("Killed", true),
        .removing: ("Removing", false), .destroy: ("Removed", true), .healthy: ("Healthy", true),
        .unhealthy: ("Unhealthy", true), .failed: ("Error", true), .waiting: ("Waiting", false),
        .pause: ("Paused", true), .unpause: ("Running", true),
    ]

    static func title(of event: Event) -> String {
        switch event.kind {
        case .container: "Container \(event.name)"
        case .network: "Network \(event.name)"
        case .volume: "Volume \(event.name)"
        }
    }

    /// - Parameter now: of `EventLoop.now`, as in `lines`.
    mutating func take(_ event: Event, at now: UInt64) {
        switch event.action {
        case .start: reached[.started, default: []].insert(event.service)
        case .healthy: reached[.healthy, default: []].insert(event.service)
        case .die where event.exitCode == 0: reached[.completedSuccessfully, default: []].insert(event.service)
        default: break
        }
        guard let (status, isDone) = ProgressTree.words(for: event) else { return }
        let title = ProgressTree.title(of: event)
        let place = places[title] ?? entries.count
        if place == entries.count {
            places[title] = place
            entries.append(Entry(title: title, service: event.service, status: status, began: now))
        }
        entries[place].status = status
        (entries[place].isDone, entries[place].ended) = (isDone, isDone ? now : nil)
        entries[place].isFailed = event.action == .failed || event.action == .unhealthy
    }

    // MARK: The picture

    /// The tree for a terminal of this size.
    ///
    /// - Parameter paint: gives text a colour (SGR).
    func lines(columns: Int, rows: Int, now: UInt64, paint: (_ text: String, _ code: String) -> String) -> [String] {
        let done = entries.count { isDone($0) && !$0.isFailed }
        let head = paint("[+] \(done)/\(entries.count)", done == entries.count ? "34" : "33")
        let all = ordered
        let room = max(1, rows - 3)
        // Where the screen is too small, what still moves is shown first.
        let shown =
            all.count <= room
            ? all
            : Array((all.filter { !isDone(entries[$0.place]) } + all.filter { isDone(entries[$0.place]) }).prefix(room))
        let width = min(columns - 1, 100)
        // A sign, a status of twelve characters and a time want room; the kind of thing goes first.
        let most = max(10, width - 22)
        var labels = shown.map { "\($0.branch)\(entries[$0.place].title)" }
        if labels.contains(where: { $0.count > most }) {
            labels = shown.map { "\($0.branch)\(entries[$0.place].title.split(separator: " ").last ?? "")" }
        }
        let labelWidth = min(labels.map(\.count).max() ?? 0, most)
        var lines = [head]
        for (row, label) in zip(shown, labels) {
            let entry = entries[row.place]
            let isDone = isDone(entry)
            let colour = entry.isFailed ? "31" : isDone ? "32" : "34"
            let sign = entry.isFailed ? "✘" : isDone ? "✔" : "⠿"
            let name = label.count > labelWidth ? "\(label.prefix(labelWidth - 1))…" : label
            let padding = String(repeating: " ", count: labelWidth - name.count + 2)
            let tenths = Int((((isDone ? entry.ended : nil) ?? now) - entry.began) / 100_000_000)
            let time = "\(tenths / 10).\(tenths % 10)s"
            let free = width - 3 - labelWidth - 2 - time.count - 1
            let status = String((entry.status + waiting(entry)).prefix(max(8, free)))
            let gap = String(repeating: " ", count: max(1, width - 3 - labelWidth - 2 - status.count - time.count))
            lines.append(" \(paint(sign, colour)) \(name)\(padding)\(paint(status, colour))\(gap)\(paint(time, "34"))")
        }
        if all.count > room { lines.append("   … \(all.count - room) more") }
        return lines
    }

    /// `, waits for db, cache` for a container that is made and not started.
    private func waiting(_ entry: Entry) -> String {
        guard starts, entry.status == "Created" || entry.status == "Waiting" else { return "" }
        let missing = (dependencies[entry.service] ?? []).filter { dependency in
            isShown(dependency.service) && reached[dependency.condition]?.contains(dependency.service) != true
        }
        return missing.isEmpty ? "" : ", waits for \(missing.map(\.service).joined(separator: ", "))"
    }

    private func isShown(_ service: String) -> Bool { entries.contains { $0.service == service } }

    /// Networks and volumes, then each service below the one that it waits for longest.
    private var ordered: [(place: Int, branch: String)] {
        var children: [String: [Int]] = [:]
        var roots: [Int] = []
        for (place, entry) in entries.enumerated() {
            let above = entry.service.isEmpty ? nil : parent(of: entry.service)
            if let above { children[above, default: []].append(place) } else { roots.append(place) }
        }
        var result: [(place: Int, branch: String)] = []
        var seen = Set<String>()
        func add(_ place: Int, _ branch: String, _ indent: String) {
            result.append((place, branch))
            let service = entries[place].service
            // The service's last container has what depends on it below.
            let isLast = !entries[(place + 1)...].contains { $0.service == service }
            guard !service.isEmpty, isLast, seen.insert(service).inserted else { return }
            let below = (children[service] ?? []).sorted { entries[$0].title < entries[$1].title }
            for (index, child) in below.enumerated() {
                let isEnd = index == below.count - 1
                add(child, indent + (isEnd ? "└─ " : "├─ "), indent + (isEnd ? "   " : "│  "))
            }
        }
        // Side by side they come in any order; what the containers need stays before them, and what goes with them after.
        let first = entries.firstIndex { !$0.service.isEmpty } ?? entries.count
        let containers = roots.filter { !entries[$0].service.isEmpty }.sorted { entries[$0].title < entries[$1].title }
        let others = roots.filter { entries[$0].service.isEmpty }
        for place in others.filter({ $0 < first }) + containers + others.filter({ $0 > first }) { add(place, "", "") }
        return result
    }

    /// The dependency that is itself furthest from the beginning.
    private func parent(of service: String) -> String? {
        let shown = (dependencies[service] ?? []).map(\.service).filter { $0 != service && isShown($0) }
        return shown.max { (depth($0, []), $1) < (depth($1, []), $0) }
    }

    private func depth(_ service: String, _ above: Set<String>) -> Int {
        if above.contains(service) { return 0 }
        let next = (dependencies[service] ?? []).map(\.service).filter { isShown($0) }
        return (next.map { depth($0, above.union([service])) + 1 }.max()) ?? 0
    }
}

extension ProgressTree.Dependencies {
    init(_ project: Project?) {
        self.init()
        for service in project?.services ?? [] {
            self[service.name] = service.dependencies.map { ($0.service, $0.condition) }
        }
    }
}
