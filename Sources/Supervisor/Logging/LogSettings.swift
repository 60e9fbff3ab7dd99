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
        if let service = self.service, service.capacity != nil, !service.dropsLines {
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
        if service != nil {
            switch option.name {
            case "cache-max-size": rotation?.largest = try reading.size(option)
            case "cache-max-file": rotation?.files = try reading.count(option)
            case "cache-compress": rotation?.compresses = try reading.flag(option)
            default: try service?.take(option, reading)
            }
            return
        }
        switch option.name {
        case "max-size": rotation?.largest = try reading.size(option)
        case "max-file": rotation?.files = try reading.count(option)
        case "compress": rotation?.compresses = try reading.flag(option)
        case "mode" where option.value == "blocking": break
        case "mode" where option.value == "non-blocking":
            throw reading.failure(option, "is for syslog and journald: no container waits for a file to be reached")
        case "mode": throw reading.failure(option, "is neither blocking nor non-blocking")
        default: throw reading.failure(option, "is not supported yet")
        }
    }
}
