// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Glibc
import Linux
import Runtime
import Supervisor

struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Print what happens to the stack's containers, as it happens.",
        discussion: """
            What has happened since the project came up is on record, and is forgotten when it goes down. A TIME is one as \
            of RFC 3339, seconds since 1970, or how long ago (10m).

            EXAMPLES
              trice events --json web
              trice events --since 10m --until 0s      what happened in the last ten minutes
            """)

    @Flag(help: "One JSON object a line.")
    var json = false
    @Option(help: ArgumentHelp("Begin with what happened from then on.", valueName: "TIME"))
    var since: String?
    @Option(help: ArgumentHelp("End with what happens before then.", valueName: "TIME"))
    var until: String?
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func validate() throws {
        for text in [since, until].compactMap({ $0 }) where Timestamp.nanoseconds(text) == nil {
            throw ValidationError("\(text) is neither a time such as 2026-01-02T15:04:05Z nor a duration such as 10m")
        }
    }

    /// As docker compose names the fields.
    private struct Line: Encodable {
        let action: String
        let attributes: [String: String]
        let id: String
        let service: String
        let time: String
        let type: String
    }

    func run() throws {
        let paths = try Context(Trice.global).paths()
        let end = until.flatMap(Timestamp.nanoseconds)
        let now = realTime()
        var begin = since.flatMap(Timestamp.nanoseconds)
        if let end, end <= now {
            // All of it is past: nobody need be asked.
            for event in try EventLog.read(paths, since: begin ?? now) where event.time < end { try show(event) }
            return
        }
        while true {
            // A supervisor stays while somebody listens.
            let client = try SupervisorClient.start(paths)
            try client.send(.events(since: begin))
            while try client.isReadable(until: end) {
                guard let (reply, _) = try client.next() else { break }
                guard case .event(let event) = reply else { continue }
                if let end, event.time >= end { return }
                // Where the supervisor is killed, the next one has what is on record.
                begin = event.time + 1
                try show(event)
            }
            if let end, realTime() >= end { return }
        }
    }

    private func show(_ event: Event) throws {
        guard event.kind == .container, services.isEmpty || services.contains(event.service) else { return }
        var attributes = ["name": event.name]
        attributes["image"] = event.image
        attributes["exitCode"] = event.exitCode.map(String.init)
        if json {
            let line = Line(
                action: event.action.rawValue, attributes: attributes, id: event.id, service: event.service,
                time: timestamp(event.time), type: "container")
            Output.line(String(decoding: try encodeJSON(line), as: UTF8.self))
        } else {
            let list = attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
            Output.line(
                "\(Timestamp.local(event.time)) container \(event.action.rawValue) \(event.id) (\(list))")
        }
    }
}

extension SupervisorClient {
    /// Waits for the next reply until an instant, in nanoseconds since 1970; for ever without one.
    ///
    /// - Returns: false where nothing came in time.
    func isReadable(until end: UInt64?) throws(SystemError) -> Bool {
        while true {
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let now = realTime()
            let left = end.map { $0 > now ? Int32(min(($0 - now) / 1_000_000 + 1, 1 << 30)) : 0 } ?? -1
            let count = poll(&polled, 1, left)
            if count > 0 { return true }
            if count < 0 && errno != EINTR { throw SystemError("poll") }
            if let end, realTime() >= end { return false }
        }
    }
}
