// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Linux
import Supervisor

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Print what up would do and why, field by field, and do nothing.",
        discussion: """
            EXAMPLES
              trice plan
              trice plan --detailed-exitcode || echo something would change
              trice plan -o plan.json && trice up -d --plan plan.json
            """)

    @Option(help: ArgumentHelp("text or json.", valueName: "FORMAT"))
    var format: Format = .text
    @Flag(help: "End with 2 where there is something to do.")
    var detailedExitcode = false
    @Option(name: [.short, .long], help: ArgumentHelp("Write the plan to a file, for up --plan.", valueName: "FILE"))
    var output: String?
    @Flag(help: "Make containers anew even if nothing changed.")
    var forceRecreate = false
    @Flag(help: "Remove containers of services that are no longer in the file.")
    var removeOrphans = false
    @Flag(help: "Do not start what the services depend on.")
    var noDeps = false
    @Option(
        help: ArgumentHelp("How many containers a service has: SERVICE=NUM; may be repeated.", valueName: "SERVICE=NUM")
    )
    var scale: [String] = []
    @Argument(
        help: ArgumentHelp("Only these services, and what they depend on.", valueName: "SERVICE"),
        completion: .services)
    var services: [String] = []

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    func validate() throws { _ = try ScaleOption.numbers(scale) }

    func run() throws {
        let context = Context(Trice.global)
        let project = try context.project(services: services)
        let scales = try ScaleOption.numbers(scale)
        for name in services + scales.keys where project.service(name) == nil {
            throw Failure("no such service: \(name)")
        }
        var options = Request.UpOptions()
        (options.services, options.scale, options.ignoreDependencies) = (services, scales, noDeps)
        options.recreation = forceRecreate ? .always : .changed
        options.removeOrphans = removeOrphans || GlobalOptions.removesOrphans
        let report = try PlanReport(project, options, context)
        let json = try encodeJSON(report.file)
        if let output {
            try Effect.perform([Effect("write", .file, output)]) {
                do throws(SystemError) { try writeAtomically(absolutePath(output), json, durable: false) } catch {
                    throw Failure("\(error)")
                }
            }
        }
        switch format {
        case .text: Output.standardOutput(report.text)
        case .json: Output.line(String(decoding: json, as: UTF8.self))
        }
        if detailedExitcode && !report.forecast.changes.isEmpty { throw ExitCode(2) }
    }
}
