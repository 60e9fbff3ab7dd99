// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Registry
import Testing

@Suite("WWW-Authenticate")
struct ChallengeTests {
    struct Row: CustomTestStringConvertible {
        let field: String
        let challenges: [Challenge]
        var testDescription: String { field }
    }

    static let rows = [
        Row(
            field: #"Bearer realm="https://auth.test/token",service="registry.test",scope="repository:a/b:pull,push""#,
            challenges: [
                Challenge(
                    scheme: "bearer",
                    parameters: [
                        "realm": "https://auth.test/token", "service": "registry.test",
                        "scope": "repository:a/b:pull,push",
                    ])
            ]),
        Row(field: #"Basic realm="x""#, challenges: [Challenge(scheme: "basic", parameters: ["realm": "x"])]),
        Row(
            field: #"BASIC Realm=x , bearer realm = "y""#,
            challenges: [
                Challenge(scheme: "basic", parameters: ["realm": "x"]),
                Challenge(scheme: "bearer", parameters: ["realm": "y"]),
            ]),
        Row(
            field: #"Negotiate, Basic realm="a \"quoted\" word""#,
            challenges: [
                Challenge(scheme: "negotiate"), Challenge(scheme: "basic", parameters: ["realm": #"a "quoted" word"#]),
            ]),
        Row(field: "", challenges: []),
        Row(field: ",,,", challenges: []),
        Row(field: #"Bearer realm="never closed"#, challenges: [Challenge(scheme: "bearer")]),
        Row(field: "=x", challenges: []),
    ]

    @Test("A field is taken apart into challenges", arguments: rows)
    func parses(_ row: Row) { #expect(Challenge.parse(row.field) == row.challenges) }

    @Test("Any bytes give an answer")
    func anything() {
        var random = SystemRandomNumberGenerator()
        let letters = Array("Basic=\"\\, \trealm~\u{7F}é")
        for _ in 0..<5000 {
            let text = String(
                (0..<Int.random(in: 0...40, using: &random)).map { _ in letters.randomElement(using: &random)! })
            for challenge in Challenge.parse(text) { #expect(!challenge.scheme.isEmpty) }
        }
    }
}
