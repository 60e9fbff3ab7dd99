// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A command's page of the manual, in the man(7) macros. Pure.
struct ManualPage {
    /// `trice`, or `trice-up` for a command.
    let name: String
    private let definition: CommandDefinition
    private let isTop: Bool

    init(_ definition: CommandDefinition, name: String, isTop: Bool = false) {
        (self.definition, self.name, self.isTop) = (definition, name, isTop)
    }

    /// A page for trice and each of its commands.
    static func all(_ top: CommandDefinition) -> [ManualPage] {
        [ManualPage(top, name: "trice", isTop: true)]
            + top.commands.map { ManualPage($0, name: "trice-\($0.commandName)") }
    }

    var text: String {
        var lines = [
            ".TH \(name.uppercased()) 1 \"\" \"trice \(Trice.version)\" \"User Commands\"", ".SH NAME",
            "\(escaped(name)) \\- \(escaped(summary))", ".SH SYNOPSIS",
        ]
        lines += isTop ? [".B trice", "[OPTION ...] COMMAND [ARGUMENT ...]"] : synopses
        let (about, examples) = parts
        if !about.isEmpty { lines += [".SH DESCRIPTION"] + about.map(escaped) }
        if isTop {
            lines.append(".SH COMMANDS")
            for command in definition.commands {
                lines += [
                    ".TP", ".BR trice-\(escaped(command.commandName)) (1)", escaped(command.abstract ?? ""),
                ]
            }
        }
        lines += options(of: definition, under: "OPTIONS")
        for command in definition.commands where !isTop {
            lines += options(of: command, under: "\(definition.commandName) \(command.commandName)".uppercased())
        }
        if !examples.isEmpty { lines += [".SH EXAMPLES", ".nf"] + examples.map(escaped) + [".fi"] }
        if isTop {
            for topic in HelpTopic.allCases {
                lines += [".SH \(topic == .exitCodes ? "EXIT STATUS" : "ENVIRONMENT")"]
                for (term, meaning) in topic.entries { lines += [".TP", ".B \(escaped(term))", escaped(meaning)] }
            }
        } else {
            lines += [".SH SEE ALSO", ".BR trice (1)"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var summary: String {
        let text = definition.abstract ?? ""
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    private var synopses: [String] {
        let commands = definition.commands.isEmpty ? [definition] : definition.commands
        return commands.map { command in
            let words = command.commandName == definition.commandName ? "" : " \(command.commandName)"
            return ".B trice \(definition.commandName)\(words)\n\(escaped(usage(of: command)))\n.br"
        }
    }

    private func usage(of command: CommandDefinition) -> String {
        let arguments = (command.arguments ?? []).filter(\.shouldDisplay)
        var words = arguments.contains { $0.kind != "positional" } ? ["[OPTION ...]"] : []
        for argument in arguments where argument.kind == "positional" {
            let name = (argument.valueName ?? "") + (argument.isRepeating ? " ..." : "")
            words.append(argument.isOptional ? "[\(name)]" : name)
        }
        return words.joined(separator: " ")
    }

    /// The discussion, and what stands in it under EXAMPLES.
    private var parts: (about: [String], examples: [String]) {
        let lines = (definition.discussion ?? "").split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
        guard let start = lines.firstIndex(of: "EXAMPLES") else { return (lines.filter { !$0.isEmpty }, []) }
        return (
            lines[..<start].filter { !$0.isEmpty },
            lines[(start + 1)...].map { $0.hasPrefix("  ") ? String($0.dropFirst(2)) : $0 }
        )
    }

    private func options(of command: CommandDefinition, under heading: String) -> [String] {
        let shown = (command.arguments ?? []).filter { argument in
            argument.shouldDisplay && argument.abstract != nil && argument.names?.first?.name != "version"
        }
        if shown.isEmpty { return [] }
        var lines = [".SH \(escaped(heading))"]
        for argument in shown {
            let value = argument.kind == "option" ? " \\fI\(escaped(argument.valueName ?? "VALUE"))\\fR" : ""
            let names = (argument.names ?? []).map { "\\fB\(escaped($0.text))\\fR\(value)" }
            let term = names.isEmpty ? "\\fI\(escaped(argument.valueName ?? ""))\\fR" : names.joined(separator: ", ")
            let standard = argument.kind == "option" ? argument.defaultValue.map { " (default: \($0))" } ?? "" : ""
            lines += [".TP", term, escaped((argument.abstract ?? "") + standard)]
        }
        return lines
    }

    /// Hyphens that a reader may copy, no control lines, no escapes.
    private func escaped(_ text: String) -> String {
        let safe = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("…", with: "...")
        return safe.hasPrefix(".") || safe.hasPrefix("'") ? "\\&" + safe : safe
    }
}
