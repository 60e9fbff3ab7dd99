// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Linux
import Reconciler
import Runtime
import Supervisor

struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop services; their containers stay.")

    @Option(name: [.short, .long], help: ArgumentHelp("Grace before a container is killed.", valueName: "SECONDS"))
    var timeout: Int?
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws {
        try ServiceRequest(Context(Trice.global)).perform(.stop(services: services, timeout: timeout))
    }
}

struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start services whose containers exist.")

    @Flag(help: "Return when they run and are healthy.")
    var wait = false
    @Option(help: ArgumentHelp("With --wait: fail when it takes longer.", valueName: "SECONDS"))
    var waitTimeout: Int?
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws {
        try ServiceRequest(Context(Trice.global)).perform(
            .start(services: services, wait: wait), limit: wait ? waitTimeout : nil)
    }
}

struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Stop services and start them again.")

    @Option(name: [.short, .long], help: ArgumentHelp("Grace before a container is killed.", valueName: "SECONDS"))
    var timeout: Int?
    @Flag(help: "Leave alone what depends on them.")
    var noDeps = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws {
        try ServiceRequest(Context(Trice.global)).perform(
            .restart(services: services, timeout: timeout, ignoreDependencies: noDeps))
    }
}

struct Kill: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Send a signal to the services' processes.")

    @Option(name: [.short, .long], help: ArgumentHelp("Name or number.", valueName: "SIGNAL"))
    var signal = "SIGKILL"
    @Flag(help: "Remove containers of services that are no longer in the file, too.")
    var removeOrphans = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func validate() throws {
        if signalNumber(signal) == nil { throw ValidationError("\(signal) is no signal") }
    }

    func run() throws {
        let context = Context(Trice.global)
        let request = try ServiceRequest(context)
        try request.perform(.kill(services: services, signal: signalNumber(signal) ?? 9, index: nil))
        if removeOrphans { try request.removeOrphans() }
    }
}

struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pause", abstract: "Freeze services where they are.")

    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws { try ServiceRequest(Context(Trice.global)).perform(.pause(services: services, frozen: true)) }
}

struct Unpause: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "unpause", abstract: "Let frozen services go on.")

    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws { try ServiceRequest(Context(Trice.global)).perform(.pause(services: services, frozen: false)) }
}

struct Rm: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove stopped containers.")

    @Flag(name: [.short, .long], help: "Accepted for docker compose's sake: trice never asks.")
    var force = false
    @Flag(name: [.short, .long], help: "Stop the containers before.")
    var stop = false
    @Flag(
        name: [.customShort("v"), .long],
        help: "Accepted for docker compose's sake: anonymous volumes always go with their container.")
    var volumes = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func run() throws {
        try ServiceRequest(Context(Trice.global)).perform(.remove(services: services, stop: stop, volumes: volumes))
    }
}

/// A request about services that exist, with its progress shown.
struct ServiceRequest {
    let context: Context
    let paths: ProjectPaths

    init(_ context: Context) throws { self.init(context, try context.paths()) }

    init(_ context: Context, _ paths: ProjectPaths) { (self.context, self.paths) = (context, paths) }

    /// - Parameter limit: seconds after which it is given up.
    func perform(_ command: Request.Command, limit: Int? = nil, interruptedBy signals: CallerSignals? = nil) throws {
        guard try !RecordStore(paths).isEmpty else { return try nothingThere(command) }
        let progress = try Progress(context.global, of: RecordStore(paths).loadDesired()?.project)
        defer { progress.finish() }
        let status = try SupervisorClient.perform(
            command, paths, limit: limit, interruptedBy: signals, progress)
        if status != 0 { throw ExitCode(status) }
    }

    /// Removes the containers of services that are no longer in the file, running or not.
    func removeOrphans() throws {
        let project = try context.project()
        let known = Set((project.services + project.disabledServices).map(\.name))
        let orphans = Set(
            try RecordStore(paths).load().records.filter { !$0.state.reconciled.isOneOff }.map(\.config.service)
        ).subtracting(known)
        if orphans.isEmpty { return }
        try perform(.remove(services: orphans.sorted(), stop: true, volumes: false))
    }

    /// A project without containers: naming a service is an error unless the file has it.
    private func nothingThere(_ command: Request.Command) throws {
        let named: [String] =
            switch command {
            case .start(let services, _), .stop(let services, _), .restart(let services, _, _),
                .kill(let services, _, _),
                .pause(let services, _), .remove(let services, _, _), .wait(let services, _):
                services
            default: []
            }
        let project = try context.projectIfThere()
        for name in named where project?.service(name) == nil { throw Failure("no such service: \(name)") }
        switch command {
        case .start where !named.isEmpty: throw Failure("service \"\(named[0])\" has no container to start")
        case .wait: throw Failure("no containers for project \"\(paths.project)\"")
        default: return
        }
    }
}
