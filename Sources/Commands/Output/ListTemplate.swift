// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core

/// How a list is formatted: a `GoTemplate` for each row. With `table ` before it, the columns stand under their headings.
struct ListTemplate {
    private let template: GoTemplate
    private let isTable: Bool

    init(_ source: String) throws(ValidationError) {
        isTable = source.hasPrefix("table ")
        template = try GoTemplate(String(source.dropFirst(isTable ? 6 : 0)))
    }

    /// Every row, a line each, below the headings where they are wanted.
    ///
    /// - Parameters:
    ///   - rows: the fields of each row.
    ///   - headings: what stands over a field's column, where that is not its name.
    func text(_ rows: [[String: String]], headings: [String: String] = [:]) throws(Failure) -> String {
        guard isTable else {
            var text = ""
            for row in rows { text += try self.text(of: row) + "\n" }
            return text
        }
        let names = Dictionary(template.fieldNames.map { ($0, headings[$0] ?? $0.uppercased()) }) { first, _ in first }
        var table = Table()
        for row in [names] + rows {
            table.add(try text(of: row).split(separator: "\t", omittingEmptySubsequences: false).map(String.init))
        }
        return table.text
    }

    func text(of fields: [String: String]) throws(Failure) -> String {
        try template.text(of: .object(fields.map { .init($0.key, .string($0.value)) }))
    }
}

/// How `inspect` prints what it has found: JSON for people, or `json` on one line, or a `GoTemplate` for each.
struct InspectTemplate {
    private let format: String?

    init(_ format: String?) { self.format = format }

    func check() throws(ValidationError) {
        if let format, format != "json" { _ = try GoTemplate(format) }
    }

    func text(_ rows: [some Encodable]) throws -> String {
        guard let format, format != "json" else {
            return String(decoding: try encodeJSON(rows, pretty: format == nil), as: UTF8.self) + "\n"
        }
        let template = try GoTemplate(format)
        return try rows.map { try template.text(of: Document(encoding: $0)) + "\n" }.joined()
    }
}
