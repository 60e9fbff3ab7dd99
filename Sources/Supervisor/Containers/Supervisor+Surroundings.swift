// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Linux
import Reconciler
import Runtime

/// What a container is born into: its cgroup, its filter, its streams, and what it binds.
extension Supervisor {
    /// Makes the container's cgroup with its limits, to be born into; nil where no cgroup can be made.
    func makeControlGroup(_ container: Container, _ devices: ServiceDevices) throws -> Descriptor? {
        let limits = ServiceLimits(service: container.service)
        try checkReach()
        // It may have been made where the project had control groups that it does not have now.
        if hierarchy.deviceAbsence != nil { try limits.check(on: hierarchy) }
        try hierarchy.delegated?.vacate()
        let group = paths.cgroup(container.id, in: hierarchy)
        let directory = try group.create()
        // Who may not filter devices may make no device nodes either.
        if let directory, hierarchy.deviceAbsence == nil, !container.service.privileged {
            try DeviceFilter.attach(deviceFilters.program(devices.rules), to: directory)
        }
        do {
            try group.limit(limits.controlGroup())
            container.controlGroups = try group.memberships(under: limits.controlGroup())
        } catch let refusal as ControlGroupLimits.Refusal { throw limits.failure(refusal) }
        container.cgroup = directory
        return directory
    }

    /// - Throws: where the launcher lives outside of the delegated cgroup that has the project's, and can have nothing born there.
    func checkReach() throws(Failure) {
        guard !hierarchy.isReachable, let delegated = hierarchy.delegated else { return }
        throw Failure(
            "control group \(delegated.path), in which the project runs, cannot be entered from this session",
            hint: "take the project down, and up again from here")
    }

    /// What `volumes_from` asks for.
    func inheritedMounts(_ service: Service) throws -> [ContainerSpec.MountSpec] {
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

    func grantedFiles(_ container: Container) -> GrantedFiles? {
        saved.map {
            GrantedFiles(
                of: container.service, in: $0.project, directory: paths.pipes(container.id),
                ids: container.record.config.ids)
        }
    }

    /// Volumes that are file systems of their own, and what the container writes where that is one.
    func mountVolumes(_ container: Container) throws(Failure) {
        do { try BoundedDirectory(paths.disk(container.id)).mount() } catch {
            let service = container.service
            throw Failure("service \(service.name): \(error)", at: service.place("storage_opt.size"))
        }
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

    func makeBindSources(_ container: Container) throws {
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
    func openStreams(_ container: Container) throws -> [Descriptor] {
        let null = try Descriptor.open("/dev/null", O_RDWR)
        if !container.clientStreams.isEmpty {
            defer { container.clientStreams = [] }
            try openToContainer(container.clientStreams, container)
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

    /// Lets any user of the container open a client's pipe again, as `/dev/stdout`: its owner is an id that is not
    /// mapped.
    func openToContainer(_ streams: [Descriptor], _ container: Container) throws(SystemError) {
        guard container.record.config.ids != nil else { return }
        for stream in streams {
            var status = stat()
            try check("fstat") { fstat(stream.raw, &status) }
            if status.st_mode & trice_s_ifmt == trice_s_ififo { try check("fchmod") { fchmod(stream.raw, 0o666) } }
        }
    }

    /// Reads the container's pipes into its log, from where the last reader stopped.
    func followStreams(_ container: Container) throws {
        let settings = try LogSettings(of: container.service)
        // A log service's lines wait in the log, and not before it.
        let capacity = settings.service == nil ? settings.longestQueue : nil
        let spools = container.terminal == nil || capacity != nil ? paths.pipes(container.id) : nil
        if let spools { try makeDirectories(spools, mode: 0o711) }
        let logs = try LogWriter(
            paths.log(container.id), settings.rotation, spools: spools, capacity: capacity,
            delivery: try delivery(of: container), on: loop)
        if case .log(let pattern)? = container.service.trice?.ready?.sign, container.state.health != .healthy {
            let sign = try LogSign(pattern)
            logs.onLine = { [unowned sign] in sign.take($0) }
            container.logSign = sign
        }
        if let terminal = container.terminal {
            try check("fcntl") { trice_fcntl(terminal.raw, F_SETFL, Int(O_NONBLOCK)) }
            try logs.follow(terminal, as: "stdout", isTerminal: true)
        } else {
            for name in ["stdout", "stderr"] {
                let path = "\(paths.pipes(container.id))/\(name)", key = "\(name)/\(container.id)"
                // So that what it wrote last is not gone with it while there is no supervisor.
                if launcher.kept[key] == nil { try launcher.keep(key, Descriptor.open(path, O_RDWR)) }
                try logs.follow(Descriptor.open(path, O_RDONLY | O_NONBLOCK), as: name)
            }
        }
        container.logs = logs
    }

    /// Sees that an AppArmor profile is in the kernel, once for each.
    func loadProfile(_ name: String?, for service: Service) throws {
        guard let name, !loadedProfiles.contains(name) else { return }
        if try !AppArmor.isLoaded(name) {
            guard name == AppArmor.defaultProfile else {
                throw Failure(
                    "service \(service.name): AppArmor has no profile \(name)", at: service.appArmorProfile?.place,
                    hint: "load it before: apparmor_parser --replace FILE")
            }
            do { try AppArmor.loadDefault(by: paths.run) } catch {
                throw Failure(
                    "the AppArmor profile \(name) cannot be loaded: \(error)", at: service.location,
                    hint: "to go without: security_opt: [apparmor=unconfined]")
            }
        }
        loadedProfiles.insert(name)
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
}
