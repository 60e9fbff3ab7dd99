// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import CLinux
import Compose
import Core
import Glibc
import Linux
import Reconciler
import Runtime
import Supervisor

struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what the services have written.",
        discussion: "Needs no supervisor: it reads the log files.")

    @Flag(name: [.short, .long], help: "Go on as it comes, until the containers have ended.")
    var follow = false
    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp("Only so many of the last lines: a number or all.", valueName: "LINES"))
    var tail = "all"
    @Flag(name: [.short, .long], help: "The time before each line.")
    var timestamps = false
    @Option(
        help: ArgumentHelp(
            "Only what was written from then on: a time (RFC 3339) or how long ago (10m).", valueName: "TIME"))
    var since: String?
    @Option(help: ArgumentHelp("Only what was written before.", valueName: "TIME"))
    var until: String?
    @Flag(help: "Before each line what the log driver's labels, env and tag choose, as docker logs --details does.")
    var details = false
    @Flag(help: "No service's name before each line.")
    var noLogPrefix = false
    @Flag(help: "No colours.")
    var noColor = false
    @Option(help: ArgumentHelp("Only the replica with this number.", valueName: "NUMBER"))
    var index: Int?
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func validate() throws {
        if tail != "all" && (Int(tail) ?? -1) < 0 { throw ValidationError("--tail wants a number or all, not \(tail)") }
        for text in [since, until].compactMap({ $0 }) where Timestamp.nanoseconds(text) == nil {
            throw ValidationError("\(text) is neither a time such as 2026-01-02T15:04:05Z nor a duration such as 10m")
        }
    }

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let records = try RecordStore(paths).chosen(services, context)
            .filter { !$0.state.reconciled.isOneOff && (index == nil || $0.config.number == index) }
        let format = LogFormat(
            prefix: !noLogPrefix, timestamps: timestamps,
            colour: !noColor && Output.usesColour(Trice.global.ansi, on: 1), details: details)
        let printer = LogPrinter(
            format, names: records.map(\.config.logName), since: since.flatMap(Timestamp.nanoseconds).map(timestamp),
            until: until.flatMap(Timestamp.nanoseconds).map(timestamp))
        let watch = try FileWatch()
        for record in records {
            try printer.add(record, paths, tail: Int(tail))
        }
        // Connected before the first look, so that no end is missed.
        let client = follow ? try SupervisorClient.connectIfActive(paths) : nil
        try client?.send(.events(since: nil))
        if follow { for record in records { try watch.add(paths.container(record.id)) } }
        try printer.printNew()
        guard let client else { return }
        try follow(printer, watch, client, paths, services: Set(services))
    }

    private func follow(
        _ printer: LogPrinter, _ watch: FileWatch, _ connected: SupervisorClient, _ paths: ProjectPaths,
        services: Set<String>
    ) throws {
        var client = connected
        while true {
            let running = try RecordStore(paths).current().filter { record in
                (services.isEmpty || services.contains(record.config.service)) && !record.state.reconciled.isOneOff
                    && record.isActive
            }
            for record in running {
                try printer.add(record, paths)
                try watch.add(paths.container(record.id))
            }
            try printer.printNew()
            if running.isEmpty { return }
            // Until a container starts or ends, only the logs matter.
            var isChanged = false
            while !isChanged {
                var polled = [
                    pollfd(fd: watch.descriptor.raw, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0),
                ]
                poll(&polled, 2, -1)
                if polled[0].revents != 0 {
                    // The record says of an end that no event has told: one that came before the events were asked for.
                    if watch.drain() { isChanged = true }
                    try printer.printNew()
                }
                if polled[1].revents != 0 {
                    guard let (reply, _) = try client.next() else {
                        // It was killed, and is back; or nothing runs any more.
                        guard let next = try SupervisorClient.connectIfActive(paths) else {
                            return try printer.printNew()
                        }
                        client = next
                        try client.send(.events(since: nil))
                        isChanged = true
                        continue
                    }
                    if case .event(let event) = reply, [.start, .restart, .die].contains(event.action) {
                        isChanged = true
                    }
                }
            }
        }
    }
}
