// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// An error as a user reads it: where, what failed on what and why, and what to do about it.
///
/// Modules throw errors of their own kind where a caller decides by the case; a `Failure` is for what goes to the user as
/// it is. It can travel over the supervisor's socket.
package struct Failure: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// What failed, on what, and why; one sentence without a full stop, no line break.
    package var message: String
    /// The place in the user's file that asked for it, where one exists.
    package var location: SourceLocation?
    /// What the user can do about it.
    package var hint: String?
    /// The exit status that the command ends with: as docker compose's (1, 125, 126, 127, …).
    package var exitCode: Int32

    package init(_ message: String, at location: SourceLocation? = nil, hint: String? = nil, exitCode: Int32 = 1) {
        self.message = message
        self.location = location
        self.hint = hint
        self.exitCode = exitCode
    }

    /// `FILE:LINE:COLUMN: error: MESSAGE`, and the hint on a line of its own.
    package var description: String {
        let place = location.map { "\($0): " } ?? ""
        return "\(place)error: \(message)" + (hint.map { "\n  \($0)" } ?? "")
    }
}
