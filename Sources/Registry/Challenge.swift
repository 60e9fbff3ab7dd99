// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// How a registry wants to be shown who asks: one challenge of a `WWW-Authenticate` field (RFC 9110, 11.6.1).
package struct Challenge: Hashable, Sendable {
    /// In lower case: `bearer`, `basic`.
    package var scheme: String
    /// Names in lower case.
    package var parameters: [String: String]

    package init(scheme: String, parameters: [String: String] = [:]) {
        (self.scheme, self.parameters) = (scheme, parameters)
    }

    /// The challenges of a field, in its order. What cannot be understood ends the list.
    ///
    /// A field is a list with commas, and so are a challenge's parameters: a word that no `=` follows begins the next
    /// challenge.
    package static func parse(_ field: String) -> [Challenge] {
        var reader = FieldReader(field)
        var challenges: [Challenge] = []
        while true {
            reader.skipCommas()
            guard let word = reader.token() else { return challenges }
            reader.skipSpaces()
            if reader.take("=") {
                guard !challenges.isEmpty, let value = reader.value() else { return challenges }
                challenges[challenges.count - 1].parameters[word.lowercased()] = value
            } else {
                challenges.append(Challenge(scheme: word.lowercased()))
            }
        }
    }
}

/// The characters of a field, from the left (RFC 9110, 5.6).
private struct FieldReader {
    private var rest: Substring.UTF8View

    init(_ field: String) { rest = field[...].utf8 }

    mutating func skipSpaces() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }
    mutating func skipCommas() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C } }

    mutating func take(_ character: Character) -> Bool {
        guard rest.first == character.asciiValue else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// A run of `tchar`.
    mutating func token() -> String? {
        let word = rest.prefix { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
        guard !word.isEmpty else { return nil }
        rest = rest.dropFirst(word.count)
        return String(Substring(word))
    }

    /// A token or a quoted string.
    mutating func value() -> String? {
        skipSpaces()
        guard take("\"") else { return token() }
        var bytes: [UInt8] = []
        while let byte = rest.first {
            rest = rest.dropFirst()
            if byte == 0x22 { return String(decoding: bytes, as: UTF8.self) }
            if byte == 0x5C {
                guard let escaped = rest.first else { return nil }
                rest = rest.dropFirst()
                bytes.append(escaped)
            } else {
                bytes.append(byte)
            }
        }
        return nil
    }
}
