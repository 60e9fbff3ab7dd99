// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// `Specs/diagnostics.md` lists the codes of all diagnostics.
@Suite struct DiagnosticCodeTests {
    private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Those that the code puts together from parts.
    private static let composed: Set<String> = [
        "bad-env-file", "bad-label-file", "missing-env-file", "missing-label-file", "undefined-config",
        "undefined-model", "undefined-network", "undefined-secret", "undefined-volume",
    ]

    @Test("Every code of a diagnostic is documented, and no other")
    func codes() throws {
        let call = /(?:report\(|code: |single\()\s*(?:[a-z.A-Z]+ \? )?"([a-z]+(?:-[a-z]+)*)"(?: : "([a-z-]+)")?/
        var used = Self.composed
        for module in ["Compose", "YAML"] {
            let sources = Self.package.appending(path: "Sources/\(module)")
            let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
            for case let file as URL in files where file.pathExtension == "swift" {
                for match in try String(contentsOf: file, encoding: .utf8).matches(of: call) {
                    used.insert(String(match.1))
                    if let second = match.2 { used.insert(String(second)) }
                }
            }
        }
        let page = try String(contentsOf: Self.package.appending(path: "Specs/diagnostics.md"), encoding: .utf8)
        let documented = Set(page.matches(of: /\| `([a-z-]+)` \|/).map { String($0.1) })
        #expect(used.subtracting(documented).sorted() == [], "not documented")
        #expect(documented.subtracting(used).sorted() == [], "documented, but never said")
    }
}
