// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Images
import Linux
import Networking
import Reconciler
import Runtime

extension Supervisor {
    /// What comes due is looked at so many nanoseconds before: about what it takes from a container's start to its program,
    /// which waits for the time itself.
    static let headStart: UInt64 = 10_000_000

    /// Starts a container that does not run. What goes wrong is put on its record.
    func start(_ container: Container) {
        let goal = saved?.desired.services[container.record.config.service]
        let due = goal.flatMap { RestartBackOff.restartTime(of: container.state, $0) }
        container.isRestarted = container.state.started > 0 && container.state.started < goal?.restartBefore ?? 0
        container.state.beginStart(goal)
        // One that the user has asked for begins the count anew, and waits for nothing.
        container.notBefore = container.state.restarts > 0 ? due ?? 0 : 0
        container.record.state.failure = nil
        emit(container, container.state.restarts > 0 ? .restarting : .starting)
        container.startTrace = Trace.now
        do {
            try Trace.span("prepare \(container.record.name)") { try prepare(container) }
        } catch let failure as SetupFailure {
            startFailed(container, blame(failure, on: container.service))
        } catch {
            startFailed(container, error as? Failure ?? Failure("\(error)", at: container.service.location))
        }
    }

    /// Makes all that the container is born into, and has it cloned.
    private func prepare(_ container: Container) throws {
        let specification = Specification(paths: paths, config: container.record.config)
        let granted = grantedFiles(container)
        var spec = try Trace.span("specification") {
            try specification.container(
                namespaces: namespaces(of: container),
                more: (granted?.mounts ?? []) + inheritedMounts(container.service))
        }
        spec.process.terminalSize = container.terminalSize
        try Trace.span("files") {
            try makeBindSources(container)
            try granted?.write()
            try mountVolumes(container)
        }
        try Trace.span("addresses") { try attachNetworks(container) }
        try Trace.span("network files") { try writeNetworkFiles(container, hostname: container.record.config.hostname) }
        try ports.reserve(container)
        let devices = try ServiceDevices(container.service)
        spec.devices = devices.nodes
        let cgroup = try Trace.span("cgroup") { try makeControlGroup(container, devices) }
        spec.process.controlGroups = container.controlGroups
        let streams = try Trace.span("streams") { try openStreams(container) }
        container.record.state.logStart = container.logs?.position
        let filter = try Trace.span("seccomp filter") { try seccompFilter(of: container) }
        try loadProfile(spec.process.appArmorProfile, for: container.service)
        let mounts = try Trace.span("mounts") { try userNamespaces.mounts(for: spec, of: container.service) }
        try Trace.span("ask the launcher") {
            try launcher.create(
                container.id, spec, stdio: streams, cgroup: cgroup, filter: filter, mounts: mounts
            ) { [unowned self, process = spec.process] result in self.created(container, process, result) }
        }
    }

    private func namespaces(of container: Container) throws -> ContainerSpec.Namespaces {
        let service = container.service
        func process(of name: String, _ key: String) throws -> ContainerSpec.Namespaces.Source {
            let running = containers.values.first { $0.isReplica(of: name) && $0.state.phase == .running }
            guard let process = running?.record.state.process else {
                throw Failure("service \(name), whose namespace is shared, does not run", at: service.place(key))
            }
            return .process(process.pid)
        }
        func process(ofContainer name: String, _ key: String) throws -> ContainerSpec.Namespaces.Source {
            let other = try self.container(named: name, for: service, key)
            guard let process = other.state.process, process.openPidfd() != nil else {
                throw Failure("container \(name), whose namespace is shared, does not run", at: service.place(key))
            }
            return .process(process.pid)
        }
        func source(_ mode: NamespaceMode?, _ key: String) throws -> ContainerSpec.Namespaces.Source {
            switch mode {
            case .host: .host
            case .service(let name): try process(of: name, key)
            case .container(let name): try process(ofContainer: name, key)
            case .private, .shareable, .other, nil: .own
            }
        }
        var namespaces = ContainerSpec.Namespaces()
        namespaces.user = container.record.config.ids
        switch service.networkMode {
        case .host: namespaces.network = .host
        case .service(let name): namespaces.network = try process(of: name, "network_mode")
        case .container(let name): namespaces.network = try process(ofContainer: name, "network_mode")
        case .bridge, .other, .some(.none), nil: namespaces.network = .own
        }
        namespaces.pid = try source(service.pid, "pid")
        namespaces.ipc = try source(service.ipc, "ipc")
        namespaces.cgroup = try source(service.cgroup, "cgroup")
        // With the host's network goes the host's name, unless the file gives one, as with Docker.
        namespaces.uts = try source(service.uts, "uts")
        if service.networkMode == .host && service.hostname == nil && service.uts == nil { namespaces.uts = .host }
        return namespaces
    }

    /// The process is there: it gets its network, then leave to go on.
    private func created(
        _ container: Container, _ process: ProcessSpec, _ result: Result<LauncherClient.Created, SetupFailure>
    ) {
        continueStarts()
        switch result {
        case .failure(let failure): startFailed(container, blame(failure, on: container.service))
        case .success(let created):
            do {
                container.pid = created.pid
                container.pidfd = created.pidfd
                if Trace.isOn { Trace.name(created.pid, as: "container \(container.record.name)") }
                container.record.state.process = ProcessIdentity(runningPID: created.pid)
                Trace.span("record") { save(container) }
                container.setup = try SetupWatch(created.setup, on: loop) { [unowned self] terminal in
                    self.terminalOpened(container, terminal)
                } onDone: { [unowned self] failure in
                    self.setUp(container, failure)
                }
                try process.grantHostRights(to: created.pid)
                if born.isEmpty { loop.soon { [unowned self] in self.connectBorn() } }
                born.append((container, created))
            } catch { giveUp(container, created, error) }
        }
    }

    private func giveUp(_ container: Container, _ created: LauncherClient.Created, _ error: any Error) {
        // Where the process has died meanwhile, its own word on the setup socket says why.
        container.record.state.failure =
            (error as? SetupFailure).map { blame($0, on: container.service) } ?? error as? Failure
            ?? Failure("\(error)", at: container.service.location)
        kill(created.pid, SIGKILL)
    }

    /// Connects what was cloned meanwhile. The firewall is told of all with one transaction, which costs about as much as that
    /// of one; where it refuses them, of each alone.
    private func connectBorn() {
        let all = born.filter { $0.container.pid == $0.created.pid }
        born = []
        var areAdmitted = false
        if all.count > 1 {
            do {
                try Trace.span("firewall") {
                    try networks.admit(
                        all.flatMap { container, created in
                            try networks.endpoints(
                                container.record.state.addresses, container: container.id, pid: created.pid)
                        })
                }
                areAdmitted = true
            } catch { log("\(all.count) containers cannot be admitted at once: \(error)") }
        }
        for (container, created) in all {
            do {
                try Trace.span("connect \(container.record.name)") {
                    try connectNetworks(container, pid: created.pid, isAdmitted: areAdmitted)
                }
                try proceed(container, created)
            } catch { giveUp(container, created, error) }
        }
    }

    /// Lets the process become its program, when the back-off of a restart is over.
    private func proceed(_ container: Container, _ created: LauncherClient.Created) throws {
        let now = realTime()
        if container.notBefore <= now { return try created.setup.send(Proceed()) }
        // Not for longer than it began too early, should the clock be set.
        loop.schedule(after: min(container.notBefore - now, Supervisor.headStart)) { [unowned self, weak container] in
            guard let container, container.pid == created.pid else { return }
            do { try created.setup.send(Proceed()) } catch { self.giveUp(container, created, error) }
        }
    }

    private func terminalOpened(_ container: Container, _ terminal: Descriptor) {
        container.terminal = terminal
        do {
            if let client = container.client {
                client.send(.terminal, descriptors: [terminal])
            } else {
                try launcher.keep("terminal/\(container.id)", terminal)
                try followStreams(container)
                container.record.state.logStart = container.logs?.position
            }
        } catch {
            log("the terminal of \(container.record.name) cannot be followed: \(error)")
        }
    }

    /// The program runs, or could not be started; in that case its end is told next.
    private func setUp(_ container: Container, _ failure: SetupFailure?) {
        container.setup = nil
        Trace.record("start", since: container.startTrace, of: container.pid)
        Trace.span("started \(container.record.name)") { started(container, failure) }
    }

    private func started(_ container: Container, _ failure: SetupFailure?) {
        if let failure {
            container.record.state.failure = blame(failure, on: container.service)
            return
        }
        if container.record.state.failure != nil { return }
        // A process that has ended already is told by its own message.
        guard container.state.phase == .starting else { return }
        container.state.completeStart(at: realTime())
        container.record.state.exit = nil
        startHealthChecks(container)
        nameOnNetworks(container)
        runPostStartHooks(container)
        save(container)
        emit(container, .start)
        if container.isRestarted { emit(container, .restart) }
        container.client?.send(.started(container.id))
        reconcile()
    }

    /// Puts the failure on the container's record, and takes back what the start had got.
    func startFailed(_ container: Container, _ failure: Failure) {
        container.logs?.finish()
        container.logs = nil
        container.client?.end(.failed(failure))
        container.client = nil
        releaseRunning(container)
        container.record.state.failure = failure
        container.record.state.process = nil
        container.state.failStart(failure.message, exitCode: failure.exitCode, at: realTime())
        save(container)
        emit(container, .failed) { $0.detail = failure.message }
        if container.record.state.removeAtEnd { _ = remove(container) }
        reconcile()
    }

    /// The failure as the user reads it, at the place of the key that asked for what failed.
    func blame(_ failure: SetupFailure, on service: Service) -> Failure {
        let place = failure.key.isEmpty ? service.location : service.place(failure.key)
        // A mount whose file system has no id mapping: a container without a user namespace needs none.
        let hint = failure.errno == EOPNOTSUPP ? "with userns_mode: host the service has the host's ids" : nil
        return Failure("service \(service.name): \(failure)", at: place, hint: hint, exitCode: failure.exitCode)
    }
}
