// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc

/// An operating system and a kind of processor: `linux/amd64`, `linux/arm/v7` (OCI image specification, image-index.md;
/// the words are Go's GOOS and GOARCH).
package struct Platform: Codable, Hashable, Sendable, CustomStringConvertible {
    package var architecture: String
    package var os: String
    package var variant: String?

    package init(os: String = "linux", architecture: String, variant: String? = nil) {
        (self.os, self.architecture, self.variant) = (os, architecture, variant)
    }

    /// What this machine runs.
    package static let host = Platform(architecture: hostArchitecture)

    /// From a Compose file's `platform`: `OS/ARCH[/VARIANT]`, or an architecture alone; also as uname(1) calls them.
    ///
    /// - Throws: `Failure` where it is none.
    package init(parsing text: String) throws(Failure) {
        let parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw Failure("\"\(text)\" is no platform", hint: "a platform is linux/amd64, for example")
        }
        let names = parts.count == 1 ? ["linux", parts[0]] : parts
        let (architecture, variant) = Platform.aliases[names[1]] ?? (names[1], nil)
        self.init(os: names[0], architecture: architecture, variant: names.count > 2 ? names[2] : variant)
    }

    private static let aliases: [String: (String, String?)] = [
        "x86_64": ("amd64", nil), "x86-64": ("amd64", nil), "aarch64": ("arm64", nil), "i386": ("386", nil),
        "i686": ("386", nil), "armhf": ("arm", "v7"), "armel": ("arm", "v6"),
    ]

    package var description: String { "\(os)/\(architecture)\(variant.map { "/\($0)" } ?? "")" }

    /// Whether an image for `other` is what is asked for here: a variant counts only where it is asked for, and `arm64`
    /// is `arm64/v8`.
    func isServed(by other: Platform) -> Bool {
        guard os == other.os, architecture == other.architecture else { return false }
        guard let variant, let otherVariant = other.variant else { return true }
        return variant == otherVariant
    }
}

extension ManifestIndex {
    /// The manifest for a platform.
    ///
    /// - Throws: `Failure` listing the platforms that there are.
    package func manifest(for platform: Platform) throws(Failure) -> ContentDescriptor {
        let fitting = manifests.first { $0.platform.map(platform.isServed) ?? true }
        if let fitting { return fitting }
        // Attestations are entries of no platform.
        let there = manifests.compactMap(\.platform).filter { $0.os != "unknown" }.map(\.description)
        throw Failure(
            "it has no image for \(platform)",
            hint: there.isEmpty ? nil : "it has \(there.joined(separator: ", "))")
    }
}
