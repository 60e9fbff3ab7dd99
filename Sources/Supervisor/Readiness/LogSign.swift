// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux
import Runtime

/// A line of the container's output matches a pattern. A line of more than 16 KiB is looked at in parts.
final class LogSign: ReadinessSign {
    private let pattern: String
    private let compiled: LinePattern
    private var isSeen = false
    private var seen: (() -> Void)?

    init(_ pattern: String) throws(LinePattern.ParseError) {
        (self.pattern, compiled) = (pattern, try LinePattern(pattern))
    }

    var meaning: String { "a line matches '\(pattern)'" }

    /// The next line that is written.
    func take(_ line: UnsafeRawBufferPointer) {
        guard !isSeen, compiled.matches(line) else { return }
        isSeen = true
        seen?()
    }

    /// What an earlier supervisor has written to the log of this run.
    func take(_ log: String, from start: LogPosition) throws(SystemError) {
        guard let reader = try LogReader(log, from: start) else { return }
        while !isSeen, let record = try reader.next() { reader.withBytes { take(record.text(in: $0)) } }
    }

    func await(_ seen: @escaping () -> Void) {
        if isSeen { return seen() }
        self.seen = seen
    }

    func stop() { seen = nil }
}
