// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A file or directory in a Git repository elsewhere: `https://example.com/repository.git#REF:DIRECTORY`.
package struct GitReference: Hashable, Sendable {
    /// As the program `git` takes it.
    package var repository: String
    /// A branch, a tag or a commit; nil is the repository's default branch.
    package var reference: String?
    /// A path in the repository, or nil for its root.
    package var path: String?

    /// Nil for what is a path of this host. As docker compose has it: `ssh://` and `git://`, `http://` and `https://` with
    /// a path that ends in `.git`, `USER@HOST:PATH`, and `github.com/PATH`.
    package init?(parsing text: String) {
        let cut = text.firstIndex(of: "#") ?? text.endIndex
        let repository = String(text[..<cut])
        guard let address = Self.address(repository) else { return nil }
        self.repository = address
        let parts = text[cut...].dropFirst().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        reference = parts.first.flatMap { $0.isEmpty ? nil : String($0) }
        path = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
    }

    private static func address(_ text: String) -> String? {
        guard !text.contains(where: { $0.isWhitespace || $0 == "?" }) else { return nil }
        if text.hasPrefix("ssh://") || text.hasPrefix("git://") { return text }
        if text.hasPrefix("http://") || text.hasPrefix("https://") { return text.hasSuffix(".git") ? text : nil }
        if text.hasPrefix("github.com/") { return "https://" + text }
        // The form of scp(1); a slash before the colon makes it a path.
        guard let at = text.firstIndex(of: "@"), let colon = text.firstIndex(of: ":"), at < colon else { return nil }
        let user = text[..<at].utf8
        let host = text[at..<colon].dropFirst().utf8
        let isName = { (bytes: Substring.UTF8View, more: String) in
            !bytes.isEmpty && bytes.first != UInt8(ascii: "-")
                && bytes.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || more.utf8.contains($0) }
        }
        return isName(user, "-_") && isName(host, "-.") && text.index(after: colon) < text.endIndex ? text : nil
    }
}
