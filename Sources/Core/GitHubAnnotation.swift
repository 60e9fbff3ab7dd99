// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

extension Diagnostic {
    /// A workflow command of GitHub Actions, which marks the place in the file: one line, without its line break.
    ///
    /// Source: GitHub's documentation, "Workflow commands", `error` and `warning`; columns count from 1, the last included.
    package var gitHubAnnotation: String {
        var properties: [(String, String)] = []
        if let range = place?.range {
            properties = [("file", range.file), ("line", "\(range.startLine)")]
            // Columns mark a part of one line only.
            if range.endLine == range.startLine {
                let last = max(range.startColumn, range.endColumn - 1)
                properties += [("col", "\(range.startColumn)"), ("endColumn", "\(last)")]
            } else {
                properties.append(("endLine", "\(range.endLine)"))
            }
        }
        properties.append(("title", code))
        let list = properties.map { "\($0)=\(Self.escaped($1, alsoIn: ":,"))" }.joined(separator: ",")
        let more = notes.map { note in "note: " + (note.place.map { "\($0.range.start): " } ?? "") + note.message }
        let lines = [message] + more + (hint.map { ["hint: \($0)"] } ?? [])
        return "::\(severity.rawValue) \(list)::\(Self.escaped(lines.joined(separator: "\n")))"
    }

    /// With what would end the command, or a property of it, as `%` and two digits.
    private static func escaped(_ text: String, alsoIn more: String = "") -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if "%\r\n".unicodeScalars.contains(scalar) || more.unicodeScalars.contains(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
