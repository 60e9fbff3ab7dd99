// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// `up --trace FILE`: what all processes of a start write down, as a file that Chrome's tracing and Perfetto read (the JSON of
/// the trace event format).
struct StartTrace {
    private let file: Descriptor
    private let events: Descriptor
    private let start: UInt64

    /// Opens the file before anything else happens, and begins.
    init(_ path: String) throws {
        file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        let events = try memoryFile("trace", [])
        // The kernel has no lock on the place that writers of a memory file share: without this they write over each other.
        try check("fcntl", "trace") { trice_fcntl(events.raw, F_SETFL, Int(O_APPEND)) }
        self.events = events
        Trace.begin(Descriptor(try check("fcntl") { trice_fcntl(events.raw, F_DUPFD_CLOEXEC, 0) }), as: "trice up")
        start = Trace.now
    }

    /// Ends it, and writes the file.
    func finish() throws {
        Trace.record("up", since: start)
        Trace.end()
        let lines = try readWhole(events.raw).split(separator: UInt8(ascii: "\n"))
        try file.writeAll("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n".utf8)
        try file.writeAll(Array(lines.joined(separator: ",\n".utf8)))
        try file.writeAll("\n]}\n".utf8)
    }
}
