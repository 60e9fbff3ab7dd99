// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// The place in the user's files that asked for something, by key path: `image`, `ports[0]`, `environment.DB_URL`.
package typealias Places = [String: SourceLocation]

/// Places are written as one list, each after its key path: a project has hundreds of them, and each value of a map takes several
/// times as long to read.
@propertyWrapper
package struct PlaceList: Codable, Hashable, Sendable {
    package var wrappedValue: Places

    package init(wrappedValue: Places) { self.wrappedValue = wrappedValue }

    /// - Throws: `DecodingError` where a path has no place.
    package init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        wrappedValue = [:]
        while !list.isAtEnd {
            let path = try list.decode(String.self), text = try list.decode(String.self)
            guard let place = SourceLocation(text) else {
                throw DecodingError.dataCorruptedError(
                    in: list, debugDescription: "\(text) is no \(SourceLocation.textForm)")
            }
            wrappedValue[path] = place
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        for (path, place) in wrappedValue.sorted(by: { $0.key < $1.key }) {
            try list.encode(path)
            try list.encode(place.description)
        }
    }
}
