// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Reconciler
import Supervisor

struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until services have ended; ends with their exit status.",
        discussion: """
            EXAMPLES
              trice wait migrate                    ends with its exit status
              trice wait --down-project tests       the whole stack goes when the tests have ended
            """)

    @Flag(help: "Take the project down as soon as one of them has ended.")
    var downProject = false
    @Argument(help: ArgumentHelp("The services.", valueName: "SERVICE"), completion: .services)
    var services: [String]

    func run() throws {
        let context = Context(Trice.global)
        let request = try ServiceRequest(context)
        var status: Int32 = 0
        do { try request.perform(.wait(services: services, any: downProject)) } catch let code as ExitCode {
            status = code.rawValue
        }
        for record in try RecordStore(request.paths).chosen(services, context)
        where record.state.reconciled.phase == .exited {
            Output.line("container \"\(record.id)\" exited with status code \(record.state.reconciled.exitCode)")
        }
        if downProject { try request.perform(.down(Request.DownOptions())) }
        if status != 0 { throw ExitCode(status) }
    }
}
