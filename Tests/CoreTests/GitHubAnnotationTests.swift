// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@Suite struct GitHubAnnotationTests {
    private static func place(
        _ file: String, _ line: Int, _ column: Int, to endLine: Int, _ endColumn: Int
    ) -> Diagnostic.Place {
        Diagnostic.Place(
            SourceRange(
                file: file, startLine: line, startColumn: column, endLine: endLine, endColumn: endColumn))
    }

    @Test(
        "A diagnostic is one command",
        arguments: [
            (
                Diagnostic(code: "unknown-key", "unknown key 'a'", at: place("c.yaml", 4, 5, to: 4, 10)),
                "::error file=c.yaml,line=4,col=5,endColumn=9,title=unknown-key::unknown key 'a'"
            ),
            (
                Diagnostic(.warning, code: "no-effect", "x", at: place("c.yaml", 4, 5, to: 6, 1)),
                "::warning file=c.yaml,line=4,endLine=6,title=no-effect::x"
            ),
            (
                Diagnostic(code: "empty-file", "x", at: place("c.yaml", 1, 1, to: 1, 1)),
                "::error file=c.yaml,line=1,col=1,endColumn=1,title=empty-file::x"
            ),
            (Diagnostic(code: "project-name", "x"), "::error title=project-name::x"),
            (
                Diagnostic(code: "x", "100%: a,b\r\n::c", at: place("a:b,c%.yaml", 1, 1, to: 1, 2)),
                "::error file=a%3Ab%2Cc%25.yaml,line=1,col=1,endColumn=1,title=x::100%25: a,b%0D%0A::c"
            ),
            (
                Diagnostic(
                    code: "x", "m", notes: [Diagnostic.Note("n", at: place("f", 2, 3, to: 2, 4))], hint: "h"),
                "::error title=x::m%0Anote: f:2:3: n%0Ahint: h"
            ),
        ])
    func commands(diagnostic: Diagnostic, command: String) {
        #expect(diagnostic.gitHubAnnotation == command)
    }
}
