// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux

/// The keys of `up --menu`, taken while the logs are printed: `w` turns watching on and off, `d` leaves the stack alone.
final class UpMenu {
    enum Key { case watch, detach }

    private let mode: TerminalMode

    /// Whether a person can press keys, and see what they are for.
    static var isPossible: Bool { isatty(0) == 1 && isatty(2) == 1 }

    /// Has the terminal give each key at once until this object is gone; nil where there is none.
    init?() throws(SystemError) {
        guard let mode = try TerminalMode(of: 0, TerminalMode.keys) else { return nil }
        self.mode = mode
    }

    /// Becomes readable with a key.
    var descriptor: Int32 { 0 }

    /// What was pressed; nil for a key that means nothing.
    func key() throws(SystemError) -> Key? {
        var byte: UInt8 = 0
        guard try check("read", "terminal", { read(0, &byte, 1) }) == 1 else { return .detach }
        switch Character(Unicode.Scalar(byte)) {
        case "w", "W": return .watch
        case "d", "D": return .detach
        default: return nil
        }
    }

    func explain(isWatching: Bool) {
        Output.standardError("w \(isWatching ? "Disable" : "Enable") Watch   d Detach   Ctrl-C Stop\n")
    }
}
