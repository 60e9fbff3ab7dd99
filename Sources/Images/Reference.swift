// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Crypto
import Glibc
import Linux

/// What an image is called: `redis`, `redis:7`, `localhost:5000/api:1.2`, `app@sha256:…` (OCI distribution specification).
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// All before tag and digest.
    package var name: String
    package var tag: String?
    /// `sha256:` and 64 hexadecimal digits.
    package var digest: String?

    /// - Throws: `Failure` that says which character is wrong, and where.
    package init(_ text: String) throws(Failure) {
        var rest = Substring(text)
        if let at = rest.firstIndex(of: "@") {
            let digest = String(rest[rest.index(after: at)...])
            guard Digest(digest) != nil else {
                throw Failure(
                    "invalid reference format: \"\(text)\": \(digest) is no digest",
                    hint: "a digest is sha256: and 64 hexadecimal digits")
            }
            self.digest = digest
            rest = rest[..<at]
        }
        // A colon before the last slash belongs to a port.
        let afterSlash = rest.lastIndex(of: "/").map { rest.index(after: $0) } ?? rest.startIndex
        if let colon = rest[afterSlash...].lastIndex(of: ":") {
            let tag = String(rest[rest.index(after: colon)...])
            guard (1...128).contains(tag.utf8.count),
                tag.utf8.allSatisfy({ Reference.isWord($0) || $0 == 0x2E || $0 == 0x2D }),
                tag.utf8.first != 0x2E, tag.utf8.first != 0x2D
            else { throw Failure("invalid reference format: \"\(text)\": \"\(tag)\" is no tag") }
            self.tag = tag
            rest = rest[..<colon]
        }
        name = String(rest)
        try Reference.check(name, in: text)
        name = DefaultRegistry.shortened(name)
    }

    /// As it is looked up: with the tag `latest` where neither tag nor digest is given.
    package var description: String {
        if let digest { return "\(name)\(tag.map { ":\($0)" } ?? "")@\(digest)" }
        return "\(name):\(tag ?? "latest")"
    }

    private static func check(_ name: String, in text: String) throws(Failure) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.isEmpty { throw Failure("invalid reference format: \"\(text)\": a part of the name is empty") }
            // A first part with a dot or a port is a host.
            let isHost =
                index == 0 && parts.count > 1 && (part.contains(".") || part.contains(":") || part == "localhost")
            for character in part.utf8 where !(isLower(character) || "._-".utf8.contains(character)) {
                if isHost && (isWord(character) || character == 0x3A) { continue }
                let shown = Character(Unicode.Scalar(character))
                let hint = isWord(character) && !isHost ? "names of images are in lower case" : nil
                throw Failure(
                    "invalid reference format: \"\(text)\": \"\(shown)\" cannot stand in \"\(part)\"", hint: hint)
            }
        }
    }

    private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
    private static func isWord(_ byte: UInt8) -> Bool { isLower(byte) || (0x41...0x5A).contains(byte) || byte == 0x5F }
}

/// `sha256:` and 64 lower-case hexadecimal digits (OCI image specification, descriptor.md).
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    package let hex: String

    package init?(_ text: String) {
        guard text.hasPrefix("sha256:") else { return nil }
        let digits = text.dropFirst(7)
        guard digits.utf8.count == 64,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        hex = String(digits)
    }

    /// Of some content.
    package init(of content: [UInt8]) { self.init(bytes: SHA256.hash(data: content)) }

    /// Of a file's content.
    init(ofFile path: String) throws(SystemError) {
        let file = try Descriptor.open(path, O_RDONLY)
        var hash = SHA256()
        while case let part = try file.read(upTo: 1 << 18), !part.isEmpty { hash.update(data: part) }
        self.init(bytes: hash.finalize())
    }

    init(bytes: some Sequence<UInt8>) {
        hex = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    package var description: String { "sha256:\(hex)" }
}
