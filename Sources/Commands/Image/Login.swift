// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Glibc
import Images
import Linux
import Registry

struct Login: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Log in to a registry.",
        discussion: """
            The credentials are tried, and kept where docker keeps them: in the program that ~/.docker/config.json names, else
            in that file.

            Example:
              trice login --username me --password-stdin registry.example < token
            """)

    @Option(name: [.short, .long], help: ArgumentHelp("The user's name.", valueName: "NAME"))
    var username: String?
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The password; others can see it while the command runs.", valueName: "PASSWORD"))
    var password: String?
    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false
    @Argument(help: ArgumentHelp("The registry (default: Docker Hub).", valueName: "HOST[:PORT]"))
    var server: String?

    func validate() throws {
        if passwordStdin && password != nil {
            throw ValidationError("--password and --password-stdin are incompatible")
        }
        if passwordStdin && username == nil { throw ValidationError("--password-stdin wants --username") }
    }

    func run() throws {
        let domain = RegistryName.domain(server)
        _ = try RegistryAddress.split(domain)
        let user = try username ?? Prompt.line("Username: ")
        let secret: String
        if passwordStdin {
            var bytes: [UInt8] = []
            let input = Descriptor(try check("dup") { dup(0) })
            while case let part = try input.read(upTo: 4096), !part.isEmpty { bytes += part }
            secret =
                String(decoding: bytes, as: UTF8.self).split(separator: "\n", maxSplits: 1).first.map(String.init) ?? ""
        } else {
            secret = try password ?? Prompt.line("Password: ", isSecret: true)
        }
        guard !user.isEmpty, !secret.isEmpty else { throw Failure("a user's name and a password are wanted") }
        var request = TransferRequest(.login)
        (request.registry, request.user, request.password) = (domain, user, secret)
        try RegistryName.perform(request) { event in
            Output.line("Login Succeeded")
            if let place = event.detail { Output.standardError("The credentials are kept by \(place)\n") }
        }
    }
}

struct Logout: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Forget the credentials for a registry.")

    @Argument(help: ArgumentHelp("The registry (default: Docker Hub).", valueName: "HOST[:PORT]"))
    var server: String?

    func run() throws {
        let domain = RegistryName.domain(server)
        var request = TransferRequest(.logout)
        request.registry = domain
        try RegistryName.perform(request) { event in
            Output.line(
                event.isUnchanged == true ? "Not logged in to \(domain)" : "Removing login credentials for \(domain)")
        }
    }
}

/// A registry as a command's argument names it.
enum RegistryName {
    /// Without a scheme and a path, which people write as well.
    static func domain(_ text: String?) -> String {
        guard var rest = text?[...] else { return DefaultRegistry.domain }
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        let domain = String(rest.prefix { $0 != "/" })
        return domain == "index." + DefaultRegistry.domain || domain == DefaultRegistry.host
            ? DefaultRegistry.domain : domain
    }

    static func perform(_ request: TransferRequest, onDone: (TransferEvent) -> Void) throws {
        let effect = Effect(request.operation.rawValue, .registry, request.registry ?? request.address ?? "")
        try Effect.perform([effect]) { try transfer(request, onDone: onDone) }
    }

    private static func transfer(_ request: TransferRequest, onDone: (TransferEvent) -> Void) throws {
        let isGood = try RegistryProgram.run(request) { event in
            if let failure = event.failure { throw failure }
            if event.kind == .done { onDone(event) }
        }
        if !isGood { throw Failure("trice-registry ended without saying why") }
    }
}

/// Asks a person, on the terminal.
enum Prompt {
    static func line(_ question: String, isSecret: Bool = false) throws -> String {
        guard isatty(0) == 1 else {
            throw Failure("standard input is no terminal to ask on", hint: "give --username and --password-stdin")
        }
        // Before the question: what comes after it is not shown.
        let silence = isSecret ? try TerminalMode(of: 0, discardsInput: true, TerminalMode.silent) : nil
        Output.standardError(question)
        let answer = withExtendedLifetime(silence) { readLine() ?? "" }
        // The end of the line was not shown either.
        if isSecret { Output.standardError("\n") }
        return answer
    }
}
