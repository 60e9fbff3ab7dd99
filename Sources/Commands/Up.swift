// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Linux
import Runtime
import Supervisor

struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Create and start the stack, and keep it running.",
        discussion: """
            Without -d the logs are followed until all containers have ended; Ctrl-C stops the stack, a second one kills it.

            EXAMPLES
              trice up -d                                      all, in the background
              trice up -d --wait --wait-timeout 60 db          return when db is healthy
              trice up --exit-code-from tests                  run tests, end with their exit status
              trice up --scale worker=4 --watch
              trice up --dry-run                               what would be done and why, as plan says
            """)

    @Flag(name: [.short, .long], help: "Return when the stack is up.")
    var detach = false
    @Flag(help: "Return when all services run and are healthy; implies -d.")
    var wait = false
    @Option(help: ArgumentHelp("With --wait: fail when it takes longer.", valueName: "SECONDS"))
    var waitTimeout: Int?
    @Flag(inversion: .prefixedNo, help: "Build the images of services anew first, or build none at all.")
    var build: Bool?
    @Option(
        help: ArgumentHelp(
            "Whether images are fetched, in place of what the file says: always, missing, never or build.",
            valueName: "POLICY"))
    var pull: PullChoice?
    @Flag(help: "Show nothing of images that are fetched.")
    var quietPull = false
    @Flag(help: "Show nothing of builds but what goes wrong.")
    var quietBuild = false
    @Flag(help: "Make containers anew even if nothing changed.")
    var forceRecreate = false
    @Flag(help: "Leave containers that exist as they are.")
    var noRecreate = false
    @Flag(help: "Make containers of what the services depend on anew, too.")
    var alwaysRecreateDeps = false
    @Flag(help: "Do not start what the services depend on.")
    var noDeps = false
    @Flag(help: "Create the containers, do not start them.")
    var noStart = false
    @Flag(help: "Remove containers of services that are no longer in the file.")
    var removeOrphans = false
    @Flag(name: [.customShort("V"), .long], help: "Make anonymous volumes anew instead of handing them on.")
    var renewAnonVolumes = false
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Grace before a container that is replaced or stopped is killed.", valueName: "SECONDS"))
    var timeout: Int?
    @Option(
        help: ArgumentHelp("How many containers a service has: SERVICE=NUM; may be repeated.", valueName: "SERVICE=NUM")
    )
    var scale: [String] = []
    @Flag(help: "Stop all when any container ends.")
    var abortOnContainerExit = false
    @Flag(help: "Stop all when any container fails.")
    var abortOnContainerFailure = false
    @Option(
        help: ArgumentHelp(
            "End with this service's exit status; implies --abort-on-container-exit.", valueName: "SERVICE"),
        completion: .services)
    var exitCodeFrom: String?
    @Flag(help: "No service's name before each line.")
    var noLogPrefix = false
    @Flag(help: "No colours.")
    var noColor = false
    @Flag(help: "The time before each line.")
    var timestamps = false
    @Option(
        help: ArgumentHelp("Follow the logs of this service only; may be repeated.", valueName: "SERVICE"),
        completion: .services)
    var attach: [String] = []
    @Option(
        help: ArgumentHelp("Do not follow the logs of this service; may be repeated.", valueName: "SERVICE"),
        completion: .services)
    var noAttach: [String] = []
    @Flag(help: "Follow the logs of what the services depend on, too.")
    var attachDependencies = false
    @Flag(name: [.customShort("w"), .long], help: "Bring changed files into the containers, as develop.watch says.")
    var watch = false
    @Flag(
        inversion: .prefixedNo,
        help: "Take keys while the logs are printed: w turns watching on and off, d leaves the stack alone.")
    var menu: Bool?
    @Option(
        help: ArgumentHelp(
            "Do what a plan says (plan -o FILE), or nothing where it does not hold any more.", valueName: "FILE"))
    var plan: String?
    @Option(
        help: ArgumentHelp(
            "Write there how long each step of the start took, for Chrome's tracing and Perfetto.", valueName: "FILE"))
    var trace: String?
    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Accepted for docker compose's sake: trice never asks.")
    var yes = false
    @Argument(
        help: ArgumentHelp("Only these services, and what they depend on.", valueName: "SERVICE"), completion: .services
    )
    var services: [String] = []

    func validate() throws {
        if forceRecreate && noRecreate { throw ValidationError("--force-recreate and --no-recreate are incompatible") }
        if alwaysRecreateDeps && noRecreate {
            throw ValidationError("--always-recreate-deps and --no-recreate are incompatible")
        }
        if plan != nil && (Trice.dryRun != nil || !services.isEmpty || !scale.isEmpty || forceRecreate || noRecreate) {
            throw ValidationError("--plan says what is to be done: leave out services and other options of it")
        }
        if trace != nil && Trice.dryRun != nil { throw ValidationError("--trace is of a start: leave out --dry-run") }
        if menu == true && (detach || wait || noStart) {
            throw ValidationError("--menu works beside the logs: leave out -d, --wait and --no-start")
        }
        if menu == true && !UpMenu.isPossible {
            throw ValidationError("--menu wants a terminal for its keys: leave it out")
        }
        if watch && (detach || wait || noStart) {
            throw ValidationError("--watch works beside the logs: leave out -d, --wait and --no-start")
        }
        if detach && (abortOnContainerExit || abortOnContainerFailure || exitCodeFrom != nil) {
            throw ValidationError(
                "--abort-on-container-exit, --abort-on-container-failure and --exit-code-from need the logs to be followed: leave out -d"
            )
        }
        _ = try ScaleOption.numbers(scale)
    }

    func run() throws {
        let startTrace = try trace.map(StartTrace.init)
        let context = Context(Trice.global)
        let project = try Trace.span("load") { try context.project(services: services) }
        let scales = try ScaleOption.numbers(scale)
        for name in services + Array(scales.keys) + [exitCodeFrom].compactMap({ $0 })
        where project.service(name) == nil {
            throw Failure("no such service: \(name)")
        }
        var options = Request.UpOptions()
        options.services = services
        options.recreation = forceRecreate ? .always : noRecreate ? .never : .changed
        (options.removeOrphans, options.ignoreDependencies, options.start) = (
            removeOrphans || GlobalOptions.removesOrphans, noDeps, !noStart
        )
        (options.wait, options.timeout, options.scale, options.renewVolumes) = (
            wait, timeout, scales, renewAnonVolumes
        )

        options.recreatesDependencies = alwaysRecreateDeps

        let paths = context.paths(of: project)
        options.rerunsCompleted = !(detach || wait || noStart)
        if let plan {
            // Its own options say what was planned.
            let planned = try PlanFile(at: plan, for: project)
            options = planned.options
            (options.wait, options.timeout, options.expectedPlan) = (wait, timeout, planned.fingerprint)
        }
        var bringUp = BringUp(context: context, paths: paths, project: project, options: options)
        (bringUp.pull, bringUp.quietPull) = (pull?.policy, quietPull)
        (bringUp.build, bringUp.buildsQuietly, bringUp.trace) = (build, quietBuild, startTrace)
        if detach || wait || noStart || Trice.dryRun != nil {
            let status = try bringUp.run(limit: wait ? waitTimeout : nil)
            if status != 0 { throw ExitCode(status) }
            return
        }
        var attached = AttachedStack(bringUp, services: followed(project))
        attached.format = LogFormat(
            prefix: !noLogPrefix, timestamps: timestamps,
            colour: !noColor && Output.usesColour(Trice.global.ansi, on: 1))
        attached.format.separatesErrors = true
        attached.stopsOnExit = abortOnContainerExit || exitCodeFrom != nil
        attached.stopsOnFailure = abortOnContainerFailure
        attached.exitCodeFrom = exitCodeFrom
        attached.timeout = timeout
        attached.develop = watch ? try DevelopWatch(project, services: services, context) : nil
        if UpMenu.isPossible && (menu ?? GlobalOptions.hasMenu) {
            attached.makeWatch = { try DevelopWatch(project, services: services, context) }
        }
        let status = try attached.run()
        if status != 0 { throw ExitCode(status) }
    }

    /// The services whose logs are shown.
    private func followed(_ project: Project) -> Set<String> {
        let started =
            attachDependencies || services.isEmpty ? Goals.closure(of: services, in: project).sorted() : services
        let chosen = attach.isEmpty ? started.filter { project.service($0)?.attach != false } : attach
        return Set(chosen).subtracting(noAttach)
    }
}

/// Tells the supervisor what the project shall be, and shows how it gets there.
struct BringUp {
    let context: Context
    let paths: ProjectPaths
    let project: Project
    let options: Request.UpOptions
    /// Whether images are fetched, in place of what the services say.
    var pull: PullPolicy?
    var quietPull = false
    /// `--build` or `--no-build`.
    var build: Bool?
    var buildsQuietly = false
    /// Written when the stack is up, or cannot be brought up.
    var trace: StartTrace?

    init(context: Context, paths: ProjectPaths, project: Project, options: Request.UpOptions) {
        (self.context, self.paths, self.project, self.options) = (context, paths, project, options)
    }

    /// - Parameters:
    ///   - limit: seconds after which it is given up.
    ///   - signals: those that end the waiting, with an `Interruption`.
    func run(limit: Int? = nil, interruptedBy signals: CallerSignals? = nil) throws -> Int32 {
        let result = Result { try perform(limit, signals) }
        try trace?.finish()
        return try result.get()
    }

    private func perform(_ limit: Int?, _ signals: CallerSignals?) throws -> Int32 {
        try Trace.span("images") {
            try ImageSupply(
                context: context, project: project, policy: pull, isQuiet: quietPull, build: build,
                buildsQuietly: buildsQuietly
            ).provide(
                project.services(with: options.services, ignoringDependencies: options.ignoreDependencies))
        }
        return try Effect.perform(PlanReport.effects(project, options, context), otherwise: 0) {
            let document = try Trace.span("document") {
                try memoryFile("project", encodeJSON(project.forSupervisor))
            }
            let trace = Trace.isOn ? [try Trace.copy()] : []
            let progress = try Progress(context.global, of: project, starts: options.start)
            defer { progress.finish() }
            return try SupervisorClient.perform(
                .up(options), paths, descriptors: [document] + trace, limit: limit, interruptedBy: signals, progress)
        }
    }
}
