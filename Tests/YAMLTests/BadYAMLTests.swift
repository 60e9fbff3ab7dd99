// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import SplitMix
import Testing

@testable import YAML

@Suite struct BadYAMLTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var code: String
        var location: String
        var testDescription: String { name }
    }

    @Test(
        "Bad YAML is refused with its place",
        arguments: [
            Row(name: "tab", text: "a:\n\tb: 1\n", code: "yaml-syntax", location: "2:1"),
            Row(
                name: "indent", text: "services:\n  web:\n    image: x\n   tty: true\n", code: "yaml-syntax",
                location: "4:4"),
            Row(name: "colon", text: "image: a: b\n", code: "yaml-syntax", location: "1:9"),
            Row(name: "bracket", text: "ports: [80\n", code: "yaml-syntax", location: "2:1"),
            Row(name: "quote", text: "a: \"x\n", code: "yaml-syntax", location: "2:1"),
            Row(name: "at sign", text: "image: @x\n", code: "yaml-syntax", location: "1:8"),
            Row(name: "duplicate", text: "a: 1\nb: 2\na: 3\n", code: "duplicate-key", location: "3:1"),
            Row(name: "unknown anchor", text: "a: *nope\n", code: "yaml-unknown-anchor", location: "1:4"),
            Row(name: "alias to itself", text: "a: &s\n  b: *s\n", code: "yaml-alias-cycle", location: "2:6"),
            Row(name: "merge of a word", text: "a:\n  <<: text\n", code: "yaml-merge-key", location: "2:7"),
            Row(name: "mapping as key", text: "{a: 1}: b\n", code: "yaml-key", location: "1:1"),
        ])
    func refused(row: Row) throws {
        let error = try #require(throws: Diagnostics.self) { try documents(row.text) }
        #expect(error.items.map(\.code) == [row.code])
        #expect(error.items[0].place?.range.start.description == "f.yaml:\(row.location)")
    }

    struct HintRow: Sendable, CustomTestStringConvertible {
        var text: String
        var says: String
        var testDescription: String { text }
    }

    @Test(
        "What to do about bad YAML is said",
        arguments: [
            HintRow(text: "a:\n  image x\n  ports: [1]\n", says: "the line above lacks its colon"),
            HintRow(text: "a: b: c\n", says: "put the value into quotes if it contains ': '"),
            HintRow(text: "a: @x\n", says: "put the value into quotes"),
            HintRow(text: "a:\n\tb: 1\n", says: "indent with spaces, not with tabs"),
            HintRow(text: "a: \"b \"c\" d\"\n", says: "within double quotes write \\\" for one"),
            HintRow(text: "a: 'b 'c' d'\n", says: "within single quotes write '' for one"),
            HintRow(text: "a: {b: c}}\n", says: "this closes nothing that is open"),
            HintRow(text: "a:\n  b: 1\n - c\n", says: "check that this line is indented as its neighbours are"),
            HintRow(text: "a: \"b\nc: d\n", says: "the quote that starts here is not closed"),
        ])
    func hints(row: HintRow) throws {
        let error = try #require(throws: Diagnostics.self) { try documents(row.text) }
        #expect(error.description.contains(row.says), "\(error)")
    }

    @Test("What was opened and not closed is shown")
    func unclosed() throws {
        let error = try #require(throws: Diagnostics.self) { try documents("a: 1\nports: [80,\n  {b: c\nd: e\n") }
        #expect(error.items[0].notes.map(\.message) == ["this brace is not closed"])
        #expect(error.items[0].notes[0].place?.range.start.description == "f.yaml:3:3")
    }

    @Test("Both places of a duplicate key are named, and all of them, in long mappings too")
    func duplicates() throws {
        let text = (0..<50).map { "k\($0): 1\n" }.joined() + "k7: 2\nk49: 2\n"
        let error = try #require(throws: Diagnostics.self) { try documents(text) }
        #expect(error.items.map { $0.place?.range.startLine } == [51, 52])
        #expect(error.items.map { $0.notes.first?.place?.range.startLine } == [8, 50])
    }

    @Test("Text that is not UTF-8 is refused with the place of the byte")
    func encoding() throws {
        let bytes = Array("a: 1\nb: \"x".utf8) + [0xFF] + Array("\"\n".utf8)
        let error = try #require(throws: Diagnostics.self) { try readYAML(SourceFile(name: "f.yaml", bytes: bytes)) }
        #expect(error.items.first?.code == "yaml-encoding")
        #expect(error.items.first?.place?.range.start.description == "f.yaml:2:6")
    }

    @Test("A bomb of aliases and a tower of brackets are refused")
    func bombs() throws {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<10 {
            bomb +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(try #require(throws: Diagnostics.self) { try documents(bomb) }.items.first?.code == "yaml-alias-bomb")
        let tower = String(repeating: "[", count: 100_000)
        #expect(try #require(throws: Diagnostics.self) { try documents(tower) }.items.first?.code == "yaml-depth")
        var ladder = "a0: &a0 [x]\n"
        for level in 1..<300 { ladder += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(try #require(throws: Diagnostics.self) { try documents(ladder) }.items.first?.code == "yaml-alias-bomb")
    }

    @Test("Random bytes and random YAML characters never crash the reader")
    func randomBytes() {
        var random = SplitMix(state: 7)
        let characters = Array("abc:-?[]{},&*#|>'\"%@!<~ \n\n\t\\0.1é".utf8)
        for _ in 0..<3000 {
            let isText = Bool.random(using: &random)
            let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                isText ? characters.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
            }
            do throws(Diagnostics) {
                for node in try readYAML(SourceFile(name: "f", bytes: bytes)) { visit(node) }
            } catch {
                #expect(!error.items.isEmpty)
                #expect(!error.description.isEmpty)
            }
        }
    }

    private func visit(_ node: YAMLNode) {
        #expect(node.span.startLine >= 1 && node.span.startColumn >= 1)
        _ = node.value
        node.sequence?.forEach(visit)
        node.mapping?.forEach { visit($0.value) }
    }
}
