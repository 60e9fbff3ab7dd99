// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import SplitMix
import Testing

@testable import Commands

/// How command lines may be spelled.
@Suite struct CommandLineTests {
    struct Row: CustomTestStringConvertible {
        let typed: String
        let meant: String
        var testDescription: String { typed }
    }

    @Test(arguments: [
        Row(typed: "up --detach=true", meant: "up --detach"), Row(typed: "up --detach=false web", meant: "up web"),
        Row(typed: "attach --sig-proxy=false web", meant: "attach --no-sig-proxy web"),
        Row(typed: "ps --orphans=0", meant: "ps --no-orphans"),
        Row(typed: "exec --privileged=true web cmd --x=true", meant: "exec --privileged web cmd --x=true"),
        Row(typed: "run --name --rm=true web", meant: "run --name --rm=true web"),
        Row(typed: "up --scale web=1", meant: "up --scale web=1"),
        Row(typed: "image load --quiet=true -i x", meant: "image load --quiet -i x"),
    ])
    func `a flag may have a value, as docker's have`(_ row: Row) throws {
        let words = row.typed.split(separator: " ").map(String.init)
        let result = try Spelling(definition: Trice.definition()).withoutFlagValues(words)
        #expect(result.joined(separator: " ") == row.meant)
    }

    @Test(arguments: [
        Row(typed: "down --dry-run -v", meant: "down -v"), Row(typed: "image rm --dry-run x", meant: "image rm x"),
        Row(typed: "run --name --dry-run web", meant: ""), Row(typed: "exec web cmd --dry-run", meant: ""),
        Row(typed: "up -- --dry-run", meant: ""), Row(typed: "up", meant: ""),
    ])
    func `a dry run may be asked for after the command`(_ row: Row) throws {
        let words = row.typed.split(separator: " ").map(String.init)
        let rest = try Spelling(definition: Trice.definition()).withoutDryRun(words)
        #expect((rest ?? []).joined(separator: " ") == row.meant)
    }

    @Test func `a flag before the command may have a value, too`() {
        let (own, rest) = Trice.split(["--dry-run=true", "--all-resources=false", "-p", "x", "up", "-d=true"])
        #expect(own == ["--dry-run", "-p", "x"])
        #expect(rest == ["up", "-d=true"])
    }

    /// Most often no parser is needed for the options before the command: they must be read as it would read them.
    @Test func `plain options before the command are read as the parser reads them`() throws {
        let words = [
            "-f", "-p", "--file", "--project-name", "--project-directory", "--profile", "--env-file", "--progress",
            "--ansi",
            "--dry-run", "--all-resources", "--compatibility", "--parallel", "--diagnostics", "-fx", "-f=x",
            "--file=a=b",
            "--profile=", "--progress=quiet", "--ansi=never", "--progress=loud", "--dry-run=true", "--none", "x", "",
            "-", "--",
            "quiet", "always", "a b", "1",
        ]
        var random = SplitMix(state: 7)
        var plain = 0
        for _ in 0..<3000 {
            let arguments = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                words.randomElement(using: &random) ?? ""
            }
            guard let options = GlobalOptions(plain: arguments) else { continue }
            plain += 1
            #expect(try options == GlobalArguments.parse(arguments).values, "\(arguments)")
        }
        #expect(plain > 300)
        #expect(GlobalOptions(plain: ["-f", "compose.yaml", "-p", "shop", "--progress", "quiet"]) != nil)
    }

    @Test(arguments: ["exec", "ps", "up"])
    func `plain commands are read as the parser reads them`(_ name: String) throws {
        let words = [
            "-d", "--detach", "-T", "-u", "--user", "-w", "-e", "--env", "-t", "-i", "-it", "--index", "-a", "--all",
            "-q",
            "--services", "--wait", "--remove-orphans", "--format", "-h", "--help", "--version", "--no-deps", "-e=a",
            "--user=a",
            "-ua", "--", "-", "", "--none", "web", "db", "sh", "ls", "-c", "a=b", "7", "ps", "up", "help",
        ]
        var random = SplitMix(state: 11)
        var plain = 0
        for _ in 0..<1000 {
            let given =
                [name]
                + (0..<Int.random(in: 0...5, using: &random)).map { _ in
                    words.randomElement(using: &random) ?? ""
                }
            guard let command = PlainCommand.read(given) else { continue }
            plain += 1
            // All properties, with their values.
            switch Result(catching: { try Trice.parsed(given) }) {
            case .success(let parsed): #expect("\(command)" == "\(parsed)", "\(given)")
            case .failure(let error): Issue.record("\(given): \(error)")
            }
        }
        #expect(plain > 20)
        #expect(PlainCommand.read(["exec", "-T", "-u", "root", "web", "sh", "-c", "ls -l"]) != nil)
    }

    @Test(arguments: [
        Row(typed: "upp", meant: "did you mean 'up'?"), Row(typed: "rmi", meant: "did you mean 'image rm'?"),
        Row(typed: "load", meant: "did you mean 'image load'?"),
        Row(typed: "xyzzy", meant: "trice --help lists the commands"),
    ])
    func `a command that is none says what may be meant`(_ row: Row) throws {
        let wrong = try Spelling(definition: Trice.definition()).unknownCommand(row.typed)
        #expect(wrong?.hint == row.meant)
        #expect(wrong?.exitCode == 16)
    }

    @Test(arguments: [
        Row(typed: "compose up -d", meant: "up -d"), Row(typed: "--debug compose ps", meant: "ps"),
        Row(typed: "--log-level debug compose ps", meant: "ps"), Row(typed: "up -d", meant: "up -d"),
        Row(typed: "-f compose up", meant: "-f compose up"), Row(typed: "run compose sh", meant: "run compose sh"),
    ])
    func `docker's plugin hears docker's own words first`(_ row: Row) throws {
        let words = row.typed.split(separator: " ").map(String.init)
        #expect(try DockerComposeGuise.withoutDockersOwn(words).joined(separator: " ") == row.meant)
    }

    @Test func `another engine is refused by name`() {
        #expect(throws: Failure.self) {
            try DockerComposeGuise.withoutDockersOwn(["--context", "far", "compose", "ps"])
        }
    }

    @Test func `each command has a page of the manual with all its flags`() throws {
        let definition = try Trice.definition()
        let pages = ManualPage.all(definition)
        #expect(Set(pages.map(\.name)).isSuperset(of: ["trice", "trice-up", "trice-image"]))
        for (command, page) in zip(definition.commands, pages.dropFirst()) {
            for argument in command.arguments ?? [] where argument.shouldDisplay {
                for name in argument.names ?? [] where name.text != "--version" {
                    let text = name.text.replacing("-", with: "\\-")
                    #expect(page.text.contains("\\fB\(text)\\fR"), "\(name.text) in \(page.name)")
                }
            }
            // A line of text that begins with a point would be taken for a macro.
            for line in page.text.split(separator: "\n") where line.hasPrefix(".") {
                let macro = line.dropFirst().prefix { $0.isLetter }
                #expect(["TH", "SH", "B", "BR", "TP", "br", "nf", "fi"].contains(String(macro)), "\(line)")
            }
        }
    }

    @Test func `every command says what it is for`() throws {
        for command in try Trice.definition().commands { #expect(command.abstract?.isEmpty == false) }
    }

    /// ArgumentParser would make the name from the type's at each start, three times for each command, and ask for the
    /// conformance of each to some protocols: half of what a command's start takes.
    @Test func `each command says its name itself`() {
        func nameless(_ command: any ParsableCommand.Type) -> [String] {
            let own = command.configuration.commandName == nil ? ["\(command)"] : []
            return own + command.configuration.subcommands.flatMap(nameless)
        }
        #expect(nameless(Trice.self) == [])
        #expect(Trice.configuration.subcommands.count > 30)
    }
}
