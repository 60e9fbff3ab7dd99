// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Linux
import Runtime
import Supervisor

struct SystemBoot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot", abstract: "After a start of the machine: bring back the services that are to run.",
        discussion: """
            Starts, in the order of their dependencies, the services of all projects with restart: always, and those with
            unless-stopped that nobody had stopped. What runs already goes on, all else stays down. trice-boot.service does
            it where systemd starts the machine (systemctl enable trice-boot).
            """)

    func run() throws {
        let roots = Roots.fromEnvironment()
        var waiting: [(project: String, client: SupervisorClient)] = []
        var failed = false
        func fail(_ project: String, _ reason: String) {
            failed = true
            Output.standardError("\(project): \(reason)\n")
        }
        for paths in try ProjectPaths.all(roots) where try RecordStore(paths).loadDesired() != nil {
            do {
                try Effect.perform(SupervisorClient.effects(of: .boot, paths)) {
                    let client = try SupervisorClient.start(paths)
                    try client.send(.boot)
                    waiting.append((paths.project, client))
                }
            } catch { fail(paths.project, "\((error as? Failure)?.message ?? "\(error)")") }
        }
        // All come up side by side.
        for (project, client) in waiting {
            var end: Reply?
            while let (reply, _) = try client.next() { end = reply }
            switch end {
            case .finished: Output.line("\(project): up")
            case .failed(let failure): fail(project, failure.message)
            default: fail(project, "its supervisor went away; see its log")
            }
        }
        if failed { throw ExitCode(1) }
    }
}
