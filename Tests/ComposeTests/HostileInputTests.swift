// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import FoundationEssentials
import Glibc
import Testing

@testable import Compose

/// What someone may hand over to make the loader hang, or eat all memory: an error, and soon.
@Suite struct HostileInputTests {
    private func codes(_ yaml: String, files: [String: String] = [:]) throws -> Set<String> {
        Set(try mistakes(yaml, files: files).map { String($0.split(separator: " ").last ?? "") })
    }

    @Test("Values that hold each other over and over")
    func growingValues() throws {
        let doubling = "A=xxxxxxxxxxxxxxxx\n" + String(repeating: "A=$A$A\n", count: 60)
        #expect(try codes("services: {a: {image: '$A'}}", files: [".env": doubling]) == ["interpolation"])
        #expect(
            try codes("services: {a: {image: x, env_file: v.env}}", files: ["v.env": doubling]) == ["interpolation"])
        let long = "A=" + String(repeating: "x", count: 500_000) + "\n"
        let many = "services: {a: {image: x, command: [\(String(repeating: "$A,", count: 200))]}}"
        #expect(try codes(many, files: [".env": long]) == ["interpolation"])
    }

    @Test("Services that copy each other over and over")
    func growingServices() throws {
        let ports = (0..<2000).map { "'\($0 + 1):80'" }.joined(separator: ",")
        let yaml =
            "services:\n  base: {image: x, ports: [\(ports)]}\n"
            + (0..<2000).map { "  s\($0): {extends: base}\n" }.joined()
        #expect(try codes(yaml).contains("extends-size"))
    }

    @Test("More values, documents or bytes than any project has")
    func size() throws {
        #expect(try codes("x-a: [\(String(repeating: "a,", count: 600_000))]") == ["yaml-size"])
        #expect(try codes(String(repeating: "---\nx-a: 1\n", count: 2000)) == ["yaml-size"])
        #expect(
            try codes("x-a: \"\(String(repeating: "a", count: 17 << 20))\"") == ["bad-file"])
    }

    @Test("More mistakes than anyone reads")
    func mistakesWithoutEnd() throws {
        let yaml = "services:\n" + (0..<20_000).map { "  s\($0): {imag: x, image: 5}\n" }.joined()
        #expect(try mistakes(yaml).count <= Diagnostics.limit)
    }

    @Test("Services that all depend on each other")
    func dependencies() throws {
        let names = (0..<150).map { "s\($0)" }.joined(separator: ", ")
        let yaml = "services:\n" + (0..<150).map { "  s\($0): {image: x, depends_on: [\(names)]}\n" }.joined()
        #expect(try codes(yaml) == ["dependency-cycle"])
    }

    @Test("A diamond ladder of a thousand steps is checked once a step")
    func ladder() throws {
        var yaml = "services:\n  l0: {image: x}\n  r0: {image: x}\n"
        for step in 1..<1000 {
            yaml += "  l\(step): {image: x, depends_on: [l\(step - 1), r\(step - 1)]}\n"
            yaml += "  r\(step): {image: x, depends_on: [l\(step - 1), r\(step - 1)]}\n"
        }
        #expect(try project(yaml).services.count == 2000)
    }

    @Test("What is no regular file")
    func specialFiles() throws {
        let fixture = try Fixture([
            "dir/x": "", "compose.yaml": "include: [pipe]", "env.yaml": "services: {a: {image: x, env_file: pipe}}",
        ])
        #expect(mkfifo("\(fixture.directory)/pipe", 0o600) == 0)
        func message(_ files: [String]) throws -> String {
            let error = try #require(throws: LoadError.self) { try load(fixture.request(files)) }
            return error.description
        }
        #expect(try message(["pipe"]).contains("it is a named pipe"))
        #expect(try message(["dir"]).contains("it is a directory"))
        #expect(
            try message(["compose.yaml"]).contains("compose.yaml:1:11: error: cannot read pipe: it is a named pipe"))
        #expect(try message(["env.yaml"]).contains("env.yaml:1:36: error: failed to read"))
    }

    @Test("Text that is no text")
    func encoding() throws {
        let fixture = try Fixture(["compose.yaml": "services: {a: {image: x, env_file: bad.env}}"])
        try Data(Array("A=1\nB=".utf8) + [0xFF, 0x0A]).write(to: URL(filePath: "\(fixture.directory)/bad.env"))
        let error = try #require(throws: LoadError.self) { try load(fixture.request()) }
        #expect(error.description.hasPrefix("bad.env:2:1: error: this is not UTF-8 text"))
    }
}
