// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Linux
import Runtime
import Supervisor

struct Attach: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Connect to the input and output of a running service.",
        discussion: """
            Shows what it writes from now on, until it ends; ends with its exit status. Input reaches services with \
            stdin_open. On a service with a terminal (tty), the detach keys let go of it; without one, signals go to it.

            EXAMPLES
              trice attach web
              trice attach --detach-keys ctrl-x,q shell
              trice attach --no-stdin --sig-proxy=false web     only look on; Ctrl-C ends attach, and not web
            """)

    @Option(help: ArgumentHelp("Keys that let go of the terminal.", valueName: "KEYS"))
    var detachKeys = "ctrl-p,ctrl-q"
    @Option(help: ArgumentHelp("The replica's number.", valueName: "NUMBER"))
    var index = 1
    @Flag(help: "Do not pass standard input on.")
    var noStdin = false
    @Flag(inversion: .prefixedNo, help: "Pass signals on to the process.")
    var sigProxy = true
    @Argument(help: ArgumentHelp("The service.", valueName: "SERVICE"), completion: .services)
    var service: String

    func validate() throws {
        if DetachKeys(detachKeys) == nil {
            throw ValidationError("--detach-keys \(detachKeys): wants letters or ctrl-LETTER, with commas between them")
        }
    }

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let records = try RecordStore(paths).chosen([service], context)
        let found = records.first { $0.config.number == index && $0.runsNow }
        guard let record = found, let client = try SupervisorClient.connectIfActive(paths) else {
            throw Failure(
                records.contains { $0.config.number == index } || index == 1
                    ? "service \"\(service)\" is not running"
                    : "service \"\(service)\" has no container with index \(index)")
        }
        if record.state.paused {
            throw Failure("container \(record.name) is paused", hint: "let it go on before: trice unpause \(service)")
        }
        let session = try AttachSession(record, paths, client, keys: DetachKeys(detachKeys), input: !noStdin)
        session.signal = sigProxy ? { try send($0, paths) } : nil
        let status = try session.run()
        if status != 0 { throw ExitCode(status) }
    }

    private func send(_ signal: Int32, _ paths: ProjectPaths) throws {
        _ = try SupervisorClient.perform(.kill(services: [service], signal: signal, index: index), paths)
    }
}
