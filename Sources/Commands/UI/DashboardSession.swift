// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Glibc
import Linux
import Reconciler
import Runtime
import Supervisor

/// A dashboard on a terminal: reads what there is, shows it, and does what the keys ask for.
final class DashboardSession {
    /// Nanoseconds between two looks at the counters, and at least between two pictures.
    private static let interval: UInt64 = 1_000_000_000
    private static let pause: UInt64 = 40_000_000
    /// Looks that are remembered of a container.
    private static let history = 60

    private let context: Context
    private let paths: ProjectPaths
    private let signals: CallerSignals
    private let files: FileWatch
    private let logs = LogTail()
    private let isColoured: Bool
    /// Those of the files, whether they have containers or not.
    private let services: [String]
    private var screen: FullScreen?
    private var dashboard: Dashboard
    private var samples: [String: Sample] = [:]
    private var uses: [String: (processor: [Double], memory: [Double])] = [:]
    private var commands: [BackgroundCommand] = []

    init(_ context: Context) throws {
        self.context = context
        paths = try context.paths()
        services = try context.projectIfThere()?.services.map(\.name) ?? []
        signals = try CallerSignals([SIGHUP, SIGINT, SIGTERM, SIGWINCH])
        files = try FileWatch()
        isColoured = Output.usesColour(context.global.ansi, on: 1)
        dashboard = Dashboard(project: paths.project)
    }

    func run() throws {
        screen = try FullScreen()
        defer { screen = nil }
        var (look, picture) = (UInt64(0), UInt64(0))
        var isDue = true
        while true {
            let now = EventLoop.now
            if now >= look {
                try measure()
                (look, isDue) = (now + DashboardSession.interval, true)
            }
            if isDue && now >= picture {
                draw()
                (picture, isDue) = (now + DashboardSession.pause, false)
            }
            let next = isDue ? min(look, picture) : look
            var polled = ([0, signals.descriptor.raw, files.descriptor.raw] + commands.map(\.errors.raw)).map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            let left = Int32((max(next, now) - now) / 1_000_000 + 1)
            guard poll(&polled, nfds_t(polled.count), left) > 0 else { continue }
            isDue = true
            if polled[0].revents != 0, try !readKeys() { return }
            if polled[1].revents != 0 { try takeSignals() }
            if polled[2].revents != 0 {
                if files.drain() { try list(records()) }
                dashboard.grew(by: try readLogs())
            }
            for (command, polled) in zip(commands, polled.dropFirst(3)) where polled.revents != 0 {
                try goOn(with: command)
            }
        }
    }

    private var view: DashboardView {
        let size = FullScreen.size
        let isColoured = isColoured
        return DashboardView(columns: size.columns, rows: size.rows) { text, code in
            // What is inverse or bold is so without colours, too.
            isColoured || code == "7" || code == "1" ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
        }
    }

    private func draw() { screen?.draw(view.lines(dashboard)) }

    // MARK: What there is

    /// Looks at the containers, and at what they use.
    private func measure() throws {
        let records = try records()
        let new = try Sample.all(of: records, paths, in: ProjectControlGroups.of(paths))
        for (id, sample) in new {
            var use = uses[id] ?? (processor: [], memory: [])
            if let earlier = samples[id] {
                use.processor = (use.processor + [sample.processorShare(since: earlier)]).suffix(
                    DashboardSession.history)
            }
            use.memory = (use.memory + [Double(sample.usage.memory)]).suffix(DashboardSession.history)
            uses[id] = use
        }
        samples = new
        uses = uses.filter { new[$0.key] != nil }
        try list(records)
    }

    private func records() throws -> [ContainerRecord] {
        try RecordStore(paths).current().filter { !$0.state.reconciled.isOneOff }
    }

    /// Shows the containers' states.
    private func list(_ records: [ContainerRecord]) throws {
        var rows = records.map { record -> Dashboard.Row in
            let row = PsRow(record.outline)
            return Dashboard.Row(
                id: record.id, name: record.config.logName, service: row.Service, number: record.config.number,
                state: row.State, status: row.Status, health: row.Health, exitCode: row.ExitCode, ports: row.Ports,
                processor: uses[record.id]?.processor ?? [], memory: uses[record.id]?.memory ?? [])
        }
        for name in services where !rows.contains(where: { $0.service == name }) {
            rows.append(Dashboard.Row(id: name, name: name, service: name, number: 1, state: "", status: ""))
        }
        dashboard.update(rows.sorted { ($0.service, $0.number) < ($1.service, $1.number) })
        try follow(records)
    }

    private func follow(_ records: [ContainerRecord]) throws {
        for directory in [paths.containers] + records.map({ paths.container($0.id) }) {
            do throws(SystemError) { try files.add(directory) } catch {
                // It has been removed since, or there is none yet: the next look will tell.
                guard error.errno == ENOENT else { throw error }
            }
        }
        try logs.follow(records.filter { dashboard.followed.contains($0.id) }, paths)
        try readLogs()
    }

    @discardableResult
    private func readLogs() throws -> Int {
        let count = try logs.readNew()
        dashboard.lines = logs.lines
        return count
    }

    // MARK: What is asked for

    /// - Returns: false where the user wants to leave, or the terminal is gone.
    private func readKeys() throws -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(0, &bytes, bytes.count)
        if count <= 0 { return count < 0 && errno == EINTR }
        for key in Key.all(in: Array(bytes[..<count])) {
            switch dashboard.press(key, page: view.page(dashboard)) {
            case .quit: return false
            case .suspend: try suspend()
            case .command(let words):
                commands.append(try BackgroundCommand(words))
                (dashboard.message, dashboard.isFailure) = ("trice \(words.joined(separator: " ")) …", false)
            case .shell(let service, let number): try openShell(service, number)
            case .follow: try list(records())
            case nil: break
            }
        }
        return true
    }

    private func takeSignals() throws {
        while let signal = signals.next() {
            guard signal != SIGWINCH else {
                screen?.forget()
                continue
            }
            screen = nil
            throw ExitCode(128 + signal)
        }
    }

    /// Stops as a program in a shell does at Ctrl-Z, and comes back with SIGCONT.
    private func suspend() throws {
        screen = nil
        kill(0, SIGTSTP)
        screen = try FullScreen()
    }

    private func openShell(_ service: String, _ number: Int) throws {
        screen = nil
        Output.line("A shell in \(service); exit, or Ctrl-D, leads back.")
        let shell = ["-c", "command -v bash >/dev/null && exec bash; exec sh"]
        let pid = try spawnOneself(["exec", "--index", String(number), service, "sh"] + shell, descriptors: [:])
        let code = try exitStatus(ofChild: pid).code
        if code >= 125 { (dashboard.message, dashboard.isFailure) = ("the shell ended with \(code)", true) }
        screen = try FullScreen()
    }

    private func goOn(with command: BackgroundCommand) throws {
        guard let outcome = try command.read() else { return }
        commands.removeAll { $0 === command }
        let what = "trice \(command.words.joined(separator: " "))"
        dashboard.isFailure = outcome.code != 0
        dashboard.message = outcome.code == 0 ? "\(what): done" : "\(what): \(outcome.error)"
        try list(records())
    }
}
