// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Glibc
import Linux
import Supervisor

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a one-off command in a new container of a service.",
        discussion: """
            What the service depends on is started first. The service's ports are published where asked for.

            EXAMPLES
              trice run --rm web sh
              trice run --rm -e DEBUG=1 -v ./data:/data worker ./import.sh /data
              trice run -d -P --name web-debug web
            """)

    @Flag(help: "Remove the container when it has ended.")
    var rm = false
    @Flag(name: [.short, .long], help: "Do not wait for it; print its name.")
    var detach = false
    @Flag(
        name: [.customShort("T"), .customLong("no-tty"), .customLong("no-TTY")],
        help: "No terminal, even if there is one.")
    var noTTY = false
    @Flag(name: [.short, .long], inversion: .prefixedNo, help: "Standard input is passed on.")
    var interactive = true
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Set a variable: NAME=VALUE, or NAME for the caller's; may be repeated.", valueName: "NAME=VALUE"))
    var env: [String] = []
    @Option(
        help: ArgumentHelp("Set the variables of a file, as of env_file; may be repeated.", valueName: "FILE"))
    var envFromFile: [String] = []
    @Option(name: [.short, .long], help: ArgumentHelp("Run as this user.", valueName: "USER"))
    var user: String?
    @Option(name: [.short, .long], help: ArgumentHelp("Run in this directory.", valueName: "DIR"))
    var workdir: String?
    @Option(help: ArgumentHelp("Run this in place of the entry point.", valueName: "COMMAND"))
    var entrypoint: String?
    @Option(help: ArgumentHelp("Name of the container.", valueName: "NAME"))
    var name: String?
    @Flag(help: "Do not start what the service depends on.")
    var noDeps = false
    @Flag(name: [.customShort("P"), .long], help: "Publish the service's ports.")
    var servicePorts = false
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Mount a path or a volume of the file: SOURCE:TARGET[:ro].", valueName: "VOLUME"))
    var volume: [String] = []
    @Option(
        name: [.short, .long], help: ArgumentHelp("Publish a port: [[IP:]HOST:]CONTAINER.", valueName: "PORT"))
    var publish: [String] = []
    @Option(name: [.short, .long], help: ArgumentHelp("Set a label: NAME=VALUE.", valueName: "NAME=VALUE"))
    var label: [String] = []
    @Option(help: ArgumentHelp("Add a capability.", valueName: "CAP"))
    var capAdd: [String] = []
    @Option(help: ArgumentHelp("Drop a capability.", valueName: "CAP"))
    var capDrop: [String] = []
    @Flag(help: "Be found under the service's names.")
    var useAliases = false
    @Flag(help: "Remove containers of services that are no longer in the file.")
    var removeOrphans = false
    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false
    @Flag(help: "Show nothing of images that are fetched.")
    var quietPull = false
    @Argument(help: ArgumentHelp("The service.", valueName: "SERVICE"), completion: .services)
    var service: String
    @Option(
        help: ArgumentHelp("Whether images are fetched: always, missing, never or build.", valueName: "POLICY"))
    var pull: PullChoice?
    @Flag(help: "Build the images of services anew first.")
    var build = false
    @Flag(help: "Show nothing of a build but what goes wrong.")
    var quietBuild = false
    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The command and its arguments, in place of the service's.", valueName: "COMMAND"))
    var command: [String] = []

    func run() throws {
        let context = Context(Trice.global)
        let file = try context.project(services: [service])
        let project = file.forSupervisor
        guard let found = project.service(service) else { throw Failure("no such service: \(service)") }
        let terminal = !noTTY && !detach && isatty(0) == 1 && isatty(1) == 1
        var options = Request.RunOptions(
            service: try changed(found, in: project, terminal: terminal), name: name ?? oneOffName(project))
        (options.remove, options.detached, options.ignoreDependencies) = (rm, detach, noDeps)
        options.useAliases = useAliases
        if terminal {
            options.terminalSize = Output.terminalSize(of: 1).map { [UInt16($0.rows), UInt16($0.columns)] } ?? []
        }

        try ImageSupply(
            context: context, project: file, policy: pull?.policy, isQuiet: quietPull, build: build ? true : nil,
            buildsQuietly: quietBuild
        ).provide(
            file.services(with: [service], ignoringDependencies: noDeps))
        if removeOrphans || GlobalOptions.removesOrphans {
            try ServiceRequest(context, context.paths(of: project)).removeOrphans()
        }
        try Effect.perform(effects(options, project, context)) { try run(options, project, context) }
    }

    /// What comes up before, then the container.
    private func effects(_ options: Request.RunOptions, _ project: Project, _ context: Context) throws -> [Effect] {
        let isNew = try RecordStore(context.paths(of: project)).loadDesired() == nil
        let before = options.comingBefore(inNewProject: isNew)
        return (try before.map { try PlanReport.effects(project, $0, context) } ?? [])
            + [Effect("create", .container, options.name), Effect("start", .container, options.name)]
            + (rm ? [Effect("remove", .container, options.name, "when it has ended")] : [])
    }

    private func run(_ options: Request.RunOptions, _ project: Project, _ context: Context) throws {
        let document = try memoryFile("project", encodeJSON(project))
        let progress = try Progress(Trice.global, isQuiet: quiet)
        let session = Session(try SupervisorClient.start(context.paths(of: project)), input: interactive)

        try session.send(.run(options), streams: !options.service.tty && !detach, after: [document])
        let status = try session.run { reply in
            switch reply {
            case .event(let event) where event.service != service || event.kind != .container: progress.show(event)
            case .warning(let text): progress.warn(text)
            case .started: progress.finish()
            default: break
            }
        }
        if detach { Output.line(options.name) }
        if status != 0 { throw ExitCode(status) }
    }

    private func oneOffName(_ project: Project) -> String {
        var random = SystemRandomNumberGenerator()
        let digits = (0..<12).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }.joined()
        return "\(project.name)-\(service)-run-\(digits)"
    }

    /// The service as the command line changes it.
    private func changed(_ service: Service, in project: Project, terminal: Bool) throws -> Service {
        var service = service
        if !command.isEmpty { service.command = command }
        if let entrypoint {
            guard let words = commandWords(entrypoint) else {
                throw Failure("--entrypoint \(entrypoint): a quote is not closed")
            }
            service.entrypoint = words
            if command.isEmpty { service.command = [] }
        }
        let fromFiles = try envFromFile.flatMap { try EnvironmentOption.variables(ofFile: $0, Context(Trice.global)) }
        for variable in fromFiles + env.compactMap(EnvironmentOption.resolved).map(Assignment.init) {
            service.environment.removeAll { $0.name == variable.name }
            service.environment.append(EnvironmentVariable(name: variable.name, value: variable.value))
        }
        if let user { service.user = user }
        if let workdir { service.workingDirectory = workdir }
        if !servicePorts { service.ports = [] }
        do throws(Diagnostics) {
            service.ports += try OptionReading.ports(publish, option: "--publish", directory: absolutePath("."))
            for mount in try OptionReading.mounts(volume, option: "--volume", directory: absolutePath(".")) {
                service.mounts.removeAll { $0.target == mount.target }
                service.mounts.append(mount)
            }
        } catch { throw Failure(error.items.map(\.message).joined(separator: "; ")) }
        for case .volume(let volume) in service.mounts {
            guard let key = volume.source, project.volume(key) == nil else { continue }
            throw Failure(
                "--volume: the file has no volume \(key) that a service uses",
                hint: "write ./\(key) for a directory, or declare the volume")
        }
        service.capabilitiesAdded += capAdd
        service.capabilitiesDropped += capDrop
        for new in label.map(Assignment.init) {
            service.labels.removeAll { $0.name == new.name }
            service.labels.append(Label(name: new.name, value: new.value))
        }
        service.containerName = nil
        service.restart = nil
        service.tty = terminal
        service.stdinOpen = interactive
        return service
    }
}
