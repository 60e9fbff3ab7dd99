// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A Compose file that does not stand on this host.
package enum RemoteReference: Hashable, Sendable {
    case git(GitReference)
    /// An application in a registry, as `publish` sends it: `oci://HOST/NAME:TAG`, without the scheme here.
    case registry(String)

    /// Nil for what is a path of this host.
    package init?(parsing text: String) {
        for scheme in ["oci://", "oci:"] where text.hasPrefix(scheme) {
            self = .registry(String(text.dropFirst(scheme.count)))
            return
        }
        guard let reference = GitReference(parsing: text) else { return nil }
        self = .git(reference)
    }
}

/// Why a file from elsewhere cannot be had.
package struct FetchFailure: Error, Hashable, Sendable {
    package var reason: String
    package var hint: String?

    package init(_ reason: String, hint: String? = nil) {
        self.reason = reason
        self.hint = hint
    }
}

/// Gives the absolute path on this host of a file that stands elsewhere.
package typealias RemoteFetch = @Sendable (RemoteReference) throws(FetchFailure) -> String

extension Diagnostic {
    /// What is said where a file from elsewhere cannot be had.
    static func unfetched(
        _ text: String, _ reference: RemoteReference, _ failure: FetchFailure, at place: Place?
    ) -> Diagnostic {
        let message = "cannot get '\(text)': \(failure.reason)"
        return switch reference {
        case .git: Diagnostic(code: "git", message, at: place, hint: failure.hint)
        case .registry: Diagnostic(code: "registry", message, at: place, hint: failure.hint)
        }
    }
}
