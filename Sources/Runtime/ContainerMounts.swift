// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// What a container mounts and only the host's root can make: its overlay, its `/dev`, and copies of what it binds.
/// None of it stands anywhere yet.
package struct ContainerMounts {
    let root: DetachedMount
    let devices: DetachedMount
    /// One for each of the specification's mounts; nil for a tmpfs.
    let sources: [DetachedMount?]
    /// The host's device nodes, to be mounted on their places when `/dev` has its own; nil where nodes are made.
    var boundDevices: [(node: DeviceNode, mount: DetachedMount)]?

    /// An id mapping, and a user namespace that has it.
    package struct Mapping {
        package var ids: IDMapping
        package var namespace: Descriptor
        package init(_ ids: IDMapping, _ namespace: Descriptor) { (self.ids, self.namespace) = (ids, namespace) }
    }

    /// - Parameters:
    ///   - mapping: nil for a container in the host's user namespace.
    ///   - layer: what has the files of a layer's directory belong to whom the image says.
    package static func make(
        _ spec: ContainerSpec, mapping: Mapping?,
        layer: (String) throws(SystemError) -> OverlayMount.Layer = { path throws(SystemError) in .directory(path) }
    ) throws(SetupFailure) -> ContainerMounts {
        let root = try Trace.span("overlay") { () throws(SetupFailure) in
            try attempt("image") { () throws(SystemError) in try overlay(spec.root, layer) }
        }
        let (devices, bound) = try Trace.span("devices") { () throws(SetupFailure) in
            try attempt("devices") { () throws(SystemError) in try makeDevices(spec, mapping?.ids) }
        }
        let sources = try Trace.span("bind mounts") { () throws(SetupFailure) in
            try openSources(spec, mapping, layer, root)
        }
        return ContainerMounts(root: root, devices: devices, sources: sources, boundDevices: bound)
    }

    /// To travel with a message, and back.
    package var descriptors: [Descriptor] { ([root, devices] + sources.compactMap { $0 }).map(\.descriptor) }

    init(
        root: DetachedMount, devices: DetachedMount, sources: [DetachedMount?],
        boundDevices: [(node: DeviceNode, mount: DetachedMount)]? = nil
    ) {
        (self.root, self.devices, self.sources, self.boundDevices) = (root, devices, sources, boundDevices)
    }

    init?(_ descriptors: [Descriptor], for spec: ContainerSpec) {
        guard descriptors.count == 2 + spec.mounts.count(where: { $0.kind != .tmpfs }) else { return nil }
        var rest = descriptors[2...]
        let sources = spec.mounts.map { $0.kind == .tmpfs ? nil : DetachedMount(rest.removeFirst()) }
        self.init(root: DetachedMount(descriptors[0]), devices: DetachedMount(descriptors[1]), sources: sources)
    }

    private static func overlay(
        _ root: ContainerSpec.Root, _ layer: (String) throws(SystemError) -> OverlayMount.Layer
    ) throws(SystemError) -> DetachedMount {
        try OverlayMount(layers: root.layers.map(layer), writes: root.directory).make()
    }

    /// A tmpfs with the nodes. It is made here because a user namespace's root cannot make any; where this process is no
    /// more than that, the host's own are bound.
    private static func makeDevices(
        _ spec: ContainerSpec, _ ids: IDMapping?
    ) throws(SystemError) -> (DetachedMount, bound: [(node: DeviceNode, mount: DetachedMount)]?) {
        var options = [("mode", "755"), ("size", "65536k")]
        if let base = ids?.base { options += [("uid", "\(base)"), ("gid", "\(base)")] }
        // MOUNT_ATTR_NOSUID, MOUNT_ATTR_STRICTATIME.
        let mount = try DetachedMount("tmpfs", options: options, attributes: 0x22)
        let nodes = DeviceNode.ofEachContainer + (spec.privileged ? try DeviceNode.ofHost() : []) + spec.devices
        let areBound = try !isInHostUserNamespace()
        try DeviceNode.create(nodes.filter(\.isBelowDev), in: mount.descriptor, ids, areBound: areBound)
        guard areBound else { return (mount, nil) }
        return (
            mount,
            try nodes.map { node throws(SystemError) in
                (node, try DetachedMount(copyOf: node.source, recursive: false))
            }
        )
    }

    /// What an image holds. An overlay without an upper layer has two lower ones at least.
    private static func image(_ layers: [OverlayMount.Layer]) throws(SystemError) -> DetachedMount {
        if layers.count > 1 { return try OverlayMount(layers: layers).make() }
        switch layers[0] {
        case .directory(let path): return try DetachedMount(copyOf: path, recursive: false)
        // The supervisor keeps it for the next one, where it can be copied.
        case .mapped(let mount):
            guard OverlayMount.takesDetachedLayers else { return mount }
            return try DetachedMount(copyOf: "/proc/self/fd/\(mount.descriptor.raw)", recursive: false)
        }
    }

    private static func openSources(
        _ spec: ContainerSpec, _ mapping: Mapping?, _ layer: (String) throws(SystemError) -> OverlayMount.Layer,
        _ root: DetachedMount
    ) throws(SetupFailure) -> [DetachedMount?] {
        var sources: [DetachedMount?] = []
        for mount in spec.mounts {
            let ids = try mappingNamespace(of: mount, spec.process, mapping, root)
            sources.append(
                try attempt(mount.key) { () throws(SystemError) in
                    switch mount.kind {
                    case .tmpfs: return nil
                    case .image(let layers): return try image(layers.map(layer))
                    case .shared(let pid): return try openShared(mount.source, of: pid)
                    case .bind:
                        let source = try DetachedMount(copyOf: mount.source)
                        if let ids { try map(source, mount.source, ids) }
                        return source
                    }
                })
        }
        return sources
    }

    /// The user namespace through which a bind mount's ids are seen: the container's, or one in which its user is the
    /// mount's owner. Nil where they are those on disk.
    private static func mappingNamespace(
        of mount: ContainerSpec.MountSpec, _ process: ProcessSpec, _ mapping: Mapping?, _ root: DetachedMount
    ) throws(SetupFailure) -> Descriptor? {
        guard let owner = mount.owner else { return mount.hasOwnIDs ? nil : mapping?.namespace }
        let user = try Identity.lookUp(process, in: root)
        let maps = try attempt(mount.key) { () throws(SystemError) in try isInHostUserNamespace() }
        guard maps else {
            if owner == [user.uid, user.gid] { return nil }
            throw SetupFailure(
                "show the files as the container's user's", reason: "only root of the host can, by an id-mapped mount",
                key: mount.key)
        }
        return try attempt(mount.key) { () throws(SystemError) in
            try OwnerMapping(
                outside: (owner[0], owner[1]), inside: (user.uid, user.gid), ids: mapping?.ids
            ).makeNamespace()
        }
    }

    /// Ids inside are then those of the host's files. What is mounted below, and cannot do it, shows them as nobody's, as
    /// any user namespace does.
    ///
    /// - Throws: EOPNOTSUPP for a file system that cannot do it, but for the kernel's own, whose files are the host's, and
    ///   for sockets and devices, which are used and not owned.
    private static func map(
        _ source: DetachedMount, _ path: String, _ namespace: Descriptor
    ) throws(SystemError) {
        for recursive in [true, false] {
            do throws(SystemError) { return try source.mapIDs(namespace, recursive: recursive) } catch {
                guard error.errno == EINVAL || error.errno == EPERM else { throw error }
            }
        }
        var status = stat()
        try check("fstat", path) { fstat(source.descriptor.raw, &status) }
        let isFile = [trice_s_ifdir, trice_s_ifreg].contains(status.st_mode & trice_s_ifmt)
        if isFile, try !isOfKernel(source, path) {
            throw SystemError("show the ids of a user namespace", "in \(path)", errno: EOPNOTSUPP)
        }
    }

    private static func isOfKernel(_ source: DetachedMount, _ path: String) throws(SystemError) -> Bool {
        var status = statfs()
        try check("fstatfs", path) { fstatfs(source.descriptor.raw, &status) }
        return kernelFileSystems.contains(UInt32(truncatingIfNeeded: status.f_type))
    }

    /// Of linux/magic.h: proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs, bpf, devpts, mqueue, efivarfs, nsfs.
    private static let kernelFileSystems: Set<UInt32> = [
        0x9fa0, 0x6265_6572, 0x27_e0eb, 0x6367_7270, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0xcafe_4a11, 0x1cd1,
        0x1980_0202, 0xde5e_81e4, 0x6e73_6673,
    ]

    /// A mount can be copied only in its own mount namespace, so this process goes there and back.
    private static func openShared(_ path: String, of pid: Int32) throws(SystemError) -> DetachedMount {
        let theirs = try Descriptor.open("/proc/\(pid)/ns/mnt", O_RDONLY)
        return try inMountNamespace { () throws(SystemError) in
            try check("setns", "mnt") { trice_setns(theirs.raw, Int32(CLONE_NEWNS)) }
        } run: { () throws(SystemError) in
            try DetachedMount(copyOf: path, recursive: false)
        }
    }
}
