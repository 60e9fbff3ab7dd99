// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// What `up --trace` writes down: how long each step of a start takes, in each of the processes that take part.
///
/// All of them append to one file, whose offset they share; each span is one line of the trace event format of Chrome and
/// Perfetto. Where no trace is asked for, a span costs one comparison.
package enum Trace {
    /// A process writes no more than so many spans, should nobody ever end its trace.
    private static let mostSpans = 200_000
    /// A kernel call that takes longer, in nanoseconds, is a span of its own.
    private static let slowCall: UInt64 = 1_000_000
    private static let longestSubject = 160

    // The processes that have these have a single thread.
    nonisolated(unsafe) private static var file: Int32 = -1
    nonisolated(unsafe) private static var process: Int32 = 0
    nonisolated(unsafe) private static var ownPID: pid_t = 0
    nonisolated(unsafe) private static var spansLeft = 0

    package static var isOn: Bool { file >= 0 }

    /// CLOCK_MONOTONIC in nanoseconds; 0 where nothing is written down.
    package static var now: UInt64 { isOn ? EventLoop.now : 0 }

    /// Writes down what this process does from now on.
    ///
    /// - Parameters:
    ///   - file: open for appending; closed by `end`.
    ///   - name: what the process is called in the trace.
    package static func begin(_ file: Descriptor, as name: String) {
        end()
        (self.file, spansLeft) = (file.release(), mostSpans)
        become(name)
    }

    /// This process is another one than that which began: its child.
    ///
    /// - Parameter name: what it is called; nil where somebody else says it.
    package static func become(_ name: String?) {
        guard isOn else { return }
        // As the host counts, which getpid(2) does not in a container.
        var link = [CChar](repeating: 0, count: 16)
        readlink("/proc/self", &link, link.count - 1)
        (process, ownPID) = (Int32(atoi(link)), getpid())
        if let name { self.name(process, as: name) }
    }

    package static func end() {
        if isOn { close(file) }
        file = -1
    }

    /// A copy of the file, to hand to another process.
    package static func copy() throws(SystemError) -> Descriptor {
        Descriptor(try check("fcntl") { trice_fcntl(file, F_DUPFD_CLOEXEC, 0) })
    }

    /// Runs a step, and writes down how long it took, whatever its end.
    package static func span<T, Problem: Error>(
        _ name: @autoclosure () -> String, _ body: () throws(Problem) -> T
    ) throws(Problem) -> T {
        guard isOn else { return try body() }
        let start = now
        defer { record(name(), since: start) }
        return try body()
    }

    /// Writes down a step that began at an instant of `now`, and ends at this one.
    ///
    /// - Parameter process: on whose track it stands; nil for this process.
    package static func record(_ name: @autoclosure () -> String, since start: UInt64, of process: Int32? = nil) {
        guard isOn, start > 0, spansLeft > 0 else { return }
        spansLeft -= 1
        let end = now, track = process ?? self.process
        write(
            "{\"ph\":\"X\",\"name\":\(quoted(name())),\"ts\":\(microseconds(start)),\"dur\":\(microseconds(end - start)),"
                + "\"pid\":\(track),\"tid\":\(track)}")
    }

    /// Writes down a kernel call that began at an instant of `now`, where it took long.
    package static func recordCall(_ name: String, _ subject: @autoclosure () -> String, since start: UInt64) {
        // In a child the call that made it is the parent's.
        guard isOn, now - start > slowCall, getpid() == ownPID else { return }
        let subject = subject().prefix { $0 != "\n" }.prefix(longestSubject)
        record(subject.isEmpty ? name : "\(name) \(subject)", since: start)
    }

    /// Says what a process is called in the trace.
    package static func name(_ process: Int32, as name: String) {
        write("{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":\(process),\"args\":{\"name\":\(quoted(name))}}")
    }

    private static func write(_ line: String) {
        guard isOn else { return }
        let bytes = Array("\(line)\n".utf8)
        // One call, so that lines of several processes stay whole. What does not fit is not worth failing for.
        _ = Glibc.write(file, bytes, bytes.count)
    }

    /// The trace event format counts in microseconds.
    private static func microseconds(_ nanoseconds: UInt64) -> String {
        let fraction = String(nanoseconds % 1000)
        return "\(nanoseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }

    /// As a string of JSON (RFC 8259).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..<" ": quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
