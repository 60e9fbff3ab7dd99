// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core

/// The part of Go's templates that lists are formatted with: text, `{{.Field}}`, `{{json .}}`, `{{json .Field}}`,
/// `{{upper .Field}}`, `{{lower .Field}}`, `\t` and `\n`. With `table ` before it, the columns stand under their headings.
struct ListTemplate {
    private enum Piece {
        case text(String)
        case field(String, Function?)
        case object
    }

    private enum Function: String, CaseIterable { case json, upper, lower }

    private var pieces: [Piece] = []
    private let isTable: Bool

    init(_ source: String) throws(ValidationError) {
        var rest = source.replacing("\\t", with: "\t").replacing("\\n", with: "\n")[...]
        isTable = rest.hasPrefix("table ")
        if isTable { rest = rest.dropFirst(6) }
        guard let parts = TemplatePart.split(rest) else {
            throw ValidationError("the template \(source) has no }} after {{")
        }
        for part in parts {
            switch part {
            case .text(let text): pieces.append(.text(text))
            case .field(let text): pieces.append(try ListTemplate.piece(text))
            }
        }
    }

    private static func piece(_ text: Substring) throws(ValidationError) -> Piece {
        let words = text.split(separator: " ")
        let function = words.count == 2 ? Function(rawValue: String(words[0])) : nil
        guard let path = words.last, path.hasPrefix("."), words.count == 1 || function != nil else {
            throw ValidationError(
                "{{\(text)}}: only {{.Field}}, {{json .}}, and json, upper or lower before .Field can stand in a template"
            )
        }
        if path == "." && function == .json { return .object }
        guard path.count > 1, path.dropFirst().allSatisfy({ $0.isLetter || $0.isNumber }) else {
            throw ValidationError("{{\(text)}}: \(path) is no field")
        }
        return .field(String(path.dropFirst()), function)
    }

    /// Every row, a line each, below the headings where they are wanted.
    ///
    /// - Parameters:
    ///   - rows: the fields of each row.
    ///   - headings: what stands over a field's column, where that is not its name.
    func text(_ rows: [[String: String]], headings: [String: String] = [:]) -> String {
        guard isTable else { return rows.map { text(of: $0) + "\n" }.joined() }
        let names = Dictionary(fieldNames.map { ($0, headings[$0] ?? $0.uppercased()) }) { first, _ in first }
        var table = Table()
        for row in [names] + rows {
            table.add(text(of: row).split(separator: "\t", omittingEmptySubsequences: false).map(String.init))
        }
        return table.text
    }

    private var fieldNames: [String] {
        pieces.compactMap { if case .field(let name, _) = $0 { name } else { nil } }
    }

    func text(of fields: [String: String]) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .object:
                Document.object(fields.map { .init($0.key, .string($0.value)) }).json(indent: false, sortedKeys: true)
            case .field(let name, let function): apply(function, to: fields[name] ?? "<no value>")
            }
        }.joined()
    }

    private func apply(_ function: Function?, to value: String) -> String {
        switch function {
        case .json: Document.string(value).json(indent: false)
        case .upper: value.uppercased()
        case .lower: value.lowercased()
        case nil: value
        }
    }
}
