// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A value that says nothing most of the time: an empty list, or false.
package protocol Omissible: Codable, Hashable {
    /// What it is where nothing is said.
    static var omitted: Self { get }
}

extension Array: Omissible where Element: Codable & Hashable {
    package static var omitted: [Element] { [] }
}

extension Bool: Omissible {
    package static var omitted: Bool { false }
}

/// A property that is written only where it says something. A service has fifty such ones, of which a file gives a few: the others
/// were most of what it took to write a project down and to read it.
@propertyWrapper
package struct Sparse<Value: Omissible>: Codable, Hashable {
    package var wrappedValue: Value

    package init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws { wrappedValue = try Value(from: decoder) }

    package func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }
}

// What the compiler makes for a type with such a property calls these, since they say most exactly what is meant.
extension KeyedDecodingContainer {
    package func decode<Value>(_ type: Sparse<Value>.Type, forKey key: Key) throws -> Sparse<Value> {
        Sparse(wrappedValue: try decodeIfPresent(Value.self, forKey: key) ?? .omitted)
    }
}

extension KeyedEncodingContainer {
    package mutating func encode<Value>(_ value: Sparse<Value>, forKey key: Key) throws {
        if value.wrappedValue != .omitted { try encode(value.wrappedValue, forKey: key) }
    }
}

extension Sparse: Sendable where Value: Sendable {}
