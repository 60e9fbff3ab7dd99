// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// The whole terminal as a canvas: the alternate screen, without a cursor, in raw mode (ECMA-48, xterm's ctlseqs). As before
/// when this value goes.
final class FullScreen {
    private let mode: TerminalMode
    private var drawn: [String] = []

    /// Nil where standard input or output is no terminal.
    init?() throws(SystemError) {
        guard isatty(1) == 1, let mode = try TerminalMode(of: 0, TerminalMode.raw) else { return nil }
        self.mode = mode
        FullScreen.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J")
    }

    deinit { FullScreen.write("\u{1B}[?25h\u{1B}[?1049l") }

    static var size: (columns: Int, rows: Int) { Output.terminalSize(of: 1) ?? (columns: 80, rows: 24) }

    /// Shows these lines from the top; only those that differ from what stands there are written, in one go.
    func draw(_ lines: [String]) {
        var text = ""
        for (row, line) in lines.enumerated() where row >= drawn.count || drawn[row] != line {
            text += "\u{1B}[\(row + 1);1H\(line)\u{1B}[0m\u{1B}[K"
        }
        if lines.count < drawn.count { text += "\u{1B}[\(lines.count + 1);1H\u{1B}[J" }
        drawn = lines
        if !text.isEmpty { FullScreen.write(text) }
    }

    /// The terminal has another size: nothing of what stands there can be relied on.
    func forget() {
        drawn = []
        FullScreen.write("\u{1B}[2J")
    }

    private static func write(_ text: String) { Output.standardOutput(text) }
}
