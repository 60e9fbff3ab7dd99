// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import YAML

/// The documents of a text.
func documents(_ text: String) throws(Diagnostics) -> [YAMLNode] {
    try readYAML(SourceFile(name: "f.yaml", bytes: Array(text.utf8)))
}

/// The only document of a text.
func document(_ text: String) throws -> YAMLNode {
    try #require(try documents(text).first)
}

@Suite struct YAMLTreeTests {
    @Test("Each node knows where it stands")
    func positions() throws {
        let root = try document("services:\n  web: {image: nginx}\n  żółw:\n    - \"a b\"\n")
        let services = try #require(root["services"]?.mapping)
        #expect(services.map(\.name) == ["web", "żółw"])
        #expect(services.map { $0.key.location.description } == ["f.yaml:2:3", "f.yaml:3:3"])
        let image = try #require(services[0].value["image"])
        #expect(image.range == SourceRange(file: "f.yaml", startLine: 2, startColumn: 16, endLine: 2, endColumn: 21))
        let item = try #require(services[1].value.sequence?.first)
        #expect(item.location.description == "f.yaml:4:7")
        #expect(item.scalar == YAMLScalar("a b", isPlain: false))
    }

    @Test("Aliases stand for their anchor's value, and keep its place")
    func aliases() throws {
        let root = try document("a: &x {k: v}\nb: *x\nc: &y [1, *x]\nd: *y\n")
        #expect(root["b"]?["k"]?.scalar?.text == "v")
        #expect(root["b"]?.location.line == 1)
        #expect(root["d"]?.sequence?.last?["k"]?.scalar?.text == "v")
    }

    @Test("A merge key adds what the mapping does not say itself; of several the first wins")
    func mergeKeys() throws {
        let root = try document(
            """
            one: &one {a: 1, b: 1}
            two: &two {b: 2, c: 2}
            x: {<<: [*one, *two], c: own}
            y: {<<: *two, <<: *one}
            z: {"<<": kept}
            """)
        func texts(_ key: String) -> [String: String?]? {
            root[key]?.mapping.map { Dictionary(uniqueKeysWithValues: $0.map { ($0.name, $0.value.scalar?.text) }) }
        }
        #expect(texts("x") == ["a": "1", "b": "1", "c": "own"])
        #expect(texts("y") == ["a": "1", "b": "2", "c": "2"])
        #expect(texts("z") == ["<<": "kept"])
    }

    @Test("A file may have several documents, none, or a byte order mark")
    func documentCounts() throws {
        #expect(try documents("a: 1\n---\nb: 2\n").count == 2)
        #expect(try documents("").isEmpty)
        #expect(try documents("# nothing\n").isEmpty)
        #expect(try document("\u{FEFF}a: 1")["a"]?.value == .int(1))
    }

    @Test("Tags are kept as written")
    func tags() throws {
        let root = try document("a: !reset null\nb: !override [1]\nc: !!str 5\nd: !!binary aGVsbG8=\n")
        #expect(root["a"]?.tag == "!reset")
        #expect(root["b"]?.tag == "!override")
        #expect(root["c"]?.value == .string("5"))
        #expect(root["d"]?.value == .string("hello"))
    }

    struct ValueRow: Sendable, CustomTestStringConvertible {
        var text: String
        var value: YAMLValue
        var testDescription: String { text }
    }

    @Test(
        "Plain scalars mean what docker compose takes them for",
        arguments: [
            ValueRow(text: "null", value: .null), ValueRow(text: "~", value: .null),
            ValueRow(text: "Null", value: .null),
            ValueRow(text: "nullish", value: .string("nullish")), ValueRow(text: "True", value: .bool(true)),
            ValueRow(text: "FALSE", value: .bool(false)), ValueRow(text: "yes", value: .string("yes")),
            ValueRow(text: "on", value: .string("on")), ValueRow(text: "42", value: .int(42)),
            ValueRow(text: "-7", value: .int(-7)),
            ValueRow(text: "+3", value: .int(3)), ValueRow(text: "0x1F", value: .int(31)),
            ValueRow(text: "0o17", value: .int(15)),
            ValueRow(text: "0755", value: .int(493)), ValueRow(text: "0b101", value: .int(5)),
            ValueRow(text: "1_000", value: .int(1000)), ValueRow(text: "08", value: .float(8)),
            ValueRow(text: "12345678901234567890", value: .unsigned(12_345_678_901_234_567_890)),
            ValueRow(text: "-9223372036854775808", value: .int(.min)), ValueRow(text: "1.50", value: .float(1.5)),
            ValueRow(text: ".5", value: .float(0.5)), ValueRow(text: "5.", value: .float(5)),
            ValueRow(text: "1e3", value: .float(1000)),
            ValueRow(text: ".inf", value: .float(.infinity)), ValueRow(text: "1.2.3", value: .string("1.2.3")),
            ValueRow(text: "12:34:56", value: .string("12:34:56")), ValueRow(text: "-", value: .string("-")),
            ValueRow(text: "--5", value: .string("--5")), ValueRow(text: "0x", value: .string("0x")),
            ValueRow(text: "1e", value: .string("1e")), ValueRow(text: "2024-01-31", value: .timestamp("2024-01-31")),
            ValueRow(text: "2024-13-31", value: .string("2024-13-31")), ValueRow(text: "0:0", value: .string("0:0")),
            ValueRow(text: "0a5", value: .string("0a5")), ValueRow(text: "0:1000", value: .string("0:1000")),
        ])
    func plainValues(row: ValueRow) {
        #expect(YAMLValue(plain: row.text) == row.value)
    }
}
