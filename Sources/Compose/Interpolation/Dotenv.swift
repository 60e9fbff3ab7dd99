// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// Files of variables: `.env`, `--env-file`, and a service's `env_file` (Compose Specification, 05-services.md, "Env_file format").
///
/// Values may refer to variables of the environment, which win, and to those given earlier in the file.
package struct Dotenv {
    /// What wins over the file's own variables where a value refers to one.
    private let environment: [String: String]
    /// The variables so far; later files see those of earlier ones.
    package var values: [String: String] = [:]
    /// Where each variable that a file gave a value stands. Without the line's text: it may hold a secret.
    package private(set) var places: [String: Diagnostic.Place] = [:]

    private var rest: ArraySlice<UInt8> = []
    private var line = 1

    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// The variables of the file in order; a name may come several times, then the last one counts.
    package mutating func read(_ source: SourceFile) throws(Diagnostic) -> [(String, String)] {
        // Carriage returns before line feeds, and a byte order mark, are left out.
        var bytes = source.bytes
        if bytes.contains(UInt8(ascii: "\r")) {
            bytes = bytes.indices.filter { bytes[$0] != 13 || $0 + 1 == bytes.count || bytes[$0 + 1] != 10 }.map {
                bytes[$0]
            }
        }
        rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        line = 1
        try checkEncoding(source)
        var found: [(String, String)] = []
        while skipBlanksAndComments() {
            let start = line
            do throws(Problem) {
                let (name, hasValue) = try name()
                let value = hasValue ? try value() : environment[name]
                guard let value else { continue }
                values[name] = value
                places[name] = Diagnostic.Place(Problem.range(source, line: start))
                found.append((name, value))
            } catch {
                throw error.diagnostic(source, line: start)
            }
        }
        return found
    }

    private func checkEncoding(_ source: SourceFile) throws(Diagnostic) {
        guard String(validating: source.bytes, as: UTF8.self) == nil else { return }
        let lines = source.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
        throw Problem.message("this is not UTF-8 text").diagnostic(source, line: line + 1)
    }

    /// The lines of a file with `format: raw`: nothing in a value means anything.
    ///
    /// - Throws: the first line whose name is missing or has blanks.
    package mutating func readRaw(_ source: SourceFile) throws(Diagnostic) -> [(String, String)] {
        try checkEncoding(source)
        var found: [(String, String)] = []
        let lines = source.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, raw) in lines.enumerated() {
            let text = String(decoding: raw.last == 13 ? raw.dropLast() : raw, as: UTF8.self)
            let line = text.drop { $0 == " " || $0 == "\t" }
            guard !line.isEmpty, line.first != "#" else { continue }
            let equals = line.utf8.firstIndex(of: UInt8(ascii: "="))
            let name = String(line[..<(equals ?? line.endIndex)])
            guard !name.isEmpty, !name.contains(where: \.isWhitespace) else {
                let problem = name.isEmpty ? "a variable needs a name" : "variable '\(name)' contains blanks"
                throw Problem.message(problem).diagnostic(source, line: index + 1)
            }
            if let equals {
                found.append((name, String(line[line.utf8.index(after: equals)...])))
            } else if let value = environment[name] {
                found.append((name, value))
            }
        }
        for (name, value) in found { values[name] = value }
        return found
    }

    private enum Problem: Error {
        case message(String)
        case template(Template.Failure)

        /// The line, but for the blanks before it.
        static func range(_ source: SourceFile, line: Int) -> SourceRange {
            let text = source.line(line) ?? ""
            let indent = text.prefix { $0 == " " || $0 == "\t" }.count
            return SourceRange(
                file: source.name, startLine: line, startColumn: indent + 1, endLine: line,
                endColumn: max(text.count, indent + 1) + 1)
        }

        func diagnostic(_ source: SourceFile, line: Int) -> Diagnostic {
            let place = Diagnostic.Place(Self.range(source, line: line), excerpt: source.excerpt(line))
            switch self {
            case .message(let message): return Diagnostic(code: "env-syntax", message, at: place)
            case .template(let failure): return failure.diagnostic(at: place)
            }
        }
    }

    /// False at the end of the file.
    private mutating func skipBlanksAndComments() -> Bool {
        while let first = rest.first {
            if first == UInt8(ascii: "#") {
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            } else if first.isBlank || first == UInt8(ascii: "\n") {
                if first == UInt8(ascii: "\n") { line += 1 }
                rest.removeFirst()
            } else {
                return true
            }
        }
        return false
    }

    /// The name at the start of a line, and whether a value follows.
    private mutating func name() throws(Problem) -> (String, hasValue: Bool) {
        let export = Array("export".utf8)
        if rest.starts(with: export), rest.dropFirst(export.count).first?.isBlank == true {
            rest = rest.dropFirst(export.count).drop { $0.isBlank }
        }
        var end = rest.endIndex
        for index in rest.indices {
            let byte = rest[index]
            if byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "\n") {
                end = index
                break
            }
            let isAllowed =
                byte.isBlank || byte.isASCIILetter || byte.isASCIIDigit || byte >= 0x80 || "_.-[]".utf8.contains(byte)
            guard isAllowed else {
                let text = String(decoding: rest.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
                let character = String(decoding: [byte], as: UTF8.self)
                throw .message("unexpected character \"\(character)\" in variable name \"\(text)\"")
            }
        }
        let name = String(decoding: rest[..<end], as: UTF8.self).trimmed
        guard !name.isEmpty else { throw .message("a variable needs a name") }
        guard !name.utf8.contains(UInt8(ascii: " ")) else { throw .message("key cannot contain a space") }
        let hasValue = end < rest.endIndex && rest[end] != UInt8(ascii: "\n")
        rest = hasValue ? rest[(end + 1)...].drop { $0.isBlank } : rest[end...]
        return (name, hasValue)
    }

    private mutating func value() throws(Problem) -> String {
        guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            var text = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest[text.endIndex...]
            for index in text.indices.dropLast()
            where text[index] == UInt8(ascii: " ") && text[index + 1] == UInt8(ascii: "#") {
                text = text[..<index]
                break
            }
            while let last = text.last, last.isBlank { text = text.dropLast() }
            return try expanded(String(decoding: text, as: UTF8.self))
        }
        var characters: [UInt8] = []
        var isEscaped = false
        let opening = line
        for index in rest.indices.dropFirst() {
            let byte = rest[index]
            if byte == UInt8(ascii: "\n") { line += 1 }
            if byte == quote, !isEscaped {
                rest = rest[(index + 1)...]
                let text = String(decoding: characters, as: UTF8.self)
                return quote == UInt8(ascii: "'") ? text : try expanded(Self.unescaped(text))
            }
            if !isEscaped, byte == UInt8(ascii: "\\") {
                isEscaped = true
                continue
            }
            // A backslash before anything but the quote stays.
            if isEscaped, byte != quote { characters.append(UInt8(ascii: "\\")) }
            isEscaped = false
            characters.append(byte)
        }
        line = opening
        let text = String(decoding: rest.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        throw .message("unterminated quoted value \(text)")
    }

    private func expanded(_ text: String) throws(Problem) -> String {
        let template = Template(lookup: { environment[$0] ?? values[$0] })
        do throws(Template.Failure) {
            return try template.expanded(text)
        } catch {
            throw .template(error)
        }
    }

    /// The escapes of double quotes; `\$` becomes `$$`, so that expansion leaves the dollar sign alone.
    private static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
        let single: [Character: String] = [
            "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{0B}", "\\": "\\",
            "\"": "\"", "$": "$$",
        ]
        var output = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "\\", let next = rest.first, let plain = single[next] {
                output += plain
                rest.removeFirst()
            } else {
                output.append(character)
            }
        }
        return output
    }
}

extension UInt8 {
    /// A blank within a line.
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0B || self == 0x0C || self == 0x0D }
}
