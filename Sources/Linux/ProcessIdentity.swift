// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc

/// A process that cannot be mistaken for a later one with the same number.
package struct ProcessIdentity: Hashable, Sendable, Codable {
    package var pid: Int32
    /// When it started, in clock ticks since boot: field 22 of `/proc/PID/stat`, see proc(5).
    package var startTime: UInt64

    package init(pid: Int32, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }

    /// The process that has this number now; nil where there is none, or it has ended and is not reaped yet.
    package init?(runningPID pid: Int32) {
        guard let stat = try? readFile("/proc/\(pid)/stat", limit: 1 << 16) else { return nil }
        // The command's name stands in parentheses and may hold anything, so count from the last parenthesis.
        guard let end = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = stat[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, fields[0] != [UInt8(ascii: "Z")][...], fields[0] != [UInt8(ascii: "X")][...],
            let start = UInt64(String(decoding: fields[19], as: UTF8.self))
        else { return nil }
        self.init(pid: pid, startTime: start)
    }

    /// A descriptor of exactly this process; nil where it is gone.
    package func openPidfd() -> Descriptor? {
        let raw = trice_pidfd_open(pid, 0)
        guard raw >= 0 else { return nil }
        let pidfd = Descriptor(raw)
        return ProcessIdentity(runningPID: pid) == self ? pidfd : nil
    }
}

/// How a process ended.
package enum ExitStatus: Hashable, Sendable, Codable {
    case exited(Int32)
    case signaled(Int32)
    /// It ended while nobody who could ask the kernel was there.
    case unknown

    /// From the status of wait(2).
    package init(waitStatus status: Int32) {
        self = trice_wifsignaled(status) != 0 ? .signaled(trice_wtermsig(status)) : .exited(trice_wexitstatus(status))
    }

    /// What a shell shows: 128 + n for signal n; 255 where it is not known.
    package var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        case .unknown: 255
        }
    }
}

extension ExitStatus {
    package init(from decoder: any Decoder) throws {
        let it = try DecodedCase(decoder)
        switch it.name {
        case "exited": self = .exited(try it["_0"])
        case "signaled": self = .signaled(try it["_0"])
        case "unknown": self = .unknown
        default: throw it.unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .exited(let value): try encoder.encode(value, of: "exited")
        case .signaled(let value): try encoder.encode(value, of: "signaled")
        case .unknown: encoder.values(of: "unknown")
        }
    }
}

/// The number of a signal named as `SIGTERM`, `TERM`, `term`, `RTMIN+3` or `15`.
package func signalNumber(_ name: String) -> Int32? {
    if let number = Int32(name) { return (1...64).contains(number) ? number : nil }
    var upper = name.uppercased()
    if upper.hasPrefix("SIG") { upper.removeFirst(3) }
    if let number = signalNames[upper] { return number }
    if upper.hasPrefix("RTMIN+"), let offset = Int32(upper.dropFirst(6)), (0...30).contains(offset) {
        return 34 + offset
    }
    if upper.hasPrefix("RTMAX-"), let offset = Int32(upper.dropFirst(6)), (0...30).contains(offset) {
        return 64 - offset
    }
    return nil
}

/// signal(7), Linux on x86 and ARM.
private let signalNames: [String: Int32] = [
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "IOT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
    "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CLD": 17, "CONT": 18,
    "STOP": 19,
    "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28,
    "IO": 29, "POLL": 29, "PWR": 30, "SYS": 31, "RTMIN": 34, "RTMAX": 64,
]
