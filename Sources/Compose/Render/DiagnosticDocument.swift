// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension Diagnostic {
    /// For programs: see `Specs/diagnostics.md`.
    package var document: Document {
        var fields = Fields()
        fields.add("severity", severity.rawValue)
        fields.add("code", code)
        fields.add("message", message)
        if let place { fields.add("place", place.document) }
        fields.addUnlessEmpty(
            "related",
            notes.map { note in
                var fields = Fields()
                fields.add("message", note.message)
                if let place = note.place { fields.add("place", place.document) }
                return fields.document
            })
        fields.add("hint", hint)
        return fields.document
    }
}

extension Diagnostic.Place {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("file", range.file)
        fields.add("line", range.startLine)
        fields.add("column", range.startColumn)
        fields.add("endLine", range.endLine)
        fields.add("endColumn", range.endColumn)
        return fields.document
    }
}
