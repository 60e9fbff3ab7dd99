// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The short syntax of `volumes` (Compose Specification, 05-services.md): `[SOURCE:]TARGET[:OPTIONS]`.
package struct VolumeSyntax: Hashable, Sendable {
    package enum Failure: Error, Hashable, Sendable {
        case empty
        case emptySection
        case tooManyColons

        package var message: String {
            switch self {
            case .empty: "invalid empty volume spec"
            case .emptySection: "empty section between colons"
            case .tooManyColons: "too many colons"
            }
        }
    }

    /// As written: a path, or the name of a volume; nil is an anonymous volume.
    package var source: String?
    package var target: String
    package var options: [String]

    package init(parsing text: String) throws(Failure) {
        guard !text.isEmpty else { throw .empty }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy({ !$0.isEmpty }) else { throw .emptySection }
        guard parts.count <= 3 else { throw .tooManyColons }
        source = parts.count > 1 ? parts[0] : nil
        target = parts.count > 1 ? parts[1] : parts[0]
        options = parts.count > 2 ? parts[2].split(separator: ",").map(String.init) : []
    }

    /// Whether the source is a path of the host and not the name of a volume.
    package var isBind: Bool {
        guard let first = source?.utf8.first else { return false }
        return "./~".utf8.contains(first)
    }
}
