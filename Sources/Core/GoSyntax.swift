// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A truth value as Docker reads it: Go's `strconv.ParseBool`; nil for what is none.
package func truthValue(_ text: some StringProtocol) -> Bool? {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True": true
    case "0", "f", "F", "false", "FALSE", "False": false
    default: nil
    }
}

/// A template as Docker has them, taken apart: text, and what stands between `{{` and `}}`.
package enum TemplatePart: Hashable, Sendable {
    case text(String)
    case field(Substring)

    /// Nil where a `{{` has no `}}`.
    package static func split(_ template: some StringProtocol) -> [TemplatePart]? {
        var parts: [TemplatePart] = []
        var rest = Substring(template)
        while let open = rest.firstRange(of: "{{") {
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else { return nil }
            parts.append(.text(String(rest[..<open.lowerBound])))
            parts.append(.field(rest[open.upperBound..<close.lowerBound]))
            rest = rest[close.upperBound...]
        }
        return parts + [.text(String(rest))]
    }
}
