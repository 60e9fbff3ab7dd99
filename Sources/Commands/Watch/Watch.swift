// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Glibc
import Linux
import Supervisor

struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Keep running services up to date with the files that they are made of.",
        discussion: """
            Brings the stack up, then does what each service's develop.watch says when a file changes: sync, restart, \
            sync+restart, sync+exec. On Ctrl-C the stack stays up.

            EXAMPLES
              trice watch
              trice watch --no-up web
              trice up --watch          beside the logs; Ctrl-C stops the stack
            """)

    @Flag(help: "Do not bring the stack up before.")
    var noUp = false
    @Flag(
        inversion: .prefixedNo,
        help: "Remove the image that a rebuild leaves without a name, unless a container was made from it.")
    var prune = true
    @Flag(help: "Do not say what is synchronised.")
    var quiet = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws {
        let context = Context(Trice.global)
        let project = try context.project(services: services)
        for name in services where project.service(name) == nil { throw Failure("no such service: \(name)") }
        let watch = try DevelopWatch(project, services: services, context, isQuiet: quiet, prunes: prune)
        if !noUp {
            var options = Request.UpOptions()
            options.services = services
            let status = try BringUp(
                context: context, paths: context.paths(of: project), project: project, options: options
            ).run()
            if status != 0 { throw ExitCode(status) }
        }
        let signals = try CallerSignals([SIGINT, SIGTERM, SIGHUP])
        try watch.begin()
        while true {
            var polled = [watch.descriptor, signals.descriptor.raw].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            poll(&polled, 2, -1)
            if polled[1].revents != 0 { throw ExitCode(130) }
            if polled[0].revents != 0 { try watch.handle() }
        }
    }
}
