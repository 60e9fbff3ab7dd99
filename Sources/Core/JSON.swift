// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import FoundationEssentials

/// The value as JSON (RFC 8259).
///
/// - Parameter sorted: whether keys are sorted, so that equal values give equal bytes. What a process reads once, and nobody
///   else, need not be.
package func encodeJSON(_ value: some Encodable, pretty: Bool = false, sorted: Bool = true) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    if sorted { encoder.outputFormatting.insert(.sortedKeys) }
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    return [UInt8](try encoder.encode(value))
}

/// The value that these bytes of JSON stand for.
package func decodeJSON<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
    try JSONDecoder().decode(type, from: Data(bytes))
}
