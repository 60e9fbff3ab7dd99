// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

@Suite struct IncludeTests {
    private func load(_ files: [String: String], environment: [String: String] = [:]) throws -> Project {
        try project(files["compose.yaml"] ?? "", files: files, environment: environment)
    }

    @Test("An included file brings its own directory and variables, and gives way to the outer file")
    func contexts() throws {
        let project = try load(
            [
                "compose.yaml": """
                include: [sub/app.yaml, {path: two.yaml, project_directory: proj, env_file: [v.env]}]
                services: {app: {environment: {B: outer}}, web: {image: "w:$TAG"}}
                """,
                ".env": "TAG=root\n",
                "sub/app.yaml":
                    "services: {app: {image: 'a:$TAG-$SUB', build: ., environment: {A: '1', B: inner}, volumes: ['./d:/d']}}",
                "sub/.env": "TAG=sub\nSUB=s\n",
                "two.yaml":
                    "services: {two: {image: 't:$TAG-$V', volumes: ['./d:/d'], environment: [V]}}\nconfigs: {c: {environment: V}}",
                "v.env": "V=v\n",
            ], environment: ["TAG": "process"])
        let app = try #require(project.service("app"))
        #expect(app.image == "a:process-s")
        #expect(app.build?.context == "\(project.workingDirectory)/sub")
        #expect(app.environment.map { "\($0.name)=\($0.value ?? "")" } == ["A=1", "B=outer"])
        #expect(project.service("web")?.image == "w:process")
        let two = try #require(project.service("two"))
        #expect(two.image == "t:process-v")
        #expect(two.environment[0].value == "v")
        guard case .bind(let mount)? = two.mounts.first else { return }
        #expect(mount.source == "\(project.workingDirectory)/proj/d")
        #expect(project.unusedConfigs[0].content == .environment("V", value: "v"))
    }

    @Test("Files of one item are merged, those of two items too, and the earlier one wins then")
    func merging() throws {
        let project = try load([
            "compose.yaml": "include: [{path: [a.yaml, b.yaml]}, c.yaml]",
            "a.yaml": "services: {app: {image: a, user: a}}", "b.yaml": "services: {app: {user: b}}",
            "c.yaml": "services: {app: {user: c, tty: true}}\nname: not-mine\nx-k: 1",
        ])
        #expect(project.services[0].user == "b" && project.services[0].tty)
        #expect(project.name == "p" && project.extensions.isEmpty)
    }

    @Test("The outer file can reset what an included one says")
    func reset() throws {
        let project = try load([
            "compose.yaml": "include: [a.yaml]\nservices: {app: {ports: !reset [], labels: !override {b: 2}}}",
            "a.yaml": "services: {app: {image: a, ports: ['80:80'], labels: {a: 1}}}",
        ])
        #expect(project.services[0].ports.isEmpty)
        #expect(project.services[0].labels == [Label(name: "b", value: "2")])
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var files: [String: String]
        var mistakes: [String]
        var testDescription: String { name }
    }

    @Test(
        "What is wrong with an include is said where it stands",
        arguments: [
            Row(
                name: "missing", files: ["compose.yaml": "include: [absent.yaml]"],
                mistakes: ["compose.yaml:1:11 missing-file"]),
            Row(name: "string", files: ["compose.yaml": "include: a.yaml"], mistakes: ["compose.yaml:1:10 wrong-type"]),
            Row(name: "number", files: ["compose.yaml": "include: [5]"], mistakes: ["compose.yaml:1:11 wrong-type"]),
            Row(
                name: "env file",
                files: ["compose.yaml": "include: [{path: a.yaml, env_file: no.env}]", "a.yaml": "x-a: 1"],
                mistakes: ["compose.yaml:1:36 missing-env-file"]),
            Row(
                name: "no path", files: ["compose.yaml": "include: [{env_file: a}]"],
                mistakes: ["compose.yaml:1:11 missing-key"]),
            Row(
                name: "inside",
                files: ["compose.yaml": "include: [s/a.yaml]", "s/a.yaml": "services: {a: {imag: x, image: y}}"],
                mistakes: ["s/a.yaml:1:16 unknown-key"]),
            Row(
                name: "syntax inside", files: ["compose.yaml": "include: [a.yaml]", "a.yaml": "services: ["],
                mistakes: ["a.yaml:2:1 yaml-syntax"]),
        ])
    func refusing(row: Row) throws {
        #expect(try mistakes(row.files["compose.yaml"] ?? "", files: row.files) == row.mistakes)
    }

    @Test("A circle of includes is shown step by step; what is wrong inside says who included it")
    func notes() throws {
        let circle = try #require(throws: LoadError.self) {
            try load([
                "compose.yaml": "include: [a.yaml]", "a.yaml": "include: [b.yaml]", "b.yaml": "include: [a.yaml]",
            ])
        }
        guard case .invalid(let diagnostics) = circle else { return }
        #expect(diagnostics.items.map(\.message) == ["include cycle: a.yaml → b.yaml → a.yaml"])
        #expect(
            diagnostics.items[0].notes.map { "\($0.place?.range.start.description ?? "") \($0.message)" } == [
                "a.yaml:1:11 b.yaml is included here", "a.yaml:1:11 the file is included here",
            ])
    }

    @Test("Ways that include each other's files over and over end")
    func ladder() throws {
        var files = ["compose.yaml": "include: [l0.yaml, r0.yaml]"]
        for index in 0..<20 {
            for side in ["l", "r"] {
                files["\(side)\(index).yaml"] = "include: [l\(index + 1).yaml, r\(index + 1).yaml]"
            }
        }
        for side in ["l", "r"] { files["\(side)20.yaml"] = "services: {a: {image: x}}" }
        #expect(try mistakes(files["compose.yaml"] ?? "", files: files).first?.hasSuffix("too-many-files") == true)
    }
}
