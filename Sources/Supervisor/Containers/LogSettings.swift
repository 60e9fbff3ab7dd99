// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Runtime

/// What `logging` asks for, with the meaning and the defaults of Docker's log drivers.
package struct LogSettings: Hashable, Sendable {
    /// How the log is kept; nil for the driver `none`.
    package var rotation: LogRotation?

    /// - Throws: `Failure` at the driver or the option that is wrong or not served.
    package init(of service: Service) throws(Failure) {
        let logging = service.logging ?? Logging()
        let reading = Reading(service)
        switch logging.driver {
        case nil, "", "json-file": rotation = LogRotation()
        case "local": rotation = LogRotation(largest: 20 << 20, files: 5, compresses: true)
        case "none": rotation = nil
        case let driver?:
            throw Failure(
                "service \(service.name): logging.driver '\(driver)' is not supported yet",
                at: service.place("logging.driver"), hint: "json-file, local and none are supported")
        }
        for option in logging.options { try take(option, reading) }
        guard let rotation, rotation.compresses, rotation.largest == nil || rotation.files < 2 else { return }
        guard let compress = logging.options.first(where: { $0.name == "compress" }) else {
            self.rotation?.compresses = false
            return
        }
        throw reading.failure(compress, "needs max-size, and a max-file of 2 or more")
    }

    private mutating func take(_ option: KeyValue, _ reading: Reading) throws(Failure) {
        guard rotation != nil else { throw reading.failure(option, "means nothing to the driver none") }
        switch option.name {
        case "max-size": rotation?.largest = try reading.size(option)
        case "max-file": rotation?.files = try reading.count(option)
        case "compress": rotation?.compresses = try reading.flag(option)
        case "mode" where option.value == "blocking": break
        case "mode" where option.value != "non-blocking":
            throw reading.failure(option, "is neither blocking nor non-blocking")
        default: throw reading.failure(option, "is not supported yet")
        }
    }
}

/// Reads the values of a service's log options.
private struct Reading {
    let service: Service

    init(_ service: Service) { self.service = service }

    func failure(_ option: KeyValue, _ text: String) -> Failure {
        let path = "logging.options.\(option.name)"
        return Failure("service \(service.name): \(path) '\(option.value)' \(text)", at: service.place(path))
    }

    /// A size as Docker's log drivers read it, in powers of 1000: `10m` are ten million bytes (go-units, `FromHumanSize`).
    func size(_ option: KeyValue) throws(Failure) -> Int {
        let text = option.value.lowercased()
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        var unit = text.dropFirst(number.count)
        if unit.first == " " { unit.removeFirst() }
        for ending in ["b", "i"] where unit.hasSuffix(ending) { unit.removeLast() }
        guard let value = Double(number), let power = ["", "k", "m", "g", "t", "p"].firstIndex(of: unit) else {
            throw failure(option, "is no size, such as 10m")
        }
        let bytes = (0..<power).reduce(value) { size, _ in size * 1000 }
        guard bytes >= 1, bytes < 9e18 else { throw failure(option, "is not a positive size") }
        return Int(bytes)
    }

    func count(_ option: KeyValue) throws(Failure) -> Int {
        guard let count = Int(option.value), count >= 1 else { throw failure(option, "is no number from 1 on") }
        return count
    }

    /// As Go's `strconv.ParseBool`, which Docker uses.
    func flag(_ option: KeyValue) throws(Failure) -> Bool {
        switch option.value {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default: throw failure(option, "is neither true nor false")
        }
    }
}
