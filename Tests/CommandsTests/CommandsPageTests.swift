// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

@testable import Commands

/// `Specs/commands.md` says of each command and flag of docker compose how trice has it. It is made from the definitions.
@Suite struct CommandsPageTests {
    private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Specs/commands.md").path

    /// Why docker compose's command or flag is refused, by `COMMAND` or `COMMAND --flag`.
    private static let refused = [
        "bridge": "projects are not converted for other platforms",
        "build --builder": "buildah builds", "build --check": "buildah checks nothing without building",
        "build --provenance": "buildah makes no attestations", "build --sbom": "buildah makes no attestations",
    ]

    /// What trice does beyond docker compose.
    private static let better = [
        "config": "also `--explain`: where each value was set, and what it overrides",
        " --dry-run": "plain lines, with the reasons of a plan; `commit`, `export` and trice's own commands, too",
        "build": "needs no daemon; independent services side by side; errors at FILE:LINE:COLUMN",
        "pull": "a layer goes on where it broke off, and is unpacked while it comes",
        "cp": "also works with containers that have ended",
        "down --remove-orphans": "always so: nothing of the project is left",
        "events --since": "what has happened since the project came up is on disk, and survives every process",
        "export": "ids as they are inside; also of containers that have ended",
        "logs": "needs no process but itself; no line is lost",
        "ps": "needs no process but itself",
        "publish": "mistakes at FILE:LINE:COLUMN; several files, `extends` and `include` become one file",
        "publish --app": "nothing is published where an image cannot be copied; also for registries without referrers",
        "rm --force": "never asks", "rm --volumes": "always so: an anonymous volume goes with its container",
        "stats": "needs no process but itself",
        "top": "also `--follow`: live",
        "up": "starts side by side, health checks probe at once; mistakes at FILE:LINE:COLUMN",
        "up --yes": "never asks", "create --yes": "never asks",
        "watch": "a file comes whole or not at all; told by the kernel, not looked for",
    ]

    private static let definition = Result { try Trice.definition() }

    @Test(
        "Specs/commands.md says what the code does; TRICE_UPDATE=1 swift test --filter CommandsPageTests writes it anew"
    )
    func page() throws {
        let text = try Self.text
        if ProcessInfo.processInfo.environment["TRICE_UPDATE"] != nil {
            try text.write(toFile: Self.path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: Self.path, encoding: .utf8) == text)
    }

    @Test func `each command and flag of docker compose is there, or refused for a reason`() throws {
        for (command, flags) in dockerComposeCommands {
            let found = try Self.command(command)
            if Self.refused[command] != nil {
                #expect(found == nil, "\(command) is refused, and there")
                continue
            }
            let names = Set(try #require(found, "\(command) is neither there nor refused").optionNames)
            for flag in flags {
                let words = flag.split(separator: " ").map(String.init)
                let key = "\(command) \(words[0])"
                if Self.refused[key] != nil { continue }
                for word in words { #expect(names.contains(word), "\(command) \(word) is neither there nor refused") }
            }
        }
    }

    @Test func `what is refused or better is something that docker compose has`() {
        var known = Set<String>()
        for (command, flags) in dockerComposeCommands {
            known.insert(command)
            for flag in flags { known.insert("\(command) \(flag.prefix { $0 != " " })") }
        }
        for key in Array(Self.refused.keys) + Array(Self.better.keys) { #expect(known.contains(key), "\(key)") }
    }

    private static func command(_ name: String) throws -> CommandDefinition? {
        let top = try definition.get()
        if name.isEmpty { return top }
        return top.commands.first { $0.commandName == name }
    }

    private static var text: String {
        get throws {
            var text = """
                # Commands
                Each command and flag of docker compose \(DockerComposeGuise.version), and how trice has it. This page is made from the
                definitions, by `TRICE_UPDATE=1 swift test --filter CommandsPageTests`. A flag can be written as `--flag=true` and
                `--flag=false`, too.

                Installed as `docker-compose` (`make install-docker-compose`), trice behaves as such: as a program, and as docker's
                plugin where it lies in a directory of plugins.

                | command | flag | trice |
                |---|---|---|

                """
            for (command, flags) in dockerComposeCommands {
                if let why = refused[command] {
                    text += "| `\(command)` | | refused: \(why) |\n"
                    continue
                }
                if !command.isEmpty {
                    text += "| `\(command)` | | \(better[command].map { "better: \($0)" } ?? "same") |\n"
                }
                for flag in flags {
                    let words = flag.split(separator: " ").map { "`\($0)`" }.joined(separator: " ")
                    let key = "\(command) \(flag.prefix { $0 != " " })"
                    let state = refused[key].map { "refused: \($0)" } ?? better[key].map { "better: \($0)" } ?? "same"
                    text += "| \(command.isEmpty ? "" : "`\(command)`") | \(words) | \(state) |\n"
                }
            }
            let known = Set(dockerComposeCommands.map(\.command))
            text += "\n## Beside them\n| command | |\n|---|---|\n"
            for command in try definition.get().commands.sorted(by: { $0.commandName < $1.commandName })
            where !known.contains(command.commandName) {
                let below = command.commands.map { "`\($0.commandName)`" }.joined(separator: " ")
                text += "| `\(command.commandName)`\(below.isEmpty ? "" : " \(below)") | \(command.abstract ?? "") |\n"
            }
            return text
        }
    }
}
