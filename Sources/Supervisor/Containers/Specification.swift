// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux
import Runtime

/// Turns a resolved service and its image into what the launcher's child needs.
struct Specification {
    let paths: ProjectPaths
    let config: ContainerConfig

    private var service: Service { config.definition }
    private var image: ImageConfig { config.imageConfig }

    /// Masked and read-only as Docker has it (moby, daemon/pkg/oci/defaults.go).
    private static let maskedPaths =
        [
            "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
            "/proc/sched_debug",
            "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
        ] + thermalThrottling
    /// How often each processor grew too hot: tells of the neighbours' load. Masked where the host has it.
    private static let thermalThrottling: [String] = {
        let directory = "/sys/devices/system/cpu"
        do {
            return try listDirectory(directory).map { "\(directory)/\($0)/thermal_throttle" }.filter { exists($0) }
        } catch { return [] }  // no sysfs, nothing to mask
    }()
    private static let readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    /// - Parameters:
    ///   - namespaces: those that the service's modes ask for, with pids filled in.
    ///   - more: mounts beside the service's own, which go before them where both are at one place.
    func container(
        namespaces: ContainerSpec.Namespaces, more: [ContainerSpec.MountSpec] = []
    ) throws -> ContainerSpec {
        var spec = ContainerSpec(
            id: config.id, process: try process(),
            root: ContainerSpec.Root(
                layers: config.layers, directory: try config.writes(in: paths), readOnly: service.readOnly))
        spec.namespaces = namespaces
        spec.hostname = config.hostname
        spec.domainname = service.domainname ?? ""
        spec.mounts = try mounts(more)
        switch namespaces.ipc {
        case .own: break
        case .host: spec.mounts.insert(.init(.bind, source: "/dev/shm", destination: "/dev/shm", key: "ipc"), at: 0)
        case .process(let pid):
            spec.mounts.insert(.init(.shared(pid), source: "/dev/shm", destination: "/dev/shm", key: "ipc"), at: 0)
        }
        if namespaces.network == .own {
            // Docker's: an unprivileged process may open low ports and send pings.
            let lastGroup = try config.ids == nil ? min(lastMappedGroup(), 2_147_483_647) : IDMapping.count - 1
            spec.sysctls = [
                "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 \(lastGroup)",
            ]
        }
        for sysctl in service.sysctls { spec.sysctls[sysctl.name] = sysctl.value }
        if let size = service.shmSize { spec.sharedMemorySize = UInt64(size.bytes) }
        spec.initProcess = service.initProcess ?? false
        spec.privileged = service.privileged
        if !service.privileged && !service.securityOptions.contains(where: { $0.kind == .unconfinedSystemPaths }) {
            spec.maskedPaths = Specification.maskedPaths
            spec.readonlyPaths = Specification.readonlyPaths
        }
        return spec
    }

    /// What the container's system calls are held against.
    var seccompProfile: SeccompFilters.Profile {
        if service.privileged { return .none }
        switch service.seccompProfile {
        case .unconfined: return .none
        case .file(let path): return .document(name: path, content: config.seccompDocument ?? "")
        case .builtin, nil: return .docker
        }
    }

    /// The last `apparmor` among the security options counts, as with dockerd.
    private var appArmorProfile: String? {
        get throws(SystemError) {
            if service.privileged || !AppArmor.isThere { return nil }
            switch service.appArmorProfile?.name {
            case "unconfined": return nil
            case let name?: return name
            // Only the host's root can load it.
            case nil: return try isInHostUserNamespace() ? AppArmor.defaultProfile : nil
            }
        }
    }

    /// The service's first process.
    func process() throws -> ProcessSpec {
        let arguments = self.arguments
        guard !arguments.isEmpty else {
            throw Failure(
                "service \(service.name) has no command, and neither has its image", at: service.place("command"))
        }
        var process = ProcessSpec(
            arguments: arguments, environment: config.environment,
            workingDirectory: service.workingDirectory ?? image.workingDir ?? "/",
            user: service.user ?? image.user ?? "", capabilities: try capabilities())
        process.additionalGroups = service.groupAdd
        process.noNewPrivileges = service.noNewPrivileges
        process.appArmorProfile = try appArmorProfile
        process.terminal = service.tty
        process.oomScoreAdjustment = service.oomScoreAdjustment
        process.userNamespace = config.ids != nil
        process.limits = service.ulimits.map { .init(name: $0.name, soft: $0.soft, hard: $0.hard) }
        return process
    }

    /// Entry point and command as the image specification combines them: an entry point from the file drops the image's
    /// command.
    private var arguments: [String] {
        if let entrypoint = service.entrypoint { return entrypoint + (service.command ?? []) }
        return (image.entrypoint ?? []) + (service.command ?? image.cmd ?? [])
    }

    /// `ALL` in either list is everything; names in the other are exceptions (moby, daemon/pkg/oci/caps).
    func capabilities() throws -> [String] {
        func known(_ names: [String], _ key: String) throws -> [String] {
            try names.enumerated().map { index, name in
                let plain =
                    name.uppercased().hasPrefix("CAP_") ? String(name.uppercased().dropFirst(4)) : name.uppercased()
                if plain != "ALL" && CapabilitySet.number(of: plain) == nil {
                    throw Failure("unknown capability \(name)", at: service.place("\(key)[\(index)]"))
                }
                return plain
            }
        }
        if service.privileged { return try CapabilitySet.permitted.names }
        let added = try known(service.capabilitiesAdded, "cap_add")
        let dropped = try known(service.capabilitiesDropped, "cap_drop")
        let droppedNumbers = Set(dropped.compactMap { CapabilitySet.number(of: $0) })
        if added.contains("ALL") {
            return try CapabilitySet.permitted.names.filter { !droppedNumbers.contains(Int32($0) ?? -1) }
        }
        // In a user namespace of its own it can have any.
        if config.ids == nil, !added.isEmpty {
            let permitted = Set(try CapabilitySet.permitted.names)
            for (index, name) in added.enumerated() {
                if Service.hostCapabilities.contains(name), try !isInHostUserNamespace() {
                    throw Failure(
                        "service \(service.name): CAP_\(name) is worth nothing but to root of the host",
                        at: service.place("cap_add[\(index)]"))
                }
                guard let number = CapabilitySet.number(of: name), !permitted.contains("\(number)") else { continue }
                throw Failure(
                    "service \(service.name): root of this host does not have CAP_\(name), so no container can",
                    at: service.place("cap_add[\(index)]"))
            }
        }
        let kept = dropped.contains("ALL") ? [] : CapabilitySet.docker.filter { !dropped.contains($0) }
        return kept + added.filter { !kept.contains($0) }
    }

    /// The service's own volumes and binds, for who has `volumes_from` it.
    func sharedMounts() throws -> [ContainerSpec.MountSpec] {
        try mounts([]).filter { $0.kind == .bind && !$0.key.isEmpty }.map { mount in
            var mount = mount
            mount.copiesUp = false
            return mount
        }
    }

    /// Volumes, then trice's own files where no volume stands in their place; parents before what lies below them.
    private func mounts(_ more: [ContainerSpec.MountSpec]) throws -> [ContainerSpec.MountSpec] {
        var mounts: [ContainerSpec.MountSpec] = []
        let directory = paths.container(config.id)
        for name in ["hosts", "hostname", "resolv.conf"] {
            mounts.append(.init(.bind, source: "\(directory)/\(name)", destination: "/etc/\(name)", key: ""))
        }
        let volumes = VolumeStore(paths.roots)
        var taken = Set<String>()
        for (index, mount) in service.mounts.enumerated() {
            let key = "volumes[\(index)]"
            taken.insert(mount.target)
            switch mount {
            case .bind(let bind):
                var spec = ContainerSpec.MountSpec(
                    .bind, source: bind.source, destination: bind.target, readOnly: bind.readOnly, key: key)
                spec.owner = service.owner(of: bind).map { [$0.uid, $0.gid] }
                mounts.append(spec)
            case .volume(let volume):
                guard let name = config.volumes[volume.target] else { continue }
                var spec = try self.mount(volumes.record(name), of: volumes, at: volume.target, key: key)
                spec.readOnly = volume.readOnly
                if volume.noCopy { spec.copiesUp = false }
                mounts.append(spec)
            case .tmpfs(let tmpfs):
                var options: [String] = []
                if let size = tmpfs.size { options.append("size=\(size.bytes)") }
                options.append("mode=\(String(tmpfs.mode ?? 0o1777, radix: 8))")
                mounts.append(
                    .init(
                        .tmpfs, source: "", destination: tmpfs.target, readOnly: tmpfs.readOnly,
                        data: options.joined(separator: ","), key: key))
            case .image(let image):
                guard let made = config.mountedImages?[image.target] else { continue }
                mounts.append(
                    .init(.image(made.layers), source: "", destination: image.target, readOnly: true, key: key))
            // Refused on the way in: see Servable.
            case .other: continue
            }
        }
        for (index, path) in service.tmpfs.enumerated() {
            taken.insert(path.target)
            mounts.append(
                .init(
                    .tmpfs, source: "", destination: path.target, data: path.options.joined(separator: ","),
                    key: "tmpfs[\(index)]"))
        }
        // What the image declares as VOLUME.
        for (target, name) in config.volumes.sorted(by: { $0.key < $1.key }) where !taken.contains(target) {
            mounts.append(try self.mount(volumes.record(name), of: volumes, at: target, key: "image"))
        }
        for mount in more where taken.insert(mount.destination).inserted { mounts.append(mount) }
        mounts.removeAll { $0.key.isEmpty && taken.contains($0.destination) }
        func depth(_ path: String) -> Int { path.split(separator: "/").count }
        return mounts.enumerated().sorted {
            (depth($0.element.destination), $0.offset) < (depth($1.element.destination), $1.offset)
        }.map(\.element)
    }

    private func mount(
        _ volume: VolumeStore.Record, of store: VolumeStore, at target: String, key: String
    ) -> ContainerSpec.MountSpec {
        var spec = ContainerSpec.MountSpec(.bind, source: store.source(volume), destination: target, key: key)
        spec.copiesUp = volume.mount?.isInMemory != true
        return spec
    }
}

extension Service {
    /// What `security_opt` says of AppArmor, and where.
    var appArmorProfile: (name: String, place: SourceLocation)? {
        for (index, option) in securityOptions.enumerated().reversed() {
            if case .appArmor(let name) = option.kind { return (name, place("security_opt[\(index)]")) }
        }
        return nil
    }

    /// The last `seccomp` among the security options counts, as with dockerd.
    private var seccompIndex: Int? {
        securityOptions.lastIndex { if case .seccomp = $0.kind { true } else { false } }
    }

    var seccompProfile: SecurityOption.SeccompProfile? {
        guard let seccompIndex, case .seccomp(let profile) = securityOptions[seccompIndex].kind else { return nil }
        return profile
    }

    var seccompPlace: SourceLocation { place("security_opt[\(seccompIndex ?? 0)]") }
}
