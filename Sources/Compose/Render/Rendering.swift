// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What `docker compose config --format json` prints, with a line break at the end.
package func renderJSON(_ project: Project) -> String {
    project.document.escapingDollars().json() + "\n"
}

/// What `docker compose config` prints: a Compose file that loads as the same project.
package func renderYAML(_ project: Project) -> String {
    project.document.escapingDollars().yaml()
}

extension Document {
    /// With every dollar sign doubled, so that reading it again finds no variables.
    package func escapingDollars() -> Document {
        switch self {
        case .string(let text): .string(text.escapingDollars())
        case .array(let items): .array(items.map { $0.escapingDollars() })
        case .object(let fields): .object(fields.map { Field($0.name.escapingDollars(), $0.value.escapingDollars()) })
        case .null, .bool, .int, .unsigned, .double: self
        }
    }
}

extension String {
    fileprivate func escapingDollars() -> String {
        guard utf8.contains(UInt8(ascii: "$")) else { return self }
        var result = ""
        for character in unicodeScalars {
            if character == "$" { result += "$" }
            result.unicodeScalars.append(character)
        }
        return result
    }
}
