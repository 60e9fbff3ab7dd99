// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Runtime

/// The log service that the drivers `syslog` and `journald` send to, and how.
package struct LogService: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case syslog(SyslogFormat.Kind = .local, facility: Int = 3)
        case journal
    }

    /// Where systemd's journal takes entries (systemd, JOURNAL_NATIVE_PROTOCOL).
    package static let journalSocket = "/run/systemd/journal/socket"
    /// Where syslog(3) finds the host's own.
    package static let syslogSocket = "/dev/log"
    package var kind: Kind
    package var address: LogAddress
    package var tag = LogTag.default
    /// What entries have as fields; journald only.
    package var attributes = LogAttributes()

    init(_ kind: Kind) {
        self.kind = kind
        address = .unix(kind == .journal ? LogService.journalSocket : LogService.syslogSocket)
    }

    mutating func take(_ option: KeyValue, _ reading: LogOptionReading) throws(Failure) {
        switch (option.name, kind) {
        case ("tag", _): tag = try reading.tag(option)
        case ("syslog-address", .syslog): address = try LogService.address(option, reading)
        case ("syslog-format", .syslog(_, let facility)):
            guard let kind = SyslogFormat.Kind(rawValue: option.value) else {
                throw reading.failure(option, "is none of rfc3164, rfc5424, rfc5424micro")
            }
            self.kind = .syslog(kind, facility: facility)
        case ("syslog-facility", .syslog(let kind, _)):
            let number = SyslogFormat.facilities[option.value] ?? Int(option.value)
            guard let number, (0...23).contains(number) else {
                throw reading.failure(option, "is no facility, such as daemon or local0")
            }
            self.kind = .syslog(kind, facility: number)
        case ("labels", .syslog), ("labels-regex", .syslog), ("env", .syslog), ("env-regex", .syslog):
            throw reading.failure(option, "means nothing to the driver syslog: its messages have no fields")
        default:
            guard kind == .journal, try attributes.take(option, reading) else {
                throw reading.failure(option, "is not supported yet")
            }
        }
    }

    /// `udp://192.0.2.1:514`, `tcp://[2001:db8::1]`, `unix:///dev/log`.
    private static func address(_ option: KeyValue, _ reading: LogOptionReading) throws(Failure) -> LogAddress {
        guard let colon = option.value.firstRange(of: "://") else {
            throw reading.failure(option, "is no address, such as udp://192.0.2.1:514 or unix:///dev/log")
        }
        let (scheme, rest) = (option.value[..<colon.lowerBound], String(option.value[colon.upperBound...]))
        switch scheme {
        case "unix", "unixgram":
            guard rest.hasPrefix("/"), rest.utf8.count <= 107 else {
                throw reading.failure(option, "is no absolute path of at most 107 bytes")
            }
            return .unix(rest)
        case "udp", "tcp":
            let (host, port) = try hostAndPort(rest, option, reading)
            return scheme == "udp" ? .udp(host, port) : .tcp(host, port)
        default: throw reading.failure(option, "has a scheme that is not supported: unix, unixgram, udp and tcp are")
        }
    }

    private static func hostAndPort(
        _ text: String, _ option: KeyValue, _ reading: LogOptionReading
    ) throws(Failure) -> (String, UInt16) {
        var (host, port) = (text, "514")
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            if !rest.isEmpty { port = rest.hasPrefix(":") ? String(rest.dropFirst()) : "" }
        } else if let colon = text.lastIndex(of: ":") {
            (host, port) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
        }
        if host == "localhost" { host = "127.0.0.1" }
        var bytes = in6_addr()
        guard inet_pton(AF_INET, host, &bytes) == 1 || inet_pton(AF_INET6, host, &bytes) == 1 else {
            throw reading.failure(
                option, "has a host that is neither localhost nor an address: no name is looked up for a log")
        }
        guard let number = UInt16(port), number > 0 else {
            throw reading.failure(option, "has no port from 1 to 65535")
        }
        return (host, number)
    }
}

extension LogService {
    /// How the lines of a container become messages.
    func format(for config: ContainerConfig, host: String) throws(LinePattern.ParseError) -> LogMessageFormat {
        let tag = tag.text(for: config)
        switch kind {
        case .syslog(let kind, let facility):
            return .syslog(SyslogFormat(kind, facility: facility, tag: tag, host: host, pid: getpid()))
        case .journal:
            var fields: [JournalFormat.Field] = [
                .init("CONTAINER_ID", String(config.id.prefix(12))), .init("CONTAINER_ID_FULL", config.id),
                .init("CONTAINER_NAME", config.name), .init("CONTAINER_TAG", tag), .init("SYSLOG_IDENTIFIER", tag),
                .init("IMAGE_NAME", config.image),
            ]
            for (name, value) in try attributes.fields(of: config).sorted(by: { $0.key < $1.key }) {
                fields.append(.init(JournalFormat.fieldName(name), value))
            }
            return .journal(JournalFormat(fields.filter { !$0.name.isEmpty }))
        }
    }
}
