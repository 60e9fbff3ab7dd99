// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// An object in the making: what says nothing is left out.
struct Fields {
    private(set) var fields: [Document.Field] = []

    var document: Document { .object(fields) }

    mutating func add(_ name: String, _ value: Document) {
        fields.append(Document.Field(name, value))
    }

    mutating func add(_ name: String, _ text: String?) {
        if let text, !text.isEmpty { add(name, .string(text)) }
    }

    mutating func add(_ name: String, _ number: Int?) {
        if let number { add(name, .int(Int64(number))) }
    }

    mutating func add(_ name: String, _ flag: Bool?) {
        if let flag { add(name, .bool(flag)) }
    }

    mutating func add(_ name: String, _ span: TimeSpan?) {
        if let span { add(name, .string(span.description)) }
    }

    mutating func add(_ name: String, _ size: ByteSize?) {
        if let size { add(name, .string(size.description)) }
    }

    mutating func addIfTrue(_ name: String, _ flag: Bool) {
        if flag { add(name, .bool(true)) }
    }

    mutating func add(_ name: String, _ strings: [String]) {
        addUnlessEmpty(name, strings.map { .string($0) })
    }

    mutating func add(_ name: String, _ labels: [Label]) {
        addUnlessEmpty(name, labels.map { Document.Field($0.name, .string($0.value)) })
    }

    mutating func add(_ name: String, _ options: [KeyValue]) {
        addUnlessEmpty(name, options.map { Document.Field($0.name, .string($0.value)) })
    }

    mutating func add(_ name: String, _ variables: [EnvironmentVariable]) {
        addUnlessEmpty(name, variables.map { Document.Field($0.name, $0.value.map { .string($0) } ?? .null) })
    }

    /// With the digits of a 32-bit number, which is what docker compose prints.
    mutating func addUnlessZero(_ name: String, _ number: Double?) {
        if let number, number != 0 { add(name, .double(Double("\(Float(number))") ?? number)) }
    }

    mutating func addUnlessEmpty(_ name: String, _ items: [Document]) {
        if !items.isEmpty { add(name, .array(items)) }
    }

    mutating func addUnlessEmpty(_ name: String, _ fields: [Document.Field]) {
        if !fields.isEmpty { add(name, .object(fields)) }
    }
}
