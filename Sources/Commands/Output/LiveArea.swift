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
            if width + character.columns > columns { return (result + (isColoured ? "\u{1B}[0m" : ""), width) }
            result.append(character)
            width += character.columns
        }
        return (result, width)
    }
}

extension Character {
    /// Columns of a terminal: two for what East Asian scripts and emoji take (UAX #11, wide and fullwidth).
    fileprivate var columns: Int {
        guard let first = unicodeScalars.first, first.value >= 0x1100 else { return 1 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
