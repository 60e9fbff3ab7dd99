// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@Suite struct DiagnosticTests {
    private func place(_ line: Int, _ columns: Range<Int>, _ excerpt: String, file: String = "compose.yaml")
        -> Diagnostic.Place
    {
        let range = SourceRange(
            file: file, startLine: line, startColumn: columns.lowerBound, endLine: line, endColumn: columns.upperBound)
        return Diagnostic.Place(range, excerpt: excerpt)
    }

    @Test("A diagnostic shows place, message, line, mark, notes and hint")
    func rendering() {
        let diagnostic = Diagnostic(
            code: "unknown-key", "unknown key 'imagee'", at: place(3, 5..<11, "    imagee: x"),
            notes: [Diagnostic.Note("the service starts here", at: place(2, 3..<6, "  web:"))],
            hint: "did you mean 'image'?")
        #expect(
            diagnostic.description == """
                compose.yaml:3:5: error: unknown key 'imagee'
                      imagee: x
                      ^~~~~~
                compose.yaml:2:3: note: the service starts here
                    web:
                    ^~~
                  hint: did you mean 'image'?
                """)
    }

    @Test("Colour adds escapes and nothing else")
    func color() {
        let diagnostic = Diagnostic(.warning, code: "w", "old", at: place(1, 1..<2, "v"))
        let colored = diagnostic.rendered(color: true)
        #expect(colored.contains("\u{1B}[1;33mwarning: \u{1B}[0m"))
        var plain = ""
        var isEscape = false
        for character in colored {
            if character == "\u{1B}" { isEscape = true }
            if !isEscape { plain.append(character) }
            if character == "m" { isEscape = false }
        }
        #expect(plain == diagnostic.description)
    }

    @Test("Escapes in the user's file do not reach the terminal, and long lines are cut")
    func hostileLines() {
        let escape = Diagnostic(code: "c", "m", at: place(1, 1..<2, "a\u{1B}[2Jb")).description
        #expect(!escape.contains("\u{1B}"))
        let long = Diagnostic(code: "c", "m", at: place(1, 5000..<5003, String(repeating: "x", count: 10_000)))
            .description
        #expect(long.split(separator: "\n").allSatisfy { $0.count <= 120 })
        #expect(long.contains("^~~"))
    }

    @Test("Mistakes come in the order of the files and places, each once")
    func order() {
        let late = Diagnostic(code: "b", "late", at: place(9, 1..<2, ""))
        let early = Diagnostic(code: "a", "early", at: place(2, 1..<2, ""))
        let other = Diagnostic(code: "c", "other", at: place(1, 1..<2, "", file: "z.yaml"))
        let nowhere = Diagnostic(code: "d", "nowhere")
        let all = Diagnostics([late, other, early, late, nowhere]).sorted(files: ["compose.yaml", "z.yaml"])
        #expect(all.items.map(\.message) == ["nowhere", "early", "late", "other"])
    }

    @Test("A file gives its lines without their breaks")
    func lines() {
        let source = SourceFile(name: "f", bytes: Array("one\r\ntwo\n\nfour".utf8))
        #expect((0...5).map { source.line($0) } == [nil, "one", "two", "", "four", nil])
    }
}
