// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core

/// A command as it is defined: what the manual, and the check of a command line's spelling, are made from.
package struct CommandDefinition: Decodable, Sendable {
    package struct Argument: Decodable, Sendable {
        package struct Name: Decodable, Sendable {
            let kind: String
            let name: String

            /// `--detach`, `-d`
            package var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        /// `positional`, `option` or `flag`.
        package let kind: String
        package let names: [Name]?
        package let valueName: String?
        package let abstract: String?
        package let defaultValue: String?
        package let isOptional: Bool
        package let isRepeating: Bool
        package let shouldDisplay: Bool
    }

    package let commandName: String
    package let abstract: String?
    package let discussion: String?
    package let aliases: [String]?
    package let subcommands: [CommandDefinition]?
    package let arguments: [Argument]?

    /// Flags and options as they are typed.
    package var optionNames: [String] { (arguments ?? []).flatMap { $0.names ?? [] }.map(\.text) }

    /// The command and those below it that a user is shown.
    package var commands: [CommandDefinition] { (subcommands ?? []).filter { $0.commandName != "help" } }
}

extension Trice {
    /// All commands, with the options that come before them at the top.
    package static func definition() throws -> CommandDefinition {
        struct Dump: Decodable { let command: CommandDefinition }
        return try decodeJSON(Dump.self, from: Array(Trice._dumpHelp().utf8)).command
    }
}
