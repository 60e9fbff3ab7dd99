// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// One mistake (or doubt) in what the user wrote: what, where, and the way out.
package struct Diagnostic: Error, Hashable, Sendable, Codable {
    package enum Severity: String, Hashable, Sendable, Codable {
        case error, warning
    }

    /// A place that a message is about, with the line that stands there.
    package struct Place: Hashable, Sendable, Codable {
        package var range: SourceRange
        /// The text of the line where the range starts, where it is at hand.
        package var excerpt: String?

        package init(_ range: SourceRange, excerpt: String? = nil) {
            self.range = range
            self.excerpt = excerpt
        }
    }

    /// Another place that the mistake has to do with, for example the first of two equal keys.
    package struct Note: Hashable, Sendable, Codable {
        package var message: String
        package var place: Place?

        package init(_ message: String, at place: Place? = nil) {
            self.message = message
            self.place = place
        }
    }

    package var severity: Severity
    /// A stable word for programs and for tests, for example `unknown-key`.
    package var code: String
    /// One sentence without a full stop.
    package var message: String
    /// Nil for what has no place in a file, such as a bad option.
    package var place: Place?
    package var notes: [Note]
    package var hint: String?

    package init(
        _ severity: Severity = .error, code: String, _ message: String, at place: Place? = nil, notes: [Note] = [],
        hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.place = place
        self.notes = notes
        self.hint = hint
    }
}
