// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Linux
import Runtime

/// The ids that a project's containers have on the host, and the image layers as those ids see them.
final class UserNamespaces {
    private let paths: ProjectPaths
    private var mapping: ContainerMounts.Mapping?
    /// Layers, id-mapped once and mounted nowhere, by path; empty where each overlay wants its own.
    private var layers: [String: DetachedMount] = [:]
    private var isRefused = false
    private var shownSysctls: Set<String> = []

    init(_ paths: ProjectPaths) { self.paths = paths }

    /// The ids for a new container of an image; nil where this host cannot map them, which is logged once, where its kernel
    /// shows a sysctl that the service sets to the host's user namespace only, and where this process is not in that.
    func ids(for service: Service, _ layers: [String]) throws(SystemError) -> IDMapping? {
        // The user's own, which the container is in anyway, maps ids once for all.
        guard try isInHostUserNamespace(), !isRefused else { return nil }
        guard try shows(service.sysctls.map(\.name)) else { return nil }
        do throws(SystemError) {
            // Before Linux 5.19 an overlay takes no id-mapped layers, which it would say when it is mounted.
            guard kernelVersion() >= (5, 19) else { throw SystemError("mount", "overlay", errno: EINVAL) }
            let own = try openMapping()
            for layer in layers { _ = try mappedLayer(layer, own) }
            return own.ids
        } catch {
            log(
                "containers are in the host's user namespace, as this host cannot map the ids of their layers: \(error)"
            )
            isRefused = true
            return nil
        }
    }

    /// What a container in a user namespace of its own cannot make itself; nil for one in the host's.
    func mounts(for spec: ContainerSpec, of service: Service) throws -> ContainerMounts? {
        guard let ids = spec.namespaces.user else { return nil }
        let own = try openMapping()
        guard own.ids == ids else { throw Failure("the ids of project \(paths.project) have changed") }
        // Some of a message's descriptors are taken by others.
        guard spec.mounts.count <= PacketSocket.mostDescriptors - 8 else {
            throw Failure(
                "service \(service.name) has more mounts than a container in a user namespace can have",
                at: service.place("volumes"), hint: "say userns_mode: host")
        }
        return try ContainerMounts.make(spec, mapping: own) { layer throws(SystemError) in
            .mapped(try mappedLayer(layer, own))
        }
    }

    /// Makes the calling process root of a user namespace with the project's ids.
    func join() throws(SystemError) {
        let namespace = try openMapping().namespace
        try check("setns", "user namespace") { trice_setns(namespace.raw, Int32(CLONE_NEWUSER)) }
        try becomeRoot()
    }

    /// Gives the ids back: no container of the project is left.
    func release() {
        do { try IDRanges.ofHost().release(paths) } catch { log("the project's ids cannot be given back: \(error)") }
        (mapping, layers) = (nil, [:])
    }

    private func shows(_ sysctls: [String]) throws(SystemError) -> Bool {
        // One that the host has not either is refused when it is written.
        let wanted = Set(sysctls.map(sysctlPath)).subtracting(shownSysctls).filter(exists)
        guard !wanted.isEmpty else { return true }
        guard try userNamespaceShows(sysctls: Array(wanted)) else { return false }
        shownSysctls.formUnion(wanted)
        return true
    }

    private func openMapping() throws(SystemError) -> ContainerMounts.Mapping {
        if let mapping { return mapping }
        let ids = try IDRanges.ofHost().take(for: paths)
        let opened = ContainerMounts.Mapping(ids, try ids.makeNamespace())
        mapping = opened
        return opened
    }

    private func mappedLayer(_ path: String, _ mapping: ContainerMounts.Mapping) throws(SystemError) -> DetachedMount {
        if let layer = layers[path] { return layer }
        let layer = try DetachedMount(copyOf: path, recursive: false)
        try layer.mapIDs(mapping.namespace)
        if OverlayMount.takesDetachedLayers { layers[path] = layer }
        return layer
    }
}

extension Service {
    /// Whether it cannot be itself in a user namespace of its own: it shares a namespace that belongs to another, asks
    /// for a capability that is worth nothing but on the host, or for a device where only the host's root can make one.
    var needsHostUserNamespace: Bool {
        if privileged || userNamespaceMode == "host" { return true }
        switch networkMode {
        case .host, .service, .container: return true
        case .none?, .bridge, .other, nil: break
        }
        for mode in [pid, ipc] {
            switch mode {
            case .host, .service, .container, .shareable: return true
            case .private, .other, nil: break
            }
        }
        if devices.contains(where: { !absolutePath($0.target).hasPrefix("/dev/") }) { return true }
        let numbers = Set(capabilitiesAdded.compactMap { CapabilitySet.number(of: $0) })
        return CapabilitySet(names: Service.hostCapabilities).names.contains { numbers.contains(Int32($0) ?? -1) }
    }

    /// Those that the kernel asks of the initial user namespace only, capabilities(7).
    static let hostCapabilities = [
        "SYS_MODULE", "SYS_RAWIO", "SYS_PACCT", "SYS_BOOT", "SYS_TIME", "SYSLOG", "MAC_ADMIN", "MAC_OVERRIDE",
        "AUDIT_CONTROL", "AUDIT_READ", "WAKE_ALARM", "BLOCK_SUSPEND", "PERFMON", "BPF", "LINUX_IMMUTABLE", "IPC_LOCK",
        "SYS_NICE", "SYS_RESOURCE", "SYS_TTY_CONFIG", "LEASE",
    ]

    /// Whether it lives with another service's processes or shared memory.
    func sharesProcesses(of other: String) -> Bool { pid == .service(other) || ipc == .service(other) }
}
