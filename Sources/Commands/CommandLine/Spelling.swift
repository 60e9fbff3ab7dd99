// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// What a command line may be spelled as beside its definition, and what was most likely meant where it is none. Pure.
struct Spelling {
    let definition: CommandDefinition

    private static let dryRun = "--dry-run"

    /// Whether the other functions may find something to change.
    static func isBesideDefinition(_ arguments: [String]) -> Bool {
        arguments.contains { $0 == dryRun || flagValue($0) != nil }
    }

    /// The rest where one of the command's own words is `--dry-run`, which every command of docker compose has.
    func withoutDryRun(_ arguments: [String]) -> [String]? {
        var isThere = false
        let rest = mapWords(of: arguments) { word in
            if word != Spelling.dryRun { return [word] }
            isThere = true
            return []
        }
        return isThere ? rest : nil
    }

    /// `--flag=true` is the flag, `--flag=false` its inversion or its absence, as in docker's command lines.
    func withoutFlagValues(_ arguments: [String]) -> [String] {
        guard let command = command(of: arguments) else { return arguments }
        let own = (command.arguments ?? []).filter { $0.kind == "flag" }.flatMap { $0.names ?? [] }.map(\.text)
        let flags = Set(own + [Spelling.dryRun])
        return mapWords(of: arguments) { word in
            guard let (name, isSet) = Spelling.flagValue(word), flags.contains(name) else { return [word] }
            let inverted = "--no-\(name.dropFirst(2))"
            return isSet ? [name] : flags.contains(inverted) ? [inverted] : []
        }
    }

    /// Changes the command's own words. The values of its options, and what a command runs in a container, are left alone.
    private func mapWords(of arguments: [String], _ change: (String) -> [String]) -> [String] {
        guard let command = command(of: arguments) else { return arguments }
        let options = (command.arguments ?? []).filter { $0.kind == "option" }
        let takesValue = Set(options.flatMap { $0.names ?? [] }.map(\.text))
        let passesThrough = ["exec", "run"].contains(command.commandName)
        var result: [String] = []
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            if argument == "--" { return result + arguments[index...] }
            if passesThrough && index > 0 && !argument.hasPrefix("-") { return result + arguments[index...] }
            index += 1
            result += change(argument)
            if takesValue.contains(argument), index < arguments.count {
                result.append(arguments[index])
                index += 1
            }
        }
        return result
    }

    /// The flag of `--flag=true`.
    static func flagValue(_ argument: String) -> (name: String, isSet: Bool)? {
        guard argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") else { return nil }
        return truthValue(argument[argument.index(after: equals)...]).map { (String(argument[..<equals]), $0) }
    }

    /// The command that the arguments name: `up`, `image load`.
    private func command(of arguments: [String]) -> CommandDefinition? {
        var found = definition.commands.first {
            $0.commandName == arguments.first || $0.aliases?.contains(arguments.first ?? "") ?? false
        }
        if let next = found?.commands.first(where: { $0.commandName == arguments.dropFirst().first }) { found = next }
        return found
    }

    /// What is wrong with the first word, where it is no command.
    func unknownCommand(_ name: String) -> Failure? {
        let known = definition.commands.flatMap { [$0.commandName] + ($0.aliases ?? []) }
        guard !known.contains(name), name != "help" else { return nil }
        let elsewhere = Spelling.elsewhere[name]
        return Failure(
            "unknown command: \(name)",
            hint: elsewhere ?? nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
                ?? "trice --help lists the commands", exitCode: 16)
    }

    /// Commands of docker compose and docker that trice has under another name, or not.
    private static let elsewhere = [
        "bridge": "projects cannot be converted for other platforms",
        "load": "did you mean 'image load'?", "import": "did you mean 'image import'?",
        "rmi": "did you mean 'image rm'?",
        "inspect": "trice ps --format json, trice volume inspect and trice network inspect tell more",
    ]
}
