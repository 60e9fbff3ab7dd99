// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A stretch of a text file; lines and columns count from 1, the end is just after the last character.
package struct SourceRange: Hashable, Sendable, Codable {
    package var file: String
    package var startLine: Int
    package var startColumn: Int
    package var endLine: Int
    package var endColumn: Int

    package init(file: String, startLine: Int, startColumn: Int, endLine: Int, endColumn: Int) {
        self.file = file
        self.startLine = startLine
        self.startColumn = startColumn
        self.endLine = endLine
        self.endColumn = endColumn
    }

    /// The place where it starts.
    package var start: SourceLocation {
        SourceLocation(file: file, line: startLine, column: startColumn)
    }
}
