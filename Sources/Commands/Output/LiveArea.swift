// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Lines at the end of what a terminal shows, drawn over again and again (ECMA-48: cursor up, erase below).
///
/// Each picture goes out in one write, and is cut to the terminal as it is by then: no line wraps, and no more lines than
/// the screen has. After a resize the terminal may have wrapped the last picture's lines, which is reckoned with.
final class LiveArea {
    private let descriptor: Int32
    /// The lengths of the lines on the screen.
    private var drawn: [Int] = []

    init(on descriptor: Int32) { self.descriptor = descriptor }

    /// - Parameter lines: may have colours (SGR sequences).
    func draw(_ lines: [String]) {
        let size = Output.terminalSize(of: descriptor) ?? (columns: 80, rows: 24)
        var text = upAndErase(columns: size.columns)
        drawn = []
        for line in lines.prefix(max(1, size.rows - 1)) {
            // The last column stays free: a full line would wrap on some terminals.
            let cut = TerminalText(line).cut(to: size.columns - 1)
            drawn.append(cut.width)
            text += cut.text + "\n"
        }
        write(text)
    }

    /// Takes the picture away.
    func erase() {
        let size = Output.terminalSize(of: descriptor) ?? (columns: 80, rows: 24)
        write(upAndErase(columns: size.columns))
        drawn = []
    }

    /// Lets the picture stand: the next one comes below it.
    func leave() { drawn = [] }

    private func upAndErase(columns: Int) -> String {
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(1, columns)) }
        return rows == 0 ? "" : "\u{1B}[\(rows)A\r\u{1B}[J"
    }

    private func write(_ text: String) {
        if !text.isEmpty { _ = Array(text.utf8).withUnsafeBytes { Output.write($0, to: descriptor) } }
    }
}

/// Text with colours in it: SGR sequences, which take no room.
struct TerminalText {
    let text: String

    init(_ text: String) { self.text = text }

    /// Columns that it takes.
    var width: Int { cut(to: .max).width }

    /// As much of it as so many columns hold, with colours ended.
    func cut(to columns: Int) -> (text: String, width: Int) {
        var result = "", width = 0, isInSequence = false, isColoured = false
        for character in text {
            if isInSequence {
                result.append(character)
                isInSequence = !character.isLetter
                continue
            }
            if character == "\u{1B}" {
                (isInSequence, isColoured) = (true, true)
                result.append(character)
                continue
            }
            if width == columns { return (result + (isColoured ? "\u{1B}[0m" : ""), width) }
            result.append(character)
            width += 1
        }
        return (result, width)
    }
}
