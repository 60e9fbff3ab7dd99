// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// A terminal of so many columns and rows, with a shell in it, whose screen can be looked at: a tmux server of its own.
final class Screen {
    private let box: Sandbox
    private let socket: String

    init(_ box: Sandbox, columns: Int = 80, rows: Int = 24) throws {
        self.box = box
        socket = "\(box.directory)/tmux"
        let programs = URL(fileURLWithPath: Sandbox.binary).deletingLastPathComponent().path
        try "PS1='$ '; PATH=\(programs):/usr/bin:/bin\n".write(
            toFile: "\(box.directory)/shrc", atomically: true, encoding: .utf8)
        let outcome = tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)",
            "-e", "ENV=\(box.directory)/shrc", "sh", ";", "set-option", "status", "off")
        guard outcome.status == 0 else { throw Sandbox.Trouble(description: "tmux: \(outcome)") }
        shows("$")
    }

    /// The server ends with its session. `kill-server` would end it by a signal, and a test run blocks some.
    deinit { _ = tmux("kill-session") }

    /// The server goes on in the background: it must hold none of the descriptors by which this process knows the ends of
    /// its children.
    @discardableResult
    private func tmux(_ arguments: String...) -> Outcome {
        let script = """
            for fd in /proc/$$/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done; exec tmux "$@"
            """
        return box.run(["/bin/bash", "-c", script, "tmux", "-S", socket] + arguments)
    }

    /// Types text, and the return key.
    func type(_ text: String) {
        tmux("send-keys", "-l", text)
        press("Enter")
    }

    /// Presses keys by tmux's names: `C-c`, `Enter`.
    func press(_ keys: String...) { for key in keys { tmux("send-keys", key) } }

    func resize(columns: Int, rows: Int) { tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)") }

    /// What stands on the screen, without empty lines at its end.
    var text: String {
        var lines = tmux("capture-pane", "-p").out.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// Waits until the screen shows the text.
    func shows(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let isShown = box.eventually { self.text.contains(text) }
        #expect(isShown, "\(text) on the screen:\n\(self.text)", sourceLocation: sourceLocation)
    }
}
