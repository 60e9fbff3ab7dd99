// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// A record of the log on its way to a destination.
package struct LogEntry {
    /// RFC 3339 in UTC with nine digits, as in the log.
    package var time: String
    package var isError: Bool
    /// Whether the line goes on in the next entry.
    package var isPartial: Bool
    package var text: [UInt8]

    package init(time: String, isError: Bool, isPartial: Bool = false, text: [UInt8]) {
        (self.time, self.isError, self.isPartial, self.text) = (time, isError, isPartial, text)
    }

    /// The severities of syslog (RFC 5424, section 6.2.1): error, informational.
    var severity: Int { isError ? 3 : 6 }
}

/// How an entry becomes the bytes of a message.
package enum LogMessageFormat: Hashable, Sendable {
    case syslog(SyslogFormat)
    case journal(JournalFormat)

    package func bytes(of entry: LogEntry) -> [UInt8] {
        switch self {
        case .syslog(let format): format.bytes(of: entry)
        case .journal(let format): format.bytes(of: entry)
        }
    }
}
