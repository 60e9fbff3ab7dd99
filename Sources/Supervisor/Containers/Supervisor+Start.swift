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
    /// Starts a container that does not run. What goes wrong is put on its record.
    func start(_ container: Container) {
        let restartBefore = saved?.desired.services[container.record.config.service]?.restartBefore ?? 0
        container.isRestarted = container.state.started > 0 && container.state.started < restartBefore
        countStart(container)
        container.state.phase = .starting
        container.record.state.failure = nil
        container.state.failed = 0
        emit(container, container.state.restarts > 0 ? .restarting : .starting)
        do {
            var config = container.record.config
            config.definition.tty = container.service.tty
            let specification = Specification(paths: paths, config: config)
            var spec = try specification.container(
                namespaces: namespaces(of: container),
                more: (grantedFiles(container)?.mounts ?? []) + inheritedMounts(container.service))
            spec.process.terminalSize = container.terminalSize
            try makeBindSources(container)
            try grantedFiles(container)?.write()
            try mountVolumes(container)
            try attachNetworks(container)
            try writeNetworkFiles(container, hostname: specification.hostname)
            try ports.reserve(container)
            let devices = try ServiceDevices(container.service)
            spec.devices = devices.nodes
            let cgroup = try makeControlGroup(container, devices)
            spec.process.controlGroups = container.controlGroups
            let streams = try openStreams(container)
            try launcher.create(
                container.id, spec, stdio: streams, cgroup: cgroup, filter: seccompFilter(of: container)
            ) { [unowned self] result in self.created(container, result) }
        } catch {
            startFailed(container, error as? Failure ?? Failure("\(error)", at: container.service.location))
        }
    }

    /// The restart policy's start adds to the back-off; the user's begins anew.
    private func countStart(_ container: Container) {
        let goal = saved?.desired.services[container.record.config.service]
        let byPolicy =
            container.state.phase == .exited && container.state.finished >= goal?.requested ?? 0
            && container.state.started >= goal?.restartBefore ?? 0 && !container.state.stoppedByUser
        if byPolicy {
            container.state.restarts += 1
            container.state.quickRestarts += 1
        } else {
            (container.state.restarts, container.state.quickRestarts) = (0, 0)
        }
        (container.state.stoppedByUser, container.state.stopBegan) = (false, 0)
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
            case .private, .shareable, nil: .own
            }
        }
        var namespaces = ContainerSpec.Namespaces()
        switch service.networkMode {
        case .host: namespaces.network = .host
        case .service(let name): namespaces.network = try process(of: name, "network_mode")
        case .container(let name): namespaces.network = try process(ofContainer: name, "network_mode")
        case .bridge, .some(.none), nil: namespaces.network = .own
        }
        namespaces.pid = try source(service.pid, "pid")
        namespaces.ipc = try source(service.ipc, "ipc")
        namespaces.cgroup = try source(service.cgroup, "cgroup")
        // With the host's network goes the host's name, unless the file gives one, as with Docker.
        namespaces.uts = try source(service.uts, "uts")
        if service.networkMode == .host && service.hostname == nil && service.uts == nil { namespaces.uts = .host }
        return namespaces
    }

    /// Makes the container's cgroup with its limits, to be born into.
    private func makeControlGroup(_ container: Container, _ devices: ServiceDevices) throws -> Descriptor {
        let group = paths.cgroup(container.id, in: hierarchy)
        let directory = try group.create()
        if !container.service.privileged {
            try DeviceFilter.attach(deviceFilters.program(devices.rules), to: directory)
        }
        let limits = ServiceLimits(service: container.service)
        do {
            try group.limit(limits.controlGroup())
            container.controlGroups = try group.memberships(under: limits.controlGroup())
        } catch let refusal as ControlGroupLimits.Refusal { throw limits.failure(refusal) }
        container.cgroup = directory
        return directory
    }

    /// What `volumes_from` asks for.
    private func inheritedMounts(_ service: Service) throws -> [ContainerSpec.MountSpec] {
        var mounts: [ContainerSpec.MountSpec] = []
        for (index, from) in service.volumesFrom.enumerated() {
            let key = "volumes_from[\(index)]"
            let other: ContainerRecord
            switch from.source {
            case .service(let name):
                guard let found = containers.values.first(where: { $0.isReplica(of: name) }) else {
                    throw Failure("service \(name), whose volumes are shared, has no container", at: service.place(key))
                }
                other = found.record
            case .container(let name): other = try container(named: name, for: service, key)
            }
            let paths = ProjectPaths(self.paths.roots, project: other.config.project)
            for var mount in try Specification(paths: paths, config: other.config).sharedMounts() {
                mount.readOnly = mount.readOnly || from.readOnly
                mount.key = key
                mounts.append(mount)
            }
        }
        return mounts
    }

    /// The container of this name, of this project or another one of the root.
    func container(named name: String, for service: Service, _ key: String) throws(Failure) -> ContainerRecord {
        if let own = containers.values.first(where: { $0.record.name == name || $0.id == name }) { return own.record }
        do {
            for other in try ProjectPaths.all(paths.roots) where other.project != paths.project {
                for record in try RecordStore(other).load().records where record.name == name || record.id == name {
                    return record
                }
            }
        } catch { throw Failure("the containers of other projects cannot be looked through: \(error)") }
        throw Failure("service \(service.name): there is no container \(name)", at: service.place(key))
    }

    private func grantedFiles(_ container: Container) -> GrantedFiles? {
        saved.map { GrantedFiles(of: container.service, in: $0.project, directory: paths.pipes(container.id)) }
    }

    /// Volumes that are file systems of their own.
    private func mountVolumes(_ container: Container) throws(Failure) {
        for (target, name) in container.record.config.volumes.sorted(by: { $0.key < $1.key }) {
            do { try volumes.mount(name) } catch {
                let service = container.service
                let index = service.mounts.firstIndex { $0.target == target }
                throw Failure(
                    "service \(service.name): volume \(name): \(error)",
                    at: index.map { service.place("volumes[\($0)]") } ?? service.location)
            }
        }
    }

    private func makeBindSources(_ container: Container) throws {
        for (index, mount) in container.service.mounts.enumerated() {
            guard case .bind(let bind) = mount, !exists(bind.source) else { continue }
            guard bind.createsHostPath else {
                throw Failure(
                    "bind source path does not exist: \(bind.source)", at: container.service.place("volumes[\(index)]"))
            }
            try makeDirectories(bind.source)
        }
    }

    /// Descriptors 0, 1 and 2 of the new process. The container's side holds its pipes open for reading and writing, so
    /// that a dead supervisor neither ends it nor loses a line.
    private func openStreams(_ container: Container) throws -> [Descriptor] {
        let null = try Descriptor.open("/dev/null", O_RDWR)
        if !container.clientStreams.isEmpty {
            defer { container.clientStreams = [] }
            return container.clientStreams
        }
        if container.service.tty { return [null, null, null] }
        let directory = paths.pipes(container.id)
        try makeDirectories(directory, mode: 0o711)
        var streams: [Descriptor] = []
        for name in ["stdin", "stdout", "stderr"] {
            guard name != "stdin" || container.service.stdinOpen else {
                streams.append(null)
                continue
            }
            let path = "\(directory)/\(name)"
            if mkfifo(path, 0o600) != 0 && errno != EEXIST { throw SystemError("mkfifo", path) }
            // Any user of the container may open /dev/stdout again.
            try check("chmod", path) { chmod(path, 0o666) }
            streams.append(try Descriptor.open(path, O_RDWR))
        }
        try followStreams(container)
        return streams
    }

    /// Reads the container's pipes into its log, from where the last reader stopped.
    func followStreams(_ container: Container) throws {
        let logs = try LogWriter(paths.log(container.id), on: loop)
        if let terminal = container.terminal {
            try check("fcntl") { trice_fcntl(terminal.raw, F_SETFL, Int(O_NONBLOCK)) }
            try logs.follow(terminal, as: "stdout")
        } else {
            for name in ["stdout", "stderr"] {
                try logs.follow(
                    Descriptor.open("\(paths.pipes(container.id))/\(name)", O_RDONLY | O_NONBLOCK), as: name)
            }
        }
        container.logs = logs
    }

    /// The process is there: it gets its network, then leave to go on.
    private func created(_ container: Container, _ result: Result<LauncherClient.Created, SetupFailure>) {
        switch result {
        case .failure(let failure): startFailed(container, blame(failure, on: container.service))
        case .success(let created):
            do {
                container.pid = created.pid
                container.pidfd = created.pidfd
                container.record.state.process = ProcessIdentity(runningPID: created.pid)
                save(container)
                container.setup = try SetupWatch(created.setup, on: loop) { [unowned self] terminal in
                    self.terminalOpened(container, terminal)
                } onDone: { [unowned self] failure in
                    self.setUp(container, failure)
                }
                try connectNetworks(container, pid: created.pid)
                try created.setup.send(Proceed())
            } catch {
                // Where the process has died meanwhile, its own word on the setup socket says why.
                container.record.state.failure =
                    error as? Failure ?? Failure("\(error)", at: container.service.location)
                kill(created.pid, SIGKILL)
            }
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
            }
        } catch {
            log("the terminal of \(container.record.name) cannot be followed: \(error)")
        }
    }

    /// The program runs, or could not be started; in that case its end is told next.
    private func setUp(_ container: Container, _ failure: SetupFailure?) {
        container.setup = nil
        if let failure {
            container.record.state.failure = blame(failure, on: container.service)
            return
        }
        if container.record.state.failure != nil { return }
        // A process that has ended already is told by its own message.
        guard container.state.phase == .starting else { return }
        container.state.phase = .running
        container.state.started = realTime()
        container.record.state.exit = nil
        do { try nameOnNetworks(container) } catch {
            log("the names of \(container.record.name) cannot be told: \(error)")
        }
        startHealthChecks(container)
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
        container.state.phase = .failed
        container.state.failure = failure.message
        container.state.finished = realTime()
        container.state.exitCode = failure.exitCode
        save(container)
        emit(container, .failed) { $0.detail = failure.message }
        if container.record.state.removeAtEnd { _ = remove(container) }
        reconcile()
    }

    /// The filter of the container's processes, its first and those that `exec` starts.
    func seccompFilter(of container: Container) throws -> Descriptor {
        let service = container.service
        let specification = Specification(paths: paths, config: container.record.config)
        do {
            return try seccompFilters.file(
                specification.seccompProfile, capabilities: CapabilitySet(names: try specification.capabilities()))
        } catch let failure as Failure {
            throw Failure("service \(service.name): \(failure.message)", at: failure.location ?? service.seccompPlace)
        }
    }

    /// The failure as the user reads it, at the place of the key that asked for what failed.
    func blame(_ failure: SetupFailure, on service: Service) -> Failure {
        let place = failure.key.isEmpty ? service.location : service.place(failure.key)
        return Failure("service \(service.name): \(failure)", at: place, exitCode: failure.exitCode)
    }
}
