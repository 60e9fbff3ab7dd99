// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

extension Diagnostic: CustomStringConvertible {
    package var description: String { rendered(color: false) }

    /// The message as a compiler prints it: `FILE:LINE:COLUMN: error: MESSAGE`, the line with a mark below it, the notes
    /// in the same form, and the hint. No line break at the end.
    package func rendered(color: Bool) -> String {
        let paint = Paint(enabled: color)
        var text = paint.bold(place.map { "\($0.range.start): " } ?? "")
        text += severity == .error ? paint.red("error: ") : paint.yellow("warning: ")
        text += paint.bold(message)
        text += place.flatMap { Self.excerpt($0, paint) } ?? ""
        for note in notes {
            text +=
                "\n" + paint.bold(note.place.map { "\($0.range.start): " } ?? "") + paint.cyan("note: ") + note.message
            text += note.place.flatMap { Self.excerpt($0, paint) } ?? ""
        }
        if let hint { text += "\n  " + paint.cyan("hint: ") + hint }
        return text
    }

    /// The line with `^~~~` below the range. Long lines are cut to a window around the range.
    private static func excerpt(_ place: Place, _ paint: Paint) -> String? {
        guard let line = place.excerpt else { return nil }
        var shown = Array(line)
        var column = max(place.range.startColumn - 1, 0)
        let sameLine = place.range.endLine == place.range.startLine
        var width = max((sameLine ? place.range.endColumn - 1 : shown.count) - column, 1)
        guard column <= shown.count else { return nil }
        let window = 100
        if shown.count > window {
            let from = max(0, min(column - 20, shown.count - window))
            shown = Array(shown[from..<min(from + window, shown.count)])
            column -= from
        }
        width = max(1, min(width, shown.count - column))
        // Tabs stay tabs below, so that the mark stands under what it marks; control characters become visible.
        let pad = String(shown[..<min(column, shown.count)].map { $0 == "\t" ? "\t" : " " })
        let text = String(shown.map { $0.isHarmless ? $0 : "\u{FFFD}" })
        return "\n  \(text)\n  \(pad)" + paint.green("^" + String(repeating: "~", count: width - 1))
    }
}

extension Character {
    /// Whether a terminal shows it and does nothing else.
    fileprivate var isHarmless: Bool {
        self == "\t" || unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    }
}

/// ANSI colours, or none.
private struct Paint {
    var enabled: Bool

    func bold(_ text: String) -> String { wrap(text, "1") }
    func red(_ text: String) -> String { wrap(text, "1;31") }
    func yellow(_ text: String) -> String { wrap(text, "1;33") }
    func cyan(_ text: String) -> String { wrap(text, "1;36") }
    func green(_ text: String) -> String { wrap(text, "1;32") }

    private func wrap(_ text: String, _ code: String) -> String {
        enabled && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
