// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import FoundationEssentials
import Testing

@testable import Compose

/// A directory with files, removed when the value goes.
final class Fixture: Sendable {
    let directory: String

    /// `files` by relative path; folders are made as needed.
    init(_ files: [String: String]) throws {
        directory = "/tmp/compose-test-\(UUID().uuidString)"
        for (name, text) in files {
            let path = directory + "/" + name
            try FileManager.default.createDirectory(atPath: Path.directory(of: path), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: directory + "/" + name))
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            print("\(directory) stays: \(error)")
        }
    }

    func request(
        _ files: [String] = [], environment: [String: String] = [:], _ change: (inout LoadRequest) -> Void = { _ in }
    ) -> LoadRequest {
        var request = LoadRequest(files: files, projectName: "p", environment: environment, workingDirectory: directory)
        change(&request)
        return request
    }
}

/// The project of one `compose.yaml`.
func project(
    _ yaml: String, files: [String: String] = [:], environment: [String: String] = [:],
    _ change: (inout LoadRequest) -> Void = { _ in }
) throws -> Project {
    let fixture = try Fixture(files.merging(["compose.yaml": yaml]) { a, _ in a })
    return try load(fixture.request(environment: environment, change))
}

/// The only service of a project whose service `web` has the given keys.
func web(_ keys: String, files: [String: String] = [:], environment: [String: String] = [:]) throws -> Service {
    let indented = keys.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }.joined(
        separator: "\n")
    return try #require(
        try project("services:\n  web:\n    image: x\n\(indented)\n", files: files, environment: environment).services
            .first)
}

/// What loading says when it fails: `LINE:COLUMN code`.
func mistakes(
    _ yaml: String, files: [String: String] = [:], environment: [String: String] = [:],
    _ change: (inout LoadRequest) -> Void = { _ in }
) throws -> [String] {
    do {
        _ = try project(yaml, files: files, environment: environment, change)
        return []
    } catch LoadError.invalid(let diagnostics) {
        return diagnostics.items.map { item in
            item.place.map { "\($0.range.file):\($0.range.startLine):\($0.range.startColumn) \(item.code)" }
                ?? item.code
        }
    }
}

/// What `config` prints of one key of the service `web`, as compact JSON with sorted keys; "absent" where it prints none.
func rendered(_ key: String, of keys: String, top: String = "", files: [String: String] = [:]) throws -> String {
    let indented = keys.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }.joined(
        separator: "\n")
    let yaml = "services:\n  web:\n    image: x\n\(indented)\n  db: {image: d, build: .}\n\(top)\n"
    let service = try #require(try project(yaml, files: files).service("web"))
    guard case .object(let fields) = service.document else { return "" }
    return fields.first { $0.name == key }?.value.json(indent: false, sortedKeys: true) ?? "absent"
}

/// A key of a service, and what becomes of it.
struct KeyRow: Sendable, CustomTestStringConvertible {
    /// The keys of the service, of which the first is looked at.
    var keys: String
    var rendered: String
    /// What stands at the top level besides.
    var top: String
    var testDescription: String { keys }

    init(_ keys: String, _ rendered: String, top: String = "") {
        self.keys = keys
        self.rendered = rendered
        self.top = top
    }

    func check(sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        let key = String(keys.prefix { $0 != ":" })
        let found = try ComposeTests.rendered(key, of: keys, top: top)
        #expect(found == rendered, sourceLocation: sourceLocation)
    }
}

/// A mistake in the keys of a service, which start at 4:5.
struct MistakeRow: Sendable, CustomTestStringConvertible {
    var keys: String
    /// `LINE:COLUMN code`
    var mistakes: [String]
    var testDescription: String { keys }

    init(_ keys: String, _ mistakes: String...) {
        self.keys = keys
        self.mistakes = mistakes.map { "compose.yaml:\($0)" }
    }

    func check(sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        let found = try ComposeTests.mistakes("services:\n  web:\n    image: x\n    \(keys)\n")
        #expect(found == mistakes, sourceLocation: sourceLocation)
    }
}
