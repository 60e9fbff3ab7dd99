// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux

/// Lines that a log does not have because it could not be written: the container goes on without them, and the log says
/// so as soon as it can be written again.
struct LogLoss {
    private(set) var lines = 0
    private(set) var reason: SystemError?

    init() {}

    /// Goes on with what a killed writer has lost.
    init(lines: Int, errno: Int) {
        if errno != 0 { (self.lines, reason) = (lines, SystemError("write", errno: Int32(errno))) }
    }

    mutating func add(_ records: [UInt8], _ error: SystemError) {
        if reason == nil { log("a container's log cannot be written: \(error)") }
        reason = error
        lines += records.count { $0 == 10 }
    }

    /// A record that stands for what is missing; nil where nothing is.
    func note(at time: UInt64) -> [UInt8]? {
        guard let reason else { return nil }
        var note: [UInt8] = []
        var stream = LogStream(name: "stderr")
        Array("trice: \(lines) lines are missing here: \(reason)\n".utf8).withUnsafeBytes {
            stream.write($0, time: time, to: &note)
        }
        return note
    }

    /// The log has the note.
    mutating func end() {
        guard reason != nil else { return }
        log("a container's log can be written again; \(lines) lines are missing in it")
        (lines, reason) = (0, nil)
    }
}
