// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core

/// Reads the values of a service's log options.
struct LogOptionReading {
    let service: Service

    init(_ service: Service) { self.service = service }

    func failure(_ option: KeyValue, _ text: String) -> Failure {
        let path = "logging.options.\(option.name)"
        return Failure("service \(service.name): \(path) '\(option.value)' \(text)", at: service.place(path))
    }

    /// About an option that is known to be there.
    func failure(_ name: String, _ text: String) -> Failure {
        let option = service.logging?.options.first { $0.name == name }
        return failure(option ?? KeyValue(name: name, value: ""), text)
    }

    /// A size as Docker's log drivers read it, in powers of 1000: `10m` are ten million bytes (go-units, `FromHumanSize`).
    func size(_ option: KeyValue) throws(Failure) -> Int { try size(option, power: 1000) }

    private func size(_ option: KeyValue, power base: Double) throws(Failure) -> Int {
        let text = option.value.lowercased()
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        var unit = text.dropFirst(number.count)
        if unit.first == " " { unit.removeFirst() }
        for ending in ["b", "i"] where unit.hasSuffix(ending) { unit.removeLast() }
        guard let value = Double(number), let power = ["", "k", "m", "g", "t", "p"].firstIndex(of: unit) else {
            throw failure(option, "is no size, such as 10m")
        }
        let bytes = (0..<power).reduce(value) { size, _ in size * base }
        guard bytes >= 1, bytes < 9e18 else { throw failure(option, "is not a positive size") }
        return Int(bytes)
    }

    /// A size in memory, in powers of 1024 as Docker reads those (go-units, `RAMInBytes`).
    func memory(_ option: KeyValue) throws(Failure) -> Int { try size(option, power: 1024) }

    func count(_ option: KeyValue) throws(Failure) -> Int {
        guard let count = Int(option.value), count >= 1 else { throw failure(option, "is no number from 1 on") }
        return count
    }

    func flag(_ option: KeyValue) throws(Failure) -> Bool {
        guard let value = truthValue(option.value) else { throw failure(option, "is neither true nor false") }
        return value
    }

    func tag(_ option: KeyValue) throws(Failure) -> LogTag {
        do throws(LogTag.ParseError) { return try LogTag(option.value) } catch {
            throw failure(option, error.description)
        }
    }

    /// The text of an extended regular expression.
    func pattern(_ option: KeyValue) throws(Failure) -> String {
        do throws(LinePattern.ParseError) { _ = try LinePattern(option.value) } catch {
            throw failure(option, "is no extended regular expression: \(error)")
        }
        return option.value
    }

    /// - Returns: whether `mode` is `non-blocking`.
    func isNonBlocking(_ mode: KeyValue) throws(Failure) -> Bool {
        guard let isNonBlocking = ["blocking": false, "non-blocking": true][mode.value] else {
            throw failure(mode, "is neither blocking nor non-blocking")
        }
        return isNonBlocking
    }
}
