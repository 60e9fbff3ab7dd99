// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// Why there is no project.
package enum LoadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No file was named, and none was found in the directory and above it.
    case noConfigurationFile(searched: String)
    /// All that is wrong with the files or the options.
    case invalid(Diagnostics)

    /// As docker compose says it; several lines for `invalid`.
    package var description: String {
        switch self {
        case .noConfigurationFile: "no configuration file provided: not found"
        case .invalid(let diagnostics): diagnostics.description
        }
    }

    /// One mistake that has no place in a file.
    static func single(_ code: String, _ message: String, hint: String? = nil) -> LoadError {
        .invalid(Diagnostics([Diagnostic(code: code, message, hint: hint)]))
    }

    package var exitCode: Int32 { 1 }
}
