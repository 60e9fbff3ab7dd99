// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A place in a text file that a person wrote, as editors and compilers print it: `FILE:LINE:COLUMN`.
package struct SourceLocation: Hashable, Sendable {
    /// The path as the user gave it (or as found, relative to the working directory).
    package var file: String
    /// Counted from 1.
    package var line: Int
    /// Counted from 1, in characters.
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }
}

/// As its text: a project has several of them for each service.
extension SourceLocation: TextCodable {
    package static let textForm = "FILE:LINE:COLUMN"

    /// - Parameter text: `FILE:LINE:COLUMN`; a colon may stand in the path, too.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3, let line = Int(parts[parts.count - 2]), let column = Int(parts[parts.count - 1]) else {
            return nil
        }
        self.init(file: parts.dropLast(2).joined(separator: ":"), line: line, column: column)
    }
}
