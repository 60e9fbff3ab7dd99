// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

extension TreeReader {
    /// Bytes; the kernel takes no more (execve(2)).
    private static let commandLimit = 2 << 20

    /// `command` and `entrypoint`: a list, or a line that is split as a shell would; null is the image's.
    ///
    /// - Parameter key: what is to blame for a mapping.
    mutating func command(_ node: YAMLNode, _ path: String, _ key: YAMLNode) -> [String]? {
        if node.isNull { return nil }
        if case .mapping = node.content {
            report("wrong-type", "\(path) must be a string or a list, not a mapping", at: key)
            return nil
        }
        guard case .scalar = node.content else { return strings(node, path) }
        guard let line = string(node, path) else { return nil }
        guard line.utf8.count <= Self.commandLimit else {
            report("bad-command", "\(path): a command of more than 2 MiB cannot be run", at: node)
            return nil
        }
        guard let command = splitCommand(line) else {
            report(
                "bad-command", "\(path): invalid command line string", at: node,
                hint: "close its quotes and parentheses, or write the command as a list")
            return nil
        }
        if let shellOperator = command.shellOperator {
            diagnostics.add(
                Diagnostic(
                    .warning, code: "shell-operator",
                    "\(path): what follows '\(shellOperator)' is left out: no shell runs the command", at: node.place,
                    hint: "write it as [\"sh\", \"-c\", \"…\"], or quote it"))
        }
        return command.words
    }
}

/// A command line's words, and nothing else of it: see `splitCommand`.
package func commandWords(_ line: String) -> [String]? {
    splitCommand(line)?.words
}

/// A command line's words, by the rules that docker compose splits by: quotes and backslashes as in a shell, but no
/// expansion, and what follows an unquoted `;`, `&`, `|`, `<` or `>` is left out, and that operator is named. Nil if quotes or parentheses stay open.
private func splitCommand(_ line: String) -> (words: [String], shellOperator: Character?)? {
    enum Quote { case none, single, double, backtick, dollar }
    var words: [String] = []
    var word = ""
    var hasWord = false
    var quote = Quote.none
    var isEscaped = false
    var shellOperator: Character?
    scan: for character in line.unicodeScalars {
        if isEscaped {
            word.unicodeScalars.append(character)
            (isEscaped, hasWord) = (false, true)
            continue
        }
        switch character {
        case "\\" where quote != .single:
            isEscaped = true
            continue
        case " ", "\t", "\r", "\n":
            if quote != .none {
                word.unicodeScalars.append(character)
            } else if hasWord {
                words.append(word)
                (word, hasWord) = ("", false)
            }
            continue
        case "`" where quote == .none: quote = .backtick
        case "`" where quote == .backtick: quote = .none
        case "(" where quote == .none:
            guard word.hasSuffix("$") else { return nil }
            quote = .dollar
        case "(" where quote == .dollar: return nil
        case ")" where quote == .dollar: quote = .none
        case ")" where quote == .none: return nil
        case "\"" where quote == .none || quote == .double:
            quote = quote == .double ? .none : .double
            hasWord = true
            continue
        case "'" where quote == .none || quote == .single:
            quote = quote == .single ? .none : .single
            hasWord = true
            continue
        case ";", "&", "|", "<", ">":
            guard quote == .none else { break }
            // `2>` is part of the redirection.
            if character == ">", let first = word.utf8.first, first.isASCIIDigit { hasWord = false }
            shellOperator = Character(character)
            break scan
        default: break
        }
        word.unicodeScalars.append(character)
        hasWord = true
    }
    if hasWord { words.append(word) }
    return quote == .none && !isEscaped ? (words, shellOperator) : nil
}
