// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// What a shell completes, and what the manual is made of.
@Suite struct CompletionTests {
    struct Line: CustomTestStringConvertible {
        let words: [String]
        let offers: [String]
        var testDescription: String { words.joined(separator: " ") }
    }

    @Test(arguments: [
        Line(words: ["trice", "logs", "w"], offers: ["web", "worker"]),
        Line(words: ["trice", "exec", ""], offers: ["db", "web", "worker"]),
        Line(words: ["trice", "image", "rm", ""], offers: ["busybox:1"]),
        Line(words: ["trice", "--profile", ""], offers: ["jobs"]),
        Line(words: ["trice", "network", "rm", ""], offers: ["complete_default"]),
        Line(words: ["trice", "sta"], offers: ["start", "stats"]),
        Line(words: ["trice", "up", "--remove"], offers: ["--remove-orphans"]),
    ])
    func `bash completes commands, options and names`(_ line: Line) throws {
        try Sandbox.run("complete") { box in
            try box.write(
                """
                services:
                  web: { image: busybox:1, init: true }
                  db: { image: busybox:1, init: true }
                  worker: { image: busybox:1, init: true, profiles: [jobs] }
                """)
            box.must("up", "-d", "web")
            let words = line.words.map { "'\($0)'" }.joined(separator: " ")
            let text = line.words.joined(separator: " ")
            let programs = URL(fileURLWithPath: Sandbox.binary).deletingLastPathComponent().path
            let script = """
                PATH=\(programs):$PATH; source <(trice completion bash)
                COMP_WORDS=(\(words)); COMP_CWORD=\(line.words.count - 1); COMP_LINE='\(text)'; COMP_POINT=\(text.utf8.count)
                _trice trice "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; printf '%s\\n' "${COMPREPLY[@]}"
                """
            let offered = box.run(["/bin/bash", "-c", script])
            #expect(
                offered.lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }.sorted()
                    == line.offers, "\(offered)")
        }
    }

    @Test func `zsh and fish get a script of their own, and each command a page of the manual`() throws {
        try Sandbox.run("manual") { box in
            #expect(box.trice("completion", "zsh").out.hasPrefix("#compdef trice"))
            #expect(box.trice("completion", "fish").out.contains("complete -c 'trice'"))
            #expect(box.trice("manual", "man").status == 0)
            #expect(box.read("man/trice.1").contains(".SH EXIT STATUS"))
            #expect(box.read("man/trice-up.1").contains(".SH EXAMPLES"))
            for topic in ["exit-codes", "environment"] { #expect(box.trice("help", topic).status == 0) }
            #expect(box.trice("help", "environment").out.contains("COMPOSE_PROJECT_NAME"))
        }
    }
}
