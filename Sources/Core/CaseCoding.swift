// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Cases of enumerations as JSON, in the form that the compiler gives them: an object that has the case's name, and in it the
/// case's values, those without a label as `_0`.
///
/// What the compiler makes has a type of names for each case, and looks up the conformances of all of them, among the program's
/// 7,500, before it reads or writes one: a third of what `exec` did. These have one type of names.
package struct CaseName: CodingKey, ExpressibleByStringLiteral {
    package let stringValue: String
    package var intValue: Int? { nil }

    package init(stringValue: String) { self.stringValue = stringValue }
    package init?(intValue: Int) { nil }
    package init(stringLiteral name: String) { stringValue = name }
}

extension Encoder {
    /// Begins a case, and gives what its values are written to, where it has any.
    @discardableResult
    package func values(of name: CaseName) -> KeyedEncodingContainer<CaseName> {
        var object = container(keyedBy: CaseName.self)
        return object.nestedContainer(keyedBy: CaseName.self, forKey: name)
    }

    /// Writes a case with one value.
    package func encode(_ value: some Encodable, as label: CaseName = "_0", of name: CaseName) throws {
        var values = values(of: name)
        try values.encode(value, forKey: label)
    }
}

/// A case that is being read: its name, and its values by theirs.
package struct DecodedCase {
    package let name: String
    private let values: KeyedDecodingContainer<CaseName>

    /// - Throws: `DecodingError` where it is no object that has one name.
    package init(_ decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CaseName.self)
        let keys = object.allKeys
        guard let key = keys.first, keys.count == 1 else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: object.codingPath, debugDescription: "one case is wanted, not \(keys.count)"))
        }
        name = key.stringValue
        values = try object.nestedContainer(keyedBy: CaseName.self, forKey: key)
    }

    package subscript<Value: Decodable>(_ name: CaseName) -> Value {
        get throws { try values.decode(Value.self, forKey: name) }
    }

    /// Nil where there is none.
    package func optional<Value: Decodable>(_ name: CaseName) throws -> Value? {
        try values.decodeIfPresent(Value.self, forKey: name)
    }

    /// For a name that no case has.
    package var unknown: DecodingError {
        .dataCorrupted(.init(codingPath: values.codingPath, debugDescription: "there is no case \(name)"))
    }
}
