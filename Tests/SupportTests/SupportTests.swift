// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Foundation
import Testing

@testable import Supervisor

/// `Specs/support.md` says of each attribute whether it is served. It is made from the code.
@Suite struct SupportTests {
    private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Specs/support.md").path

    @Test("Specs/support.md says what the code does; TRICE_UPDATE=1 swift test --filter SupportTests writes it anew")
    func page() throws {
        if ProcessInfo.processInfo.environment["TRICE_UPDATE"] != nil {
            try Self.text.write(toFile: Self.path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: Self.path, encoding: .utf8) == Self.text)
    }

    @Test("Every refused key is one that the specification has")
    func keys() {
        let known = [
            "services": SpecificationKeys.service, "services.networks": SpecificationKeys.attachment,
            "networks": SpecificationKeys.network, "volumes": SpecificationKeys.volume, "files": SpecificationKeys.file,
        ]
        for (section, keys) in Servable.refusedKeys {
            for key in keys where !key.hasPrefix("deploy.") {
                #expect(known[section]?.contains(key) == true, "\(section).\(key)")
            }
        }
    }

    private static var text: String {
        """
        # What is served

        `trice config` reads and prints all that the Compose Specification has. What `trice up` does not serve yet it
        refuses at its place in the file; nothing that is accepted is ignored. This page is made from the code, by
        `TRICE_UPDATE=1 swift test --filter SupportTests`.

        ## Services
        \(table(SpecificationKeys.service, "services"))
        ## Services: deploy
        \(table(SpecificationKeys.deploy.map { "deploy.\($0)" }, "services"))
        ## Services: networks
        \(table(SpecificationKeys.attachment, "services.networks"))
        ## Networks
        \(table(SpecificationKeys.network, "networks"))
        ## Volumes
        \(table(SpecificationKeys.volume, "volumes"))
        ## Configs and secrets
        \(table(SpecificationKeys.file, "files"))
        """
    }

    private static func table(_ keys: [String], _ section: String) -> String {
        "| attribute | state |\n|---|---|\n"
            + keys.sorted().map { "| `\($0)` | \(state(of: $0, section)) |\n" }.joined()
    }

    private static func state(of key: String, _ section: String) -> String {
        let refused = Servable.refusedKeys[section] ?? []
        let isRefused = refused.contains(key)
        let isPartly = refused.contains { $0.hasPrefix("\(key).") }
        if let what = Servable.partlyRefused["\(section).\(key)"] { return "served; refused: \(what)" }
        if isPartly {
            let parts = refused.filter { $0.hasPrefix("\(key).") }.map { "`\($0.dropFirst(key.utf8.count + 1))`" }
            return "served; refused: \(parts.joined(separator: ", "))"
        }
        return isRefused ? "refused by `up`" : "served"
    }
}
