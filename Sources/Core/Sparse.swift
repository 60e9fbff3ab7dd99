// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A value that says nothing most of the time: an empty list, zero, or false.
package protocol Omissible: Codable, Hashable {
    /// What it is where nothing is said.
    static var omitted: Self { get }
}

extension Array: Omissible where Element: Codable & Hashable {
    package static var omitted: [Element] { [] }
}

extension Dictionary: Omissible where Key == String, Value: Codable & Hashable {
    package static var omitted: [String: Value] { [:] }
}

extension Bool: Omissible {
    package static var omitted: Bool { false }
}

extension Int: Omissible {
    package static var omitted: Int { 0 }
}

extension Int32: Omissible {
    package static var omitted: Int32 { 0 }
}

extension UInt64: Omissible {
    package static var omitted: UInt64 { 0 }
}

extension String: Omissible {
    package static var omitted: String { "" }
}

/// A property that is written only where it says something. A service has fifty such ones, of which a file gives a few: the others
/// were most of what it took to write a project down and to read it.
///
/// The type itself asks nothing of the value, as that would be looked up for each type whenever one with such a property is copied
/// first.
@propertyWrapper
package struct Sparse<Value> {
    package var wrappedValue: Value

    package init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}

extension Sparse: Codable where Value: Omissible {
    package init(from decoder: any Decoder) throws { wrappedValue = try Value(from: decoder) }

    package func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }
}

extension Sparse: Equatable where Value: Equatable {}
extension Sparse: Hashable where Value: Hashable {}

// What the compiler makes for a type with such a property calls these, since they say most exactly what is meant.
extension KeyedDecodingContainer {
    package func decode<Value: Omissible>(_ type: Sparse<Value>.Type, forKey key: Key) throws -> Sparse<Value> {
        Sparse(wrappedValue: try decodeIfPresent(Value.self, forKey: key) ?? .omitted)
    }
}

extension KeyedEncodingContainer {
    package mutating func encode<Value: Omissible>(_ value: Sparse<Value>, forKey key: Key) throws {
        if value.wrappedValue != .omitted { try encode(value.wrappedValue, forKey: key) }
    }
}

extension Sparse: Sendable where Value: Sendable {}

extension KeyedDecodingContainer {
    /// Reads what stands under a key that is there.
    package func read<Value: Decodable>(_ key: Key, into target: inout Value) throws {
        target = try decode(Value.self, forKey: key)
    }

    /// The same; null is nil.
    package func read<Value: Decodable>(_ key: Key, into target: inout Value?) throws {
        target = try decodeIfPresent(Value.self, forKey: key)
    }
}
