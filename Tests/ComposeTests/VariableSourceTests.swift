// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

/// A wrong value that contains variables says where they come from.
@Suite struct VariableSourceTests {
    /// The notes of the first mistake: `[FILE:LINE:COLUMN ]MESSAGE`.
    private func notes(
        _ files: [String: String], environment: [String: String] = [:],
        _ change: (inout LoadRequest) -> Void = { _ in }
    ) throws -> [String] {
        let fixture = try Fixture(files)
        do throws(LoadError) {
            _ = try load(fixture.request(environment: environment, change))
            return []
        } catch {
            guard case .invalid(let diagnostics) = error else { throw error }
            #expect(
                diagnostics.items[0].notes.allSatisfy { $0.place?.excerpt == nil || $0.message.contains("included") })
            return diagnostics.items[0].notes.map { note in
                (note.place.map { "\($0.range.start) " } ?? "") + note.message
            }
        }
    }

    private static let compose = "services: {web: {image: x, ports: ['${HOST:-a}:${PORT}']}}"

    @Test("From .env, from the environment, or from a file that was named")
    func sources() throws {
        let files = ["compose.yaml": Self.compose, ".env": "# ours\nHOST=1\nPORT=many\n", "other.env": "PORT=no\n"]
        #expect(try notes(files) == [".env:2:1 HOST is set here", ".env:3:1 PORT is set here"])
        #expect(
            try notes(files, environment: ["PORT": "x"]) == [
                ".env:2:1 HOST is set here", "PORT comes from the environment",
            ])
        #expect(try notes(files) { $0.envFiles = ["other.env"] } == ["other.env:1:1 PORT is set here"])
    }

    @Test("What an included file's variables say is in its own files")
    func included() throws {
        let found = try notes([
            "compose.yaml": "include: [{path: sub/c.yaml, env_file: sub/v.env}]", "sub/c.yaml": Self.compose,
            "sub/v.env": "\nPORT=many\n",
        ])
        #expect(found == ["sub/v.env:2:1 PORT is set here", "compose.yaml:1:18 the file is included here"])
    }

    @Test("A value without variables says nothing of them")
    func literal() throws {
        let files = ["compose.yaml": "services: {web: {image: $A, ports: [many]}}", ".env": "A=x\n"]
        #expect(try notes(files) == [])
    }
}
