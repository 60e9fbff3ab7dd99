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
        let parts = Self.sections(text)
        guard parts.allSatisfy({ !$0.isEmpty }) else { throw .emptySection }
        guard parts.count <= 3 else { throw .tooManyColons }
        source = parts.count > 1 ? parts[0] : nil
        target = parts.count > 1 ? parts[1] : parts[0]
        options = parts.count > 2 ? parts[2].split(separator: ",").map(String.init) : []
    }

    /// The text between colons. Those within `${…}` do not count, nor does that of a drive, as in `c:\dir`; but `v:/path`
    /// is a volume of that name.
    private static func sections(_ text: String) -> [String] {
        var sections = [""]
        var depth = 0
        var previous: Character?
        for (character, next) in zip(text, text.dropFirst().map(Optional.some) + [nil]) {
            if character == "{", previous == "$" { depth += 1 }
            if character == "}", depth > 0 { depth -= 1 }
            let section = sections[sections.count - 1]
            let isDrive =
                section.count == 1 && section.first?.isLetter == true && next != nil && next != "/" && next != ":"
            if character == ":", depth == 0, !isDrive {
                sections.append("")
            } else {
                sections[sections.count - 1].append(character)
            }
            previous = character
        }
        return sections
    }

    /// Whether the source is a path of the host and not the name of a volume.
    package var isBind: Bool {
        guard let source, let first = source.utf8.first else { return false }
        return "./~".utf8.contains(first) || source.hasPrefix("\\\\") || source.dropFirst().first == ":"
    }
}
