// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Core

@Suite struct LinePatternTests {
    @Test(arguments: [
        ("ready", "the server is ready.", true), ("^ready$", "is ready", false),
        ("listening on .*:[0-9]+", "listening on :80", true),
        ("(up|started) in [0-9]+ ms", "started in 12 ms", true), (#"\bup\b"#, "an upper one", false),
        ("", "", true), ("é+", "café", true), ("a", "\u{0}a", false),
    ])
    func `a pattern is looked for anywhere in a line`(_ row: (String, String, Bool)) throws {
        let pattern = try LinePattern(row.0)
        #expect(Array(row.1.utf8).withUnsafeBytes { pattern.matches($0) } == row.2)
    }

    @Test(arguments: [
        ("a(", "Unmatched ( or \\("), ("[a", "Unmatched [, [^, [:, [., or [="),
        (#"\d+"#, #"'\d' is not of the extended kind (grep -E): write [0-9]"#),
        ("(?:a)", "'(?' is not of the extended kind (grep -E): write plain parentheses"),
        ("a\u{0}b", "a line has no NUL"),
    ])
    func `what is no pattern says why`(_ row: (String, String)) {
        do throws(LinePattern.ParseError) {
            _ = try LinePattern(row.0)
            Issue.record("\(row.0) is taken")
        } catch { #expect("\(error)".hasPrefix(row.1), "\(error)") }
    }
}
