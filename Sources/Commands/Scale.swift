// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Supervisor

struct Scale: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Set how many containers services have.")

    @Flag(help: "Do not start what the services depend on.")
    var noDeps = false
    @Argument(help: ArgumentHelp("A service and its number of containers.", valueName: "SERVICE=NUM"))
    var scales: [String]

    func run() throws {
        var up = Up()
        up.scale = scales
        let numbers = try up.scales()
        let context = Context(Trice.global)
        let project = try context.project()
        for name in numbers.keys where project.service(name) == nil { throw Failure("no such service: \(name)") }
        var options = Request.UpOptions()
        (options.services, options.scale, options.ignoreDependencies) = (numbers.keys.sorted(), numbers, noDeps)
        options.recreation = .never
        let status = try BringUp(
            context: context, paths: context.paths(of: project), project: project, options: options
        ).run()
        if status != 0 { throw ExitCode(status) }
    }
}

struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create the containers, do not start them.")

    @Flag(help: "Make containers anew even if nothing changed.")
    var forceRecreate = false
    @Flag(help: "Leave containers that exist as they are.")
    var noRecreate = false
    @Flag(help: "Remove containers of services that are no longer in the file.")
    var removeOrphans = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    func validate() throws {
        if forceRecreate && noRecreate { throw ValidationError("--force-recreate and --no-recreate are incompatible") }
    }

    func run() throws {
        let context = Context(Trice.global)
        let project = try context.project(services: services)
        for name in services where project.service(name) == nil { throw Failure("no such service: \(name)") }
        var options = Request.UpOptions()
        (options.services, options.start, options.removeOrphans) = (services, false, removeOrphans)
        options.recreation = forceRecreate ? .always : noRecreate ? .never : .changed
        let status = try BringUp(
            context: context, paths: context.paths(of: project), project: project, options: options
        ).run()
        if status != 0 { throw ExitCode(status) }
    }
}
