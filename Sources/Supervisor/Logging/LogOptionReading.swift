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

    func flag(_ option: KeyValue) throws(Failure) -> Bool {
        guard let value = truthValue(option.value) else { throw failure(option, "is neither true nor false") }
        return value
    }
}
