// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Glibc
import Supervisor

/// The command line. One file a command.
///
/// The options of the project come before the command, as with docker compose, and mean something else after it (`-f` of
/// `logs`): they are taken off first, and the rest is parsed without them. This type is what `trice --help` shows.
package struct Trice: ParsableCommand {
    package static let version = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "trice",
        abstract: "Bring the services of a Compose file up and down as isolated containers, without a daemon.",
        usage: "trice [-f FILE] [-p NAME] COMMAND [OPTIONS] [SERVICE …]",
        discussion: """
            The same files, flags and habits as docker compose. Options that say which project is meant come before the \
            command. Also: trice help exit-codes, trice help environment.
            """,
        version: version, groupedSubcommands: groups)

    fileprivate static let groups: [CommandGroup] = [
        CommandGroup(
            name: "Stacks:",
            subcommands: [
                Up.self, Down.self, Plan.self, Why.self, Ps.self, Logs.self, Config.self, Ls.self,
            ]),
        CommandGroup(
            name: "Services:",
            subcommands: [
                Start.self, Stop.self, Restart.self, Kill.self, Exec.self, Run.self, Scale.self, Create.self, Rm.self,
                Pause.self, Unpause.self, Wait.self, Port.self, Top.self, Stats.self, UI.self, Attach.self, Copy.self,
                Export.self, Commit.self,
                Watch.self, Events.self, Capture.self,
            ]),
        CommandGroup(
            name: "Images and the host:",
            subcommands: [
                Images.self, Volumes.self, BuildCommand.self, Pull.self, Push.self, Publish.self, ImageCommand.self,
                VolumeCommand.self, NetworkCommand.self, SystemCommand.self, Login.self, Logout.self,
            ]),
        CommandGroup(
            name: "About trice:",
            subcommands: [VersionCommand.self, CompletionCommand.self, ManualCommand.self]),
    ]

    @OptionGroup package var options: GlobalArguments

    /// What was given before the command.
    @TaskLocal static var global = GlobalOptions()

    /// Of a command that is to change nothing.
    @TaskLocal static var dryRun: DryRun?

    /// How many things may go on at once; nil: as many as can.
    @TaskLocal static var parallelism: Int?

    /// Whether it was called as `docker-compose`.
    @TaskLocal static var isGuise = false

    package init() {}

    /// Parses the arguments, runs the command and ends the process with its exit status.
    package static func run(_ arguments: [String], as program: String) -> Never {
        do {
            if arguments.first == "---completion" {
                var command = try Trice.parseAsRoot(CompletionCommand.withCursor(arguments))
                try command.run()
                Glibc.exit(0)
            }
            var arguments = arguments
            let isGuise = DockerComposeGuise.isWorn(as: program)
            if isGuise {
                if arguments.first == "docker-cli-plugin-metadata" {
                    Output.line(DockerComposeGuise.metadata)
                    Glibc.exit(0)
                }
                arguments = try DockerComposeGuise.withoutDockersOwn(arguments)
            }
            try $isGuise.withValue(isGuise) { try perform(arguments) }
            Glibc.exit(0)
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch let failure as Failure {
            Output.standardError(Output.render(failure))
            Glibc.exit(failure.exitCode)
        } catch {
            let code = Dispatch.exitCode(for: error)
            let message = Dispatch.fullMessage(for: error)
            if code == .success {
                Output.line(message)
                Glibc.exit(0)
            }
            Output.standardError(message + "\n")
            // docker compose's status for a wrong command line, where the parser's own is 64.
            Glibc.exit(code == .validationFailure ? 16 : 1)
        }
    }

    private static func perform(_ arguments: [String]) throws {
        let (own, words) = split(arguments)
        var global = try GlobalOptions(parsing: own).withEnvironment()
        var rest = words
        if rest.isEmpty || ["-h", "--help", "help"].contains(rest[0]) && rest.count == 1 {
            Output.standardOutput(helpMessage(columns: Output.terminalSize(of: 1)?.columns ?? 100) + "\n")
            Glibc.exit(rest.isEmpty ? 1 : 0)
        }
        if ["-v", "--version"].contains(rest[0]) { rest = ["version"] }
        if rest[0] == "help", let topic = HelpTopic(rawValue: rest[1]) { return Output.standardOutput(topic.text) }
        guard !global.compatibility || ["config", "convert"].contains(rest[0]) else {
            throw Failure("--compatibility is not supported: names of containers have hyphens", hint: "leave it out")
        }
        if Spelling.isBesideDefinition(rest) {
            let spelling = try Spelling(definition: definition())
            rest = spelling.withoutFlagValues(rest)
            if let others = spelling.withoutDryRun(rest) { (rest, global.dryRun) = (others, true) }
        }
        try $global.withValue(global) {
            try $parallelism.withValue(global.parallelism) {
                try $dryRun.withValue(global.dryRun ? DryRun() : nil) { try runCommand(rest) }
            }
        }
    }

    private static func runCommand(_ words: [String]) throws {
        var command = try PlainCommand.read(words) ?? parsed(words)
        if dryRun != nil, withoutEnd.contains(where: { $0 == type(of: command) }) {
            throw Failure("\(words[0]) is not supported in a dry run: it goes on until its user ends it")
        }
        if !asUser.contains(where: { $0 == type(of: command) }) { try PlainUser.becomeRoot() }
        try command.run()
        dryRun?.finish()
    }

    /// Commands that do what their user, or a change of a file, has them do.
    private static let withoutEnd: [any ParsableCommand.Type] = [Attach.self, UI.self, Watch.self]

    /// Commands that read files and write text.
    private static let asUser: [any ParsableCommand.Type] = [
        VersionCommand.self, CompletionCommand.self, ManualCommand.self, Config.self, Login.self, Logout.self,
    ]

    /// The command; where there is none of that name, what was most likely meant.
    static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        do { return try Dispatch.parse(words: arguments) } catch {
            if let wrong = try Spelling(definition: definition()).unknownCommand(arguments[0]) { throw wrong }
            throw error
        }
    }

    /// Those of the options before the command that take no value.
    private static let flags = ["--all-resources", "--compatibility", "--dry-run"]

    /// The arguments before the command, and the rest.
    static func split(_ arguments: [String]) -> (own: [String], rest: [String]) {
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            guard argument.hasPrefix("-"), argument != "-", !["-h", "--help", "-v", "--version"].contains(argument)
            else {
                break
            }
            // `--name value` and `-f value`; `--name=value` and `-fvalue` stand alone.
            let standsAlone =
                flags.contains(argument) || argument.contains("=") || (!argument.hasPrefix("--") && argument.count > 2)
            index += standsAlone ? 1 : 2
        }
        index = min(index, arguments.count)
        let own = arguments[..<index].flatMap { argument in
            guard let (flag, isSet) = Spelling.flagValue(argument), flags.contains(flag) else { return [argument] }
            return isSet ? [flag] : []
        }
        return (own, Array(arguments[index...]))
    }
}

/// The commands, without the options that come before them.
private struct Dispatch: ParsableCommand {
    /// While words are parsed: to have a super-command keeps the parser from looking first, with two parsers more, whether
    /// they ask for a script of completions. `CompletionCommand` has those.
    @TaskLocal static var isParsing = false

    static var configuration: CommandConfiguration { isParsing ? parsing : named }

    private static let named = CommandConfiguration(
        commandName: "trice", version: Trice.version, groupedSubcommands: Trice.groups)
    private static let parsing = CommandConfiguration(
        commandName: "trice", _superCommandName: "", version: Trice.version, groupedSubcommands: Trice.groups)

    static func parse(words: [String]) throws -> any ParsableCommand {
        try $isParsing.withValue(true) { try parseAsRoot(words) }
    }
}
