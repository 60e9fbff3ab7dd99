// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Supervisor

struct Scale: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Set how many containers services have.")

    @Flag(help: "Do not start what the services depend on.")
    var noDeps = false
    @Argument(help: ArgumentHelp("A service and its number of containers.", valueName: "SERVICE=NUM"))
    var scales: [String]

    func run() throws {
        let numbers = try ScaleOption.numbers(scales)
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

/// `SERVICE=NUM`, how many containers a service has.
enum ScaleOption {
    static func numbers(_ texts: [String]) throws -> [String: Int] {
        var result: [String: Int] = [:]
        for text in texts {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = Int(parts[1]), number >= 0 else {
                throw ValidationError("--scale wants SERVICE=NUM with a number of 0 or more, not \(text)")
            }
            result[String(parts[0])] = number
        }
        return result
    }
}

struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create the containers, do not start them.")

    @Flag(inversion: .prefixedNo, help: "Build the images of services anew first, or build none at all.")
    var build: Bool?
    @Option(
        help: ArgumentHelp("Whether images are fetched: always, missing, never or build.", valueName: "POLICY"))
    var pull: PullChoice?
    @Flag(help: "Show nothing of images that are fetched.")
    var quietPull = false
    @Flag(help: "Make containers anew even if nothing changed.")
    var forceRecreate = false
    @Flag(help: "Leave containers that exist as they are.")
    var noRecreate = false
    @Flag(help: "Remove containers of services that are no longer in the file.")
    var removeOrphans = false
    @Option(
        help: ArgumentHelp("How many containers a service has: SERVICE=NUM; may be repeated.", valueName: "SERVICE=NUM")
    )
    var scale: [String] = []
    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Accepted for docker compose's sake: trice never asks.")
    var yes = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func validate() throws {
        if forceRecreate && noRecreate { throw ValidationError("--force-recreate and --no-recreate are incompatible") }
        _ = try ScaleOption.numbers(scale)
    }

    func run() throws {
        let context = Context(Trice.global)
        let project = try context.project(services: services)
        let scales = try ScaleOption.numbers(scale)
        for name in services + scales.keys where project.service(name) == nil {
            throw Failure("no such service: \(name)")
        }
        var options = Request.UpOptions()
        options.scale = scales
        (options.services, options.start, options.removeOrphans) = (
            services, false, removeOrphans || GlobalOptions.removesOrphans
        )
        options.recreation = forceRecreate ? .always : noRecreate ? .never : .changed
        var bringUp = BringUp(
            context: context, paths: context.paths(of: project), project: project, options: options)
        (bringUp.pull, bringUp.quietPull, bringUp.build) = (pull?.policy, quietPull, build)
        let status = try bringUp.run()
        if status != 0 { throw ExitCode(status) }
    }
}
