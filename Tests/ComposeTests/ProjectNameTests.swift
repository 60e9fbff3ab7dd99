// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

/// What a project is called, which commands ask for that want nothing else of its files.
@Suite struct ProjectNameTests {
    struct Row: CustomTestStringConvertible {
        let testDescription: String
        let files: [String: String]
        var environment: [String: String] = [:]
        var given: String?
        let name: String
    }

    private static let web = "services: {web: {image: x}}\n"

    @Test(arguments: [
        Row(testDescription: "the option's", files: ["compose.yaml": "name: a\n\(web)"], given: "b", name: "b"),
        Row(
            testDescription: "the environment's", files: ["compose.yaml": "name: a\n\(web)"],
            environment: ["COMPOSE_PROJECT_NAME": "c"], name: "c"),
        Row(
            testDescription: "that of .env",
            files: ["compose.yaml": "name: a\n\(web)", ".env": "COMPOSE_PROJECT_NAME=d\n"],
            name: "d"),
        Row(testDescription: "the file's", files: ["compose.yaml": "name: a\n\(web)"], name: "a"),
        Row(
            testDescription: "the override's",
            files: ["compose.yaml": "name: a\n\(web)", "compose.override.yaml": "name: e\n"], name: "e"),
        Row(
            testDescription: "a variable's", files: ["compose.yaml": "name: a-${X:-y}\n\(web)"],
            environment: ["X": "f"], name: "a-f"),
    ])
    func `the name is the same as that of the whole project`(_ row: Row) throws {
        let fixture = try Fixture(row.files)
        defer { withExtendedLifetime(fixture) {} }
        let request = fixture.request(environment: row.environment) { $0.projectName = row.given }
        #expect(try loadName(request) == row.name)
        #expect(try load(request).name == row.name)
    }

    @Test(arguments: [
        "name: a\nservices: {web: {imagee: x}}\n", "name: a\nservices: {web: {image: \"${NONE:?missing}\"}}\n",
        "name: a\nservices: []\n",
    ])
    func `a file with mistakes still has a name`(_ yaml: String) throws {
        let fixture = try Fixture(["compose.yaml": yaml])
        defer { withExtendedLifetime(fixture) {} }
        let request = fixture.request { $0.projectName = nil }
        #expect(try loadName(request) == "a")
        #expect(throws: LoadError.self) { try load(request) }
    }

    @Test(arguments: ["", "name: a\nservices: {\n", "name: ${NONE:?missing}\n"])
    func `a file that cannot be read has none`(_ yaml: String) throws {
        let fixture = try Fixture(["compose.yaml": yaml])
        defer { withExtendedLifetime(fixture) {} }
        let request = fixture.request { $0.projectName = nil }
        #expect(throws: LoadError.self) { try loadName(request) }
        #expect(throws: LoadError.self) { try load(request) }
    }
}
