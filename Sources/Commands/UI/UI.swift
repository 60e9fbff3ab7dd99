// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Glibc

struct UI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ui", abstract: "See the stack on the whole terminal: states, use, logs; restart, stop, a shell.",
        discussion: """
            For the keyboard alone; ? shows the keys. Leaving it changes nothing: the stack goes on.

            EXAMPLES
              trice ui
              trice -p shop ui
            """)

    func run() throws {
        guard isatty(0) == 1, isatty(1) == 1 else {
            throw Failure("trice ui wants a terminal", hint: "use trice ps, trice stats and trice logs instead")
        }
        guard Context.environment["TERM"] != "dumb", Trice.global.ansi != .never else {
            throw Failure("trice ui wants a terminal whose cursor can be moved (TERM=dumb or --ansi never is set)")
        }
        try DashboardSession(Context(Trice.global)).run()
    }
}
