// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images

/// What a registry says is wrong: the body of an error (OCI distribution specification, "Error Codes").
package struct RegistryErrors: Decodable, Hashable, Sendable {
    package struct Entry: Decodable, Hashable, Sendable {
        package var code: String?
        package var message: String?
    }

    package var errors: [Entry]

    /// The sentence for a status that is none of success, with what the body says where it can be understood.
    ///
    /// - Parameter subject: what was asked for: `manifest of redis:7`.
    package static func failure(status: Int, body: [UInt8], subject: String, reference: Reference?) -> Failure {
        let said = (try? decodeJSON(RegistryErrors.self, from: body))?.errors ?? []
        let text = said.map { [$0.code, $0.message].compactMap { $0 }.joined(separator: ": ") }.joined(separator: "; ")
        let because = text.isEmpty ? "" : ": \(shown(text))"
        switch status {
        case 401:
            let domain = reference?.domain ?? "REGISTRY"
            return Failure(
                "\(subject): the registry does not let this user in (401)\(because)",
                hint: "log in with: trice login \(domain)"
            )
        case 403: return Failure("\(subject): the registry does not allow it (403)\(because)")
        case 404: return Failure("\(subject): not found\(because)", hint: "see whether the name and the tag are right")
        case 429: return Failure("\(subject): the registry has had too many requests (429)\(because)")
        default: return Failure("\(subject): the registry answered \(status)\(because)")
        }
    }

    /// A line of at most 300 characters that can do no harm to a terminal.
    private static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(300).map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
    }
}

/// The answer of an authorization server (distribution project, "Token Authentication").
package struct TokenAnswer: Decodable, Hashable, Sendable {
    package var token: String?
    package var access_token: String?

    package var value: String? { [token, access_token].compactMap { $0 }.first { !$0.isEmpty } }
}

/// Fields of an answer that say which part of a content it has (RFC 9110, 14.4).
package struct ContentRange: Hashable, Sendable {
    package var first: Int64
    package var last: Int64

    /// `bytes 100-199/200`
    package init?(_ field: String) {
        guard field.hasPrefix("bytes ") else { return nil }
        let range = field.dropFirst(6).prefix { $0 != "/" }.split(separator: "-")
        guard range.count == 2, let first = Int64(range[0]), let last = Int64(range[1]), first >= 0, first <= last
        else {
            return nil
        }
        (self.first, self.last) = (first, last)
    }
}
