// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A value of JSON or YAML with the order of its keys kept: what is rendered, and what extension fields hold.
package enum Document: Codable, Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case unsigned(UInt64)
    case double(Double)
    case string(String)
    case array([Document])
    case object([Field])

    package struct Field: Codable, Hashable, Sendable {
        package var name: String
        package var value: Document

        package init(_ name: String, _ value: Document) {
            self.name = name
            self.value = value
        }
    }

    /// The value of a field of an object. Linear.
    package subscript(name: String) -> Document? {
        guard case .object(let fields) = self else { return nil }
        return fields.first { $0.name == name }?.value
    }

    /// The names of the fields of an object.
    package var names: [String] {
        if case .object(let fields) = self { fields.map(\.name) } else { [] }
    }
}
