// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// Messages of syslog as Docker's driver of that name writes them (moby, daemon/logger/syslog), each ended by a line break,
/// by which a stream is taken apart (RFC 6587, section 3.4.2). The time is that of the line, not of the sending.
package struct SyslogFormat: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        /// What syslog(3) writes to the local socket: no host.
        case local = ""
        case rfc3164, rfc5424, rfc5424micro
    }

    /// Names of facilities (RFC 5424, section 6.2.1), by their number; those without a name are not chosen by one.
    package static let facilities: [String: Int] = {
        let names = [
            "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
        ]
        var numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        for local in 0...7 { numbers["local\(local)"] = 16 + local }
        return numbers
    }()

    package var kind: Kind
    package var facility: Int
    package var tag: String
    package var host: String
    package var pid: Int32

    package init(_ kind: Kind = .local, facility: Int = 3, tag: String, host: String, pid: Int32) {
        (self.kind, self.facility, self.tag, self.host, self.pid) = (kind, facility, tag, host, pid)
    }

    func bytes(of entry: LogEntry) -> [UInt8] {
        let priority = facility * 8 + entry.severity
        let head =
            switch kind {
            case .local: "<\(priority)>\(clock(entry.time)) \(tag)[\(pid)]: "
            case .rfc3164: "<\(priority)>\(clock(entry.time)) \(host) \(tag)[\(pid)]: "
            case .rfc5424: "<\(priority)>1 \(entry.time.prefix(19))Z \(host) \(tag) \(pid) \(tag) - "
            case .rfc5424micro: "<\(priority)>1 \(entry.time.prefix(26))Z \(host) \(tag) \(pid) \(tag) - "
            }
        return Array(head.utf8) + entry.text + [10]
    }

    /// `Jan  2 15:04:05` in the host's zone (RFC 3164, section 4.1.2).
    private func clock(_ time: String) -> String {
        func number(_ start: Int, _ count: Int) -> Int32 { Int32(time.dropFirst(start).prefix(count)) ?? 0 }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (number(0, 4) - 1900, number(5, 2) - 1, number(8, 2))
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (number(11, 2), number(14, 2), number(17, 2))
        var seconds = timegm(&parts)
        localtime_r(&seconds, &parts)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func digits(_ value: Int32, _ fill: String) -> String { value < 10 ? "\(fill)\(value)" : "\(value)" }
        return "\(months[Int(parts.tm_mon) % 12]) \(digits(parts.tm_mday, " ")) \(digits(parts.tm_hour, "0")):"
            + "\(digits(parts.tm_min, "0")):\(digits(parts.tm_sec, "0"))"
    }
}
