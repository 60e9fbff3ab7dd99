// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Commands

/// The keys that let go of a terminal.
@Suite struct DetachKeysTests {
    @Test func `keys are read as docker writes them`() {
        #expect(DetachKeys("ctrl-p,ctrl-q")?.sequence == [16, 17])
        #expect(DetachKeys("ctrl-@,x")?.sequence == [0, 120])
        #expect(DetachKeys("ctrl-\\,ctrl-_")?.sequence == [28, 31])
        for wrong in ["", "ctrl-", "ctrl-1", "ab", "a,,b"] { #expect(DetachKeys(wrong) == nil, "\(wrong)") }
    }

    @Test func `what only begins the sequence reaches the container`() throws {
        var keys = try #require(DetachKeys("ctrl-p,ctrl-q"))
        #expect(keys.take([16]).forwarded == [])
        #expect(keys.take([97]).forwarded == [16, 97])
        #expect(keys.take([16, 16]).forwarded == [16])
        let (forwarded, isDetached) = keys.take([17, 98])
        #expect(forwarded == [] && isDetached)
    }
}

/// `.dockerignore`'s patterns.
@Suite struct IgnorePatternsTests {
    struct Row: CustomTestStringConvertible {
        let patterns: [String]
        let ignored: [String]
        let kept: [String]
        var testDescription: String { patterns.joined(separator: " ") }
    }

    @Test(arguments: [
        Row(
            patterns: ["node_modules/"], ignored: ["node_modules", "node_modules/a/b"], kept: ["src/node_modules", "x"]),
        Row(patterns: ["**/node_modules"], ignored: ["node_modules/a", "src/node_modules/a"], kept: ["node"]),
        Row(patterns: ["*.log"], ignored: ["a.log"], kept: ["b/a.log", "a.log.txt"]),
        Row(patterns: ["**/*.log"], ignored: ["a.log", "b/c/a.log"], kept: ["b/c/log"]),
        Row(patterns: ["docs", "!docs/README.md"], ignored: ["docs/a", "docs"], kept: ["docs/README.md"]),
        Row(patterns: ["temp?"], ignored: ["temp1"], kept: ["temp", "temp12"]),
        Row(patterns: ["[a-c]x", "[^a-y]z"], ignored: ["ax", "cx", "zz"], kept: ["dx", "bz"]),
        Row(patterns: ["./a/../b", "# a comment", "", "  c  "], ignored: ["c"], kept: ["# a comment", "d"]),
        Row(patterns: ["a/**/z"], ignored: ["a/z", "a/b/c/z"], kept: ["z", "a/b"]),
        Row(patterns: ["\\*x"], ignored: ["*x"], kept: ["ax"]),
    ])
    func `a pattern covers`(_ row: Row) {
        let patterns = IgnorePatterns(row.patterns)
        for path in row.ignored { #expect(patterns.matches(path), "\(path)") }
        for path in row.kept { #expect(!patterns.matches(path), "\(path)") }
    }
}

/// Templates of lists, and text on terminals.
@Suite struct OutputTests {
    private let rows = [["Name": "a", "Size": "1"], ["Name": "long \"name\"", "Size": "22"]]

    @Test func `a template writes a line a row`() throws {
        #expect(try ListTemplate("{{.Name}}={{ .Size }}").text(rows) == "a=1\nlong \"name\"=22\n")
        #expect(try ListTemplate("{{json .Name}}").text(rows) == "\"a\"\n\"long \\\"name\\\"\"\n")
        #expect(try ListTemplate("{{json .}}").text([rows[0]]) == "{\"Name\":\"a\",\"Size\":\"1\"}\n")
        #expect(try ListTemplate("{{upper .Name}}{{.Other}}").text([rows[0]]) == "A<no value>\n")
        #expect(
            try ListTemplate("table {{.Name}}\\t{{.Size}}").text(rows, headings: ["Size": "BYTES"])
                == "NAME          BYTES\na             1\nlong \"name\"   22\n")
    }

    @Test(arguments: ["{{.Name", "{{Name}}", "{{range .}}", "{{title .Name}}", "{{end}}"])
    func `what a template cannot say is refused`(_ text: String) {
        #expect(throws: (any Error).self) { try ListTemplate(text) }
    }

    @Test func `text is cut to the terminal, and its colours end`() {
        #expect(TerminalText("\u{1B}[32mabc\u{1B}[0mdef").cut(to: 4).text == "\u{1B}[32mabc\u{1B}[0md\u{1B}[0m")
        #expect(TerminalText("\u{1B}[32mabc\u{1B}[0m").width == 3)
        #expect(TerminalText("abc").cut(to: 3).text == "abc")
    }

    @Test(arguments: [
        (0, "0B"), (1023, "1023B"), (1536, "1.5KiB"), (52_428_800, "50MiB"), (25_276_000_000, "23.54GiB"),
    ])
    func `memory is shown in four digits`(_ bytes: UInt64, _ text: String) {
        #expect(BinarySize.text(bytes) == text)
    }
}
