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
        Row(driver: nil, options: ["mode": "non-blocking"], refusal: "mode 'non-blocking' is not supported yet"),
        Row(driver: nil, options: ["labels": "a,b"], refusal: "labels 'a,b' is not supported yet"),
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
                hint: "json-file, local and none are supported")
        ) { try LogSettings(of: service) }
    }
}
