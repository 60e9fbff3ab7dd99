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

    private static let lines = [
        Line(words: ["trice", "logs", "w"], offers: ["web", "worker"]),
        Line(words: ["trice", "exec", ""], offers: ["db", "web", "worker"]),
        Line(words: ["trice", "pull", "d"], offers: ["db"]),
        Line(words: ["trice", "up", "--attach", "w"], offers: ["web", "worker"]),
        Line(words: ["trice", "image", "rm", ""], offers: ["busybox:1"]),
        Line(words: ["trice", "--profile", ""], offers: ["jobs"]),
        Line(words: ["trice", "network", "rm", ""], offers: ["complete_default"]),
        Line(words: ["trice", "sta"], offers: ["start", "stats"]),
        Line(words: ["trice", "up", "--remove"], offers: ["--remove-orphans"]),
    ]

    private static let stack = """
        services:
          web: { image: busybox:1, init: true }
          db: { image: busybox:1, init: true }
          worker: { image: busybox:1, init: true, profiles: [jobs] }
        """

    private static let programs = URL(fileURLWithPath: Sandbox.binary).deletingLastPathComponent().path

    /// The script is read as fish reads one of its own, and asked as for a key.
    @Test func `fish completes commands, options and names`() throws {
        try Sandbox.run("complete") { box in
            try box.write(Self.stack)
            box.must("up", "-d", "web")
            for line in Self.lines {
                let script = "trice completion fish | source; complete -C '\(line.testDescription)'"
                let offered = box.run(
                    ["/usr/bin/fish", "--no-config", "-i", "-c", script],
                    environment: ["PATH": "\(Self.programs):/bin:/usr/bin"])
                let names = offered.lines.map { String($0.prefix { $0 != "\t" }) }
                #expect(names.sorted() == line.offers, "\(line.testDescription): \(offered)")
            }
        }
    }

    /// In a terminal of zsh's own, with the key; what it is offered is written down on the way.
    @Test func `zsh completes commands, options and names`() throws {
        try Sandbox.run("complete") { box in
            try box.write(Self.stack)
            box.must("up", "-d", "web")
            try box.makeDirectory("zsh")
            try box.write(box.trice("completion", "zsh").out, to: "zsh/_trice")
            try box.write(
                """
                fpath=(\(box.work)/zsh $fpath); autoload -U compinit; compinit -u -D; PROMPT=READY
                function compadd {
                    local -a found
                    builtin compadd -O found "$@"; print -l -- $found >>\(box.work)/zsh/offers
                    builtin compadd "$@"
                }
                """, to: "zsh/.zshrc")
            try box.write(
                """
                zmodload zsh/zpty; zpty shell 'ZDOTDIR=\(box.work)/zsh zsh -i'; zpty -r shell out '*READY*'
                zpty -w -n shell "$1"$'\\t'; zpty -w shell $'\\025exit'; while zpty -r shell out; do :; done
                """, to: "zsh/press")
            for line in Self.lines {
                try box.write("", to: "zsh/offers")
                let pressed = box.run(
                    ["/usr/bin/zsh", "-f", "\(box.work)/zsh/press", line.testDescription],
                    environment: ["PATH": "\(Self.programs):/bin:/usr/bin", "TERM": "xterm"])
                let offers = Set(box.read("zsh/offers").split(separator: "\n").map(String.init))
                #expect(offers.sorted() == line.offers, "\(line.testDescription): \(pressed)")
            }
        }
    }

    @Test(arguments: lines)
    func `bash completes commands, options and names`(_ line: Line) throws {
        try Sandbox.run("complete") { box in
            try box.write(Self.stack)
            box.must("up", "-d", "web")
            let words = line.words.map { "'\($0)'" }.joined(separator: " ")
            let text = line.words.joined(separator: " ")
            let script = """
                PATH=\(Self.programs):$PATH; source <(trice completion bash)
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
