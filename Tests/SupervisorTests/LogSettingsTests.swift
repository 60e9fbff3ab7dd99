// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Runtime
import Testing

@testable import Supervisor

@Suite struct LogSettingsTests {
    struct Row: CustomTestStringConvertible {
        let driver: String?
        let options: [String: String]
        var rotation: LogRotation?
        var refusal: String?
        var testDescription: String { "\(driver ?? "no driver") \(options)" }
    }

    private static let rows = [
        Row(driver: nil, options: [:], rotation: LogRotation()),
        Row(driver: "json-file", options: [:], rotation: LogRotation()),
        Row(
            driver: "json-file", options: ["max-size": "10m", "max-file": "3"],
            rotation: LogRotation(largest: 10_000_000, files: 3)),
        Row(driver: nil, options: ["max-size": "1.5KiB"], rotation: LogRotation(largest: 1500)),
        Row(driver: nil, options: ["max-size": "200 kB"], rotation: LogRotation(largest: 200_000)),
        Row(
            driver: nil, options: ["max-size": "1g", "max-file": "2", "compress": "true", "mode": "blocking"],
            rotation: LogRotation(largest: 1_000_000_000, files: 2, compresses: true)),
        Row(driver: "local", options: [:], rotation: LogRotation(largest: 20 << 20, files: 5, compresses: true)),
        Row(
            driver: "local", options: ["compress": "false"],
            rotation: LogRotation(largest: 20 << 20, files: 5, compresses: false)),
        Row(driver: "local", options: ["max-file": "1"], rotation: LogRotation(largest: 20 << 20, files: 1)),
        Row(driver: "none", options: [:]),
        Row(driver: "none", options: ["max-size": "1m"], refusal: "max-size '1m' means nothing to the driver none"),
        Row(driver: nil, options: ["max-size": "10x"], refusal: "max-size '10x' is no size, such as 10m"),
        Row(driver: nil, options: ["max-size": "0"], refusal: "max-size '0' is not a positive size"),
        Row(driver: nil, options: ["max-size": "-1"], refusal: "max-size '-1' is no size, such as 10m"),
        Row(driver: nil, options: ["max-file": "0"], refusal: "max-file '0' is no number from 1 on"),
        Row(driver: nil, options: ["compress": "maybe"], refusal: "compress 'maybe' is neither true nor false"),
        Row(
            driver: nil, options: ["compress": "true"],
            refusal: "compress 'true' needs max-size, and a max-file of 2 or more"),
        Row(driver: nil, options: ["mode": "fast"], refusal: "mode 'fast' is neither blocking nor non-blocking"),
        Row(driver: nil, options: ["mode": "non-blocking", "max-buffer-size": "4m"], rotation: LogRotation()),
        Row(
            driver: nil, options: ["max-buffer-size": "4m"],
            refusal: "max-buffer-size '4m' goes with mode: non-blocking"),
        Row(
            driver: "local", options: ["labels": "a,b", "env-regex": "^A", "tag": "{{.Name}}"],
            rotation: LogRotation(largest: 20 << 20, files: 5, compresses: true)),
        Row(
            driver: nil, options: ["labels-regex": "(?i)a"],
            refusal:
                "labels-regex '(?i)a' is no extended regular expression: '(?' is not of the extended kind (grep -E): write plain parentheses"
        ),
        Row(
            driver: nil, options: ["env-regex": "["],
            refusal: "env-regex '[' is no extended regular expression: Invalid regular expression"),
        Row(
            driver: nil, options: ["syslog-format": "rfc3164"], refusal: "syslog-format 'rfc3164' is not supported yet"),
        Row(
            driver: "syslog", options: ["labels": "a"],
            refusal: "labels 'a' means nothing to the driver syslog: its messages have no fields"),
        Row(
            driver: "syslog", options: ["cache-max-size": "1m", "cache-max-file": "2"],
            rotation: LogRotation(largest: 1_000_000, files: 2, compresses: true)),
        Row(driver: "syslog", options: ["max-size": "1m"], refusal: "max-size '1m' is not supported yet"),
        Row(
            driver: "syslog", options: ["syslog-address": "tcp+tls://127.0.0.1"],
            refusal:
                "syslog-address 'tcp+tls://127.0.0.1' has a scheme that is not supported: unix, unixgram, udp and tcp are"
        ),
        Row(
            driver: "syslog", options: ["syslog-address": "udp://logs.test:514"],
            refusal:
                "syslog-address 'udp://logs.test:514' has a host that is neither localhost nor an address: no name is looked up for a log"
        ),
        Row(
            driver: "syslog", options: ["syslog-address": "udp://127.0.0.1:0"],
            refusal: "syslog-address 'udp://127.0.0.1:0' has no port from 1 to 65535"),
        Row(
            driver: "syslog", options: ["syslog-facility": "local8"],
            refusal: "syslog-facility 'local8' is no facility, such as daemon or local0"),
        Row(
            driver: "syslog", options: ["syslog-format": "rfc1"],
            refusal: "syslog-format 'rfc1' is none of rfc3164, rfc5424, rfc5424micro"),
        Row(
            driver: "syslog", options: ["max-buffer-size": "1m"],
            refusal: "max-buffer-size '1m' goes with mode: non-blocking"),
        Row(driver: "syslog", options: ["tag": "{{.ID"], refusal: "tag '{{.ID' has a {{ without its }}"),
        Row(
            driver: "journald", options: ["tag": "{{.Host}}"],
            refusal:
                "tag '{{.Host}}' has {{.Host}}, which is none of {{.ID}}, {{.FullID}}, {{.Name}}, {{.ImageID}}, {{.ImageFullID}}, {{.ImageName}}, {{.DaemonName}}"
        ),
    ]

    @Test("Log drivers and their options mean what they mean to Docker, or are refused", arguments: rows)
    func settings(_ row: Row) {
        var service = Service(
            name: "web", image: "x", location: SourceLocation(file: "compose.yaml", line: 1, column: 1))
        var logging = Logging()
        logging.driver = row.driver
        logging.options = row.options.sorted { $0.key < $1.key }.map { KeyValue(name: $0.key, value: $0.value) }
        service.logging = logging
        do throws(Failure) {
            #expect(try LogSettings(of: service).rotation == row.rotation)
            #expect(row.refusal == nil)
        } catch { #expect(error.message == row.refusal.map { "service web: logging.options.\($0)" }) }
    }

    @Test("Another driver is refused at its place")
    func driver() {
        let place = SourceLocation(file: "compose.yaml", line: 5, column: 15)
        var service = Service(name: "web", image: "x", location: SourceLocation(file: "c", line: 1, column: 1))
        service.logging = Logging()
        service.logging?.driver = "gelf"
        service.places["logging.driver"] = place
        #expect(
            throws: Failure(
                "service web: logging.driver 'gelf' is not supported yet", at: place,
                hint: "supported: json-file, local, none, syslog, journald")
        ) { try LogSettings(of: service) }
    }

    private func settings(_ driver: String?, _ options: [String: String]) throws -> LogSettings {
        var service = Service(name: "web", image: "x", location: SourceLocation(file: "c", line: 1, column: 1))
        service.logging = Logging()
        service.logging?.driver = driver
        service.logging?.options = options.sorted { $0.key < $1.key }.map { KeyValue(name: $0.key, value: $0.value) }
        return try LogSettings(of: service)
    }

    private func logService(_ driver: String, _ options: [String: String]) throws -> LogService {
        try #require(try settings(driver, options).service)
    }

    @Test(
        "Addresses of log services",
        arguments: [
            ("unix:///run/s", .unix("/run/s")), ("unixgram:///run/s", .unix("/run/s")),
            ("udp://127.0.0.1", .udp("127.0.0.1", 514)), ("tcp://localhost:6514", .tcp("127.0.0.1", 6514)),
            ("tcp://[::1]:10", .tcp("::1", 10)), ("udp://[::1]", .udp("::1", 514)),
        ] as [(String, LogAddress)])
    func address(_ row: (String, LogAddress)) throws {
        #expect(try logService("syslog", ["syslog-address": row.0]).address == row.1)
    }

    @Test("Without an address it is the host's own service, and blocking without a bound")
    func defaults() throws {
        let syslog = try logService("syslog", [:]), journal = try logService("journald", [:])
        #expect(syslog.address == .unix("/dev/log") && syslog.kind == .syslog(.local, facility: 3))
        #expect(journal.address == .unix("/run/systemd/journal/socket"))
    }

    @Test("A container waits for its log, unless the file bounds what waits", arguments: [nil, "local", "journald"])
    func queue(_ driver: String?) throws {
        #expect(try settings(driver, [:]).longestQueue == nil)
        #expect(try settings(driver, ["mode": "non-blocking"]).longestQueue == 1_000_000)
        let bounded = ["mode": "non-blocking", "max-buffer-size": "4m"]
        #expect(try settings(driver, bounded).longestQueue == 4 << 20)
    }
}
