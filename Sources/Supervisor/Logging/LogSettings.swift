// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Runtime

/// What `logging` asks for, with the meaning and the defaults of Docker's log drivers.
package struct LogSettings: Hashable, Sendable {
    /// How the log is kept; nil for the driver `none`.
    package var rotation: LogRotation?
    /// Where the log is brought besides; nil for drivers that are files.
    package var service: LogService?
    /// What stands with each line of a file.
    package var attributes = LogAttributes()
    /// `mode: non-blocking`: what is too much to wait is left out.
    private var dropsLines = false
    private var capacity: Int?

    /// Bytes that may wait; nil for any number.
    package var longestQueue: Int? { dropsLines ? capacity ?? LogSettings.defaultCapacity : nil }

    /// Bytes that wait with `mode: non-blocking`, as with Docker (moby, daemon/logger/ring.go).
    private static let defaultCapacity = 1_000_000
    private static let drivers = ["json-file", "local", "none", "syslog", "journald"]
    /// Of the driver `local`, and of what Docker keeps for `docker logs` where the driver is no file.
    private static let local = LogRotation(largest: 20 << 20, files: 5, compresses: true)

    /// - Throws: `Failure` at the driver or the option that is wrong or not served.
    package init(of service: Compose.Service) throws(Failure) {
        let logging = service.logging ?? Logging()
        let reading = LogOptionReading(service)
        switch logging.driver {
        case nil, "", "json-file": rotation = LogRotation()
        case "local": rotation = LogSettings.local
        case "none": rotation = nil
        case "syslog": (rotation, self.service) = (LogSettings.local, LogService(.syslog()))
        case "journald": (rotation, self.service) = (LogSettings.local, LogService(.journal))
        case let driver?:
            throw Failure(
                "service \(service.name): logging.driver '\(driver)' is not supported yet",
                at: service.place("logging.driver"), hint: "supported: \(LogSettings.drivers.joined(separator: ", "))")
        }
        for option in logging.options { try take(option, reading) }
        if capacity != nil, !dropsLines {
            throw reading.failure("max-buffer-size", "goes with mode: non-blocking")
        }
        guard let rotation, rotation.compresses, rotation.largest == nil || rotation.files < 2 else { return }
        guard let compress = logging.options.first(where: { $0.name.hasSuffix("compress") }) else {
            self.rotation?.compresses = false
            return
        }
        throw reading.failure(compress, "needs max-size, and a max-file of 2 or more")
    }

    private mutating func take(_ option: KeyValue, _ reading: LogOptionReading) throws(Failure) {
        guard rotation != nil else { throw reading.failure(option, "means nothing to the driver none") }
        switch (option.name, service) {
        case ("mode", _): dropsLines = try reading.isNonBlocking(option)
        case ("max-buffer-size", _): capacity = try reading.memory(option)
        case ("max-size", nil), ("cache-max-size", .some): rotation?.largest = try reading.size(option)
        case ("max-file", nil), ("cache-max-file", .some): rotation?.files = try reading.count(option)
        case ("compress", nil), ("cache-compress", .some): rotation?.compresses = try reading.flag(option)
        case (_, .some): try service?.take(option, reading)
        case (_, nil):
            guard try attributes.take(option, reading) else { throw reading.failure(option, "is not supported yet") }
        }
    }
}
