// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// Names of projects (Compose Specification, 04-version-and-name.md): `[a-z0-9][a-z0-9_-]*`.
package enum ProjectName {
    /// Lower-cased, with all other characters left out, and no `_` or `-` in front.
    package static func normalized(_ text: String) -> String {
        let kept = text.lowercased().unicodeScalars.filter {
            ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" || $0 == "-"
        }
        return String(String.UnicodeScalarView(kept.drop { $0 == "_" || $0 == "-" }))
    }

    /// A name that someone gave: it must be right as it is.
    static func validated(_ name: String) throws(LoadError) -> String {
        guard normalized(name) == name, !name.isEmpty else {
            let better = normalized(name)
            throw .single(
                "project-name",
                "invalid project name \"\(name)\": must consist only of lowercase alphanumeric characters, hyphens, "
                    + "and underscores as well as start with a letter or number",
                hint: better.isEmpty ? nil : "\"\(better)\" would do")
        }
        return name
    }
}
