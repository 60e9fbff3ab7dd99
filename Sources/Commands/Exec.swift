// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Glibc
import Linux
import Runtime
import Supervisor

struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command in a running container.",
        discussion: """
            EXAMPLES
              trice exec web sh
              trice exec -T db pg_dump app > app.sql
              trice exec -u root --index 2 worker kill -HUP 1
            """)

    @Flag(name: [.short, .long], help: "Do not wait for it.")
    var detach = false
    @Flag(
        name: [.customShort("T"), .customLong("no-tty"), .customLong("no-TTY")],
        help: "No terminal, even if there is one.")
    var noTTY = false
    @Flag(
        name: [.customShort("t"), .customLong("tty")],
        help: "Accepted for docker's sake: a terminal is given where there is one.")
    var tty = false
    @Flag(name: [.short, .long], inversion: .prefixedNo, help: "Standard input is passed on.")
    var interactive = true
    @Option(name: [.short, .long], help: ArgumentHelp("Run as this user.", valueName: "USER"))
    var user: String?
    @Option(name: [.short, .long], help: ArgumentHelp("Run in this directory.", valueName: "DIR"))
    var workdir: String?
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Set a variable: NAME=VALUE, or NAME for the caller's; may be repeated.", valueName: "NAME=VALUE"))
    var env: [String] = []
    @Option(help: ArgumentHelp("The replica's number.", valueName: "NUMBER"))
    var index = 1
    @Flag(help: "With all capabilities.")
    var privileged = false
    @Argument(help: ArgumentHelp("The service.", valueName: "SERVICE"), completion: .services)
    var service: String
    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("The command and its arguments.", valueName: "COMMAND"))
    var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("exec wants a command") }
    }

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        try Effect.perform(effects(context, paths)) { try run(context, paths) }
    }

    /// Without `--detach` nothing is said, as with docker compose: what comes out is the program's, for whoever reads it.
    private func effects(_ context: Context, _ paths: ProjectPaths) throws -> [Effect] {
        let record = try RecordStore(paths).replica(index, of: service, context)
        guard record.runsNow else { throw Failure("service \"\(service)\" is not running") }
        guard detach else {
            throw Failure(
                "exec is not supported in a dry run: its output is its program's",
                hint: "with -d it says what would run")
        }
        return [Effect("exec in", .container, record.name, command.joined(separator: " "))]
    }

    private func run(_ context: Context, _ paths: ProjectPaths) throws {
        guard let client = try SupervisorClient.connectIfActive(paths) else {
            _ = try RecordStore(paths).chosen([service], context)
            throw Failure("service \"\(service)\" is not running")
        }
        var options = Request.ExecOptions(service: service, index: index, arguments: command)
        options.environment = env.compactMap(EnvironmentOption.resolved)
        (options.user, options.workingDirectory, options.privileged, options.detached) = (
            user, workdir, privileged, detach
        )
        options.terminal = !noTTY && !detach && isatty(0) == 1 && isatty(1) == 1
        if options.terminal {
            options.terminalSize = Output.terminalSize(of: 1).map { [UInt16($0.rows), UInt16($0.columns)] } ?? []
        }
        let session = Session(client, input: interactive)
        try session.send(.exec(options), streams: !options.terminal && !detach)
        let status = try session.run()
        if status != 0 { throw ExitCode(status) }
    }
}

/// An option's `NAME=VALUE`; without `=` the value is empty.
struct Assignment {
    let name: String
    let value: String

    init(name: String, value: String) { (self.name, self.value) = (name, value) }

    init(_ text: String) {
        name = String(text.prefix { $0 != "=" })
        value = String(text.dropFirst(name.count + 1))
    }
}

/// `-e NAME=VALUE`, or `-e NAME` for the caller's own value.
enum EnvironmentOption {
    static func resolved(_ text: String) -> String? {
        if text.contains("=") { return text }
        return Context.environment[text].map { "\(text)=\($0)" }
    }

    /// The variables of a file, as of `env_file`.
    static func variables(ofFile path: String, _ context: Context) throws -> [Assignment] {
        let file: SourceFile
        do throws(SystemError) { file = SourceFile(name: path, bytes: try readFile(path, limit: 1 << 24)) } catch {
            throw Failure("\(error)")
        }
        return try context.loading { () throws(LoadError) in
            var dotenv = Dotenv(environment: Context.environment)
            do throws(Diagnostic) { return try dotenv.read(file).map { Assignment(name: $0.0, value: $0.1) } } catch {
                throw .invalid(Diagnostics([error]))
            }
        }
    }
}
