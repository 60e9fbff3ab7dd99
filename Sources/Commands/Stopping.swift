// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Linux
import Runtime
import Supervisor

struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop the stack and remove its containers and networks.",
        discussion: "Named volumes stay, unless -v is given.")

    @Flag(name: [.short, .long], help: "Remove the volumes that the file declares, too.")
    var volumes = false
    @Option(name: [.short, .long], help: ArgumentHelp("Grace before a container is killed.", valueName: "SECONDS"))
    var timeout: Int?
    @Flag(help: "Accepted for docker compose's sake: down removes every container of the project.")
    var removeOrphans = false
    @Option(
        help: ArgumentHelp(
            "Remove images, too: all, or local for those without a name of their own in the file.",
            valueName: "all|local"))
    var rmi: String?
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    func validate() throws {
        if rmi != nil { throw ValidationError("--rmi is not supported yet") }
    }

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        if !services.isEmpty {
            return try ServiceRequest(context, paths).perform(.remove(services: services, stop: true, volumes: volumes))
        }
        guard try !RecordStore(paths).isEmpty || exists(paths.socket) else {
            return try removeLeftVolumes(context)
        }
        var options = Request.DownOptions()
        (options.volumes, options.timeout) = (volumes, timeout)
        try ServiceRequest(context, paths).perform(.down(options))
        try removeLeftVolumes(context)
    }

    /// The volumes that the file declares, of a stack that is down already.
    private func removeLeftVolumes(_ context: Context) throws {
        guard volumes, let project = try context.projectIfThere() else { return }
        let store = VolumeStore(context.roots)
        let inUse = try ContainerRecord.volumesInUse(context.roots, besides: project.name)
        for volume in project.volumes + project.unusedVolumes where !volume.isExternal && store.exists(volume.name) {
            if inUse.contains(volume.name) {
                Output.standardError(" Volume \(volume.name)  is in use by another project, and stays\n")
                continue
            }
            try store.remove(volume.name)
            Output.standardError(" Volume \(volume.name)  Removed\n")
        }
    }
}

struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stop services; their containers stay.")

    @Option(name: [.short, .long], help: ArgumentHelp("Grace before a container is killed.", valueName: "SECONDS"))
    var timeout: Int?
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    func run() throws {
        try ServiceRequest(Context(Trice.global)).perform(.stop(services: services, timeout: timeout))
    }
}

struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Start services whose containers exist.")

    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    func run() throws { try ServiceRequest(Context(Trice.global)).perform(.start(services: services)) }
}

struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stop services and start them again.")

    @Option(name: [.short, .long], help: ArgumentHelp("Grace before a container is killed.", valueName: "SECONDS"))
    var timeout: Int?
    @Flag(help: "Leave alone what depends on them.")
    var noDeps = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    func run() throws {
        try ServiceRequest(Context(Trice.global)).perform(
            .restart(services: services, timeout: timeout, ignoreDependencies: noDeps))
    }
}

struct Kill: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Send a signal to the services' processes.")

    @Option(name: [.short, .long], help: ArgumentHelp("Name or number.", valueName: "SIGNAL"))
    var signal = "SIGKILL"
    @Flag(help: "Accepted for docker compose's sake.")
    var removeOrphans = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    func validate() throws {
        if signalNumber(signal) == nil { throw ValidationError("\(signal) is no signal") }
    }

    func run() throws {
        try ServiceRequest(Context(Trice.global)).perform(.kill(services: services, signal: signalNumber(signal) ?? 9))
    }
}

struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Freeze services where they are.")

    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    func run() throws { try ServiceRequest(Context(Trice.global)).perform(.pause(services: services, frozen: true)) }
}

struct Unpause: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let frozen services go on.")

    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    func run() throws { try ServiceRequest(Context(Trice.global)).perform(.pause(services: services, frozen: false)) }
}

struct Rm: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove stopped containers.")

    @Flag(name: [.short, .long], help: "Accepted for docker compose's sake: trice never asks.")
    var force = false
    @Flag(name: [.short, .long], help: "Stop the containers before.")
    var stop = false
    @Flag(name: [.customShort("v"), .long], help: "Remove their anonymous volumes, too.")
    var volumes = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    func run() throws {
        try ServiceRequest(Context(Trice.global)).perform(.remove(services: services, stop: stop, volumes: volumes))
    }
}

struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wait until services have ended; ends with their exit status.")

    @Argument(help: ArgumentHelp("The services.", valueName: "SERVICE"))
    var services: [String]

    func run() throws { try ServiceRequest(Context(Trice.global)).perform(.wait(services: services)) }
}

/// A request about services that exist, with its progress shown.
struct ServiceRequest {
    let context: Context
    let paths: ProjectPaths

    init(_ context: Context) throws { self.init(context, try context.paths()) }

    init(_ context: Context, _ paths: ProjectPaths) { (self.context, self.paths) = (context, paths) }

    func perform(_ command: Request.Command) throws {
        guard try !RecordStore(paths).isEmpty else { return try nothingThere(command) }
        let progress = Progress(context.global)
        defer { progress.finish() }
        let status = try SupervisorClient.perform(command, paths) { reply in
            switch reply {
            case .event(let event): progress.show(event)
            case .warning(let text): progress.warn(text)
            default: break
            }
        }
        if status != 0 { throw ExitCode(status) }
    }

    /// A project without containers: naming a service is an error unless the file has it.
    private func nothingThere(_ command: Request.Command) throws {
        let named: [String] =
            switch command {
            case .start(let services), .stop(let services, _), .restart(let services, _, _), .kill(let services, _),
                .pause(let services, _), .remove(let services, _, _), .wait(let services):
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
