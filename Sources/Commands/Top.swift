// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import CLinux
import Core
import Glibc
import Linux
import Runtime
import Supervisor

struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "List the processes of the stack's containers.",
        discussion: """
            EXAMPLES
              trice top
              trice top --follow web      live, until Ctrl-C
            """)

    @Flag(name: [.short, .long], help: "Show them anew each second, until Ctrl-C.")
    var follow = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let area = follow && isatty(1) == 1 ? LiveArea(on: 1) : nil
        while true {
            let text = try table(context, paths)
            if let area {
                area.draw(text.split(separator: "\n").map(String.init))
            } else {
                Output.standardOutput(text)
            }
            if !follow { return }
            poll(nil, 0, Top.interval)
        }
    }

    /// Milliseconds between two looks.
    private static let interval: Int32 = 1000

    private func table(_ context: Context, _ paths: ProjectPaths) throws -> String {
        let hierarchy = try ProjectControlGroups.of(paths)
        let clock = ProcessClock()
        var table = Table("SERVICE", "#", "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD")
        for record in try RecordStore(paths).chosen(services, context) where record.isActive {
            let group = paths.cgroup(record.id, in: hierarchy)
            for pid in try group.processes(of: record.state.process?.pid).sorted() {
                // One that has ended since is not listed.
                guard let process = try ProcessLine(pid, clock, record.config.ids) else { continue }
                table.add(
                    record.config.service, String(record.config.number), process.user, String(pid),
                    String(process.parent), String(process.share), process.start, process.terminal, process.time,
                    process.command)
            }
        }
        return table.text
    }
}

/// What ps(1) counts in: clock ticks since boot.
private struct ProcessClock {
    let ticks = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
    let boot: time_t
    let now = time(nil)

    init() {
        var up = timespec()
        clock_gettime(CLOCK_BOOTTIME, &up)
        boot = time(nil) - up.tv_sec
    }
}

/// A process as `ps -ef` shows it; the fields are those of proc(5).
private struct ProcessLine {
    let user: String
    let parent: Int32
    /// Percent of a processor since its start.
    let share: Int
    let start: String
    let terminal: String
    let time: String
    let command: String

    /// Nil where the process has ended.
    ///
    /// - Parameter ids: of the container, whose users are named as they are inside.
    init?(_ pid: Int32, _ clock: ProcessClock, _ ids: IDMapping?) throws(SystemError) {
        var status = stat()
        let text: String, arguments: [UInt8]
        do throws(SystemError) {
            text = try readText("/proc/\(pid)/stat")
            arguments = try readFile("/proc/\(pid)/cmdline")
            try check("stat", "/proc/\(pid)") { lstat("/proc/\(pid)", &status) }
        } catch {
            if error.errno == ENOENT || error.errno == ESRCH { return nil }
            throw error
        }
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let parent = Int32(fields[1]), let device = UInt32(fields[4]),
            let user = UInt64(fields[11]), let system = UInt64(fields[12]), let began = UInt64(fields[19])
        else { return nil }
        let owner = ids.map { status.st_uid >= $0.base ? status.st_uid - $0.base : status.st_uid } ?? status.st_uid
        self.user = getpwuid(owner).map { String(cString: $0.pointee.pw_name) } ?? String(owner)
        self.parent = parent
        let seconds = Int((user + system) / clock.ticks)
        var born = clock.boot + time_t(began / clock.ticks)
        let age = Int(clock.now - born)
        share = age > 0 ? seconds * 100 / age : 0
        var parts = tm()
        localtime_r(&born, &parts)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        start = "\(two(Int(parts.tm_hour))):\(two(Int(parts.tm_min)))"
        // tty(4) numbers: 136 and up are pseudoterminals.
        let major = device >> 8 & 0xfff
        terminal = (136...143).contains(major) ? "pts/\((major - 136) * 256 + device & 0xff)" : "?"
        time = "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        let words = arguments.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        command = words.isEmpty ? "[\(text[..<end].drop { $0 != "(" }.dropFirst())]" : words.joined(separator: " ")
    }
}
