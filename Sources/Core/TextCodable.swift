// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A value that is written as its text, and read from it.
package protocol TextCodable: Codable, LosslessStringConvertible {
    /// What a text should be, for who reads that it is not.
    static var textForm: String { get }
}

extension TextCodable {
    /// - Throws: `DecodingError` for a text that is none.
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(text) is no \(Self.textForm)"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
