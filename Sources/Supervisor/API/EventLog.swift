// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Runtime

/// What happened to a project, on disk: one JSON object a line, in the order of time. It goes with the project.
///
/// Two files of bounded size: when `events` is full it becomes `events.1`, which was the one before.
package final class EventLog {
    /// Bytes of one file.
    private static let capacity = 1 << 20

    private let paths: ProjectPaths
    private let loop: EventLoop
    private var pending: [UInt8] = []

    init(_ paths: ProjectPaths, on loop: EventLoop) { (self.paths, self.loop) = (paths, loop) }

    /// Written when the current events are dealt with.
    func append(_ event: Event) {
        if pending.isEmpty { loop.soon { [unowned self] in self.flush() } }
        do { pending += try encodeJSON(event) + [UInt8(ascii: "\n")] } catch {
            log("an event of \(event.name) cannot be recorded: \(error)")
        }
    }

    func flush() {
        // A project that is down has no directory any more.
        guard !pending.isEmpty, exists(paths.state) else { return pending.removeAll() }
        do {
            let file = try Descriptor.open(paths.events, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
            var status = stat()
            try check("fstat", paths.events) { fstat(file.raw, &status) }
            if Int(status.st_size) > EventLog.capacity {
                try check("rename", paths.events) { rename(paths.events, "\(paths.events).1") }
                try Descriptor.open(paths.events, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600).writeAll(pending)
            } else {
                try file.writeAll(pending)
            }
        } catch { log("events cannot be recorded: \(error)") }
        pending.removeAll(keepingCapacity: true)
    }
}

extension EventLog {
    /// Those on record from an instant on, in nanoseconds since 1970.
    ///
    /// What a full disk or a killed supervisor cut off is no event.
    package static func read(_ paths: ProjectPaths, since: UInt64) throws -> [Event] {
        var events: [Event] = []
        for path in ["\(paths.events).1", paths.events] where exists(path) {
            for line in try readFile(path).split(separator: UInt8(ascii: "\n")) {
                guard let event = try? decodeJSON(Event.self, from: Array(line)), event.time >= since else { continue }
                events.append(event)
            }
        }
        return events
    }
}
