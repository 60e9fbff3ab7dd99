// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// The container's view of files: overlay root, pivot_root, kernel file systems, devices, volumes, masked paths.
///
/// What comes from the host is opened before (see `ContainerMounts`); everything else happens after pivot_root(2),
/// where no symbolic link of the image can lead out of the container.
struct RootFileSystem {
    let spec: ContainerSpec

    /// Leaves the caller at `/` of the container's root, with all mounts made; `close()` then takes away what must not
    /// be written.
    ///
    /// - Parameter made: what was made for it; nil where the caller is the host's root, and makes them itself.
    func enter(_ made: ContainerMounts?) throws(SetupFailure) {
        let mounts = try begin(made)
        let system = try Trace.span("proc and sys") { () throws(SetupFailure) in try makeSystemMounts() }
        try Trace.span("pivot_root") { () throws(SetupFailure) in try pivot(to: mounts.root) }
        try Trace.span("kernel file systems") { () throws(SetupFailure) in
            try mountKernelFileSystems(system, devices: mounts.devices)
        }
        try attempt("devices") { () throws(SystemError) in
            guard let bound = mounts.boundDevices else {
                for node in spec.devices where !node.isBelowDev { try node.make() }
                return
            }
            for (node, mount) in bound {
                if !node.isBelowDev { try node.makeTarget() }
                try mount.move(to: node.path)
            }
        }
        try Trace.span("volumes") { () throws(SetupFailure) in
            for (index, volume) in spec.mounts.enumerated() { try mountVolume(volume, source: mounts.sources[index]) }
        }
    }

    /// Its files and volumes alone, and nothing of the kernel's.
    func enterFiles(_ made: ContainerMounts?) throws(SetupFailure) {
        let mounts = try begin(made)
        try pivot(to: mounts.root)
        for (index, volume) in spec.mounts.enumerated() { try mountVolume(volume, source: mounts.sources[index]) }
    }

    /// Nothing that is mounted from here on is seen elsewhere.
    private func begin(_ made: ContainerMounts?) throws(SetupFailure) -> ContainerMounts {
        try mount("", "/", nil, MountFlag.recursive | MountFlag.private)
        if let made { return made }
        return try ContainerMounts.make(spec, mapping: nil)
    }

    /// Masks paths, and makes read-only what has to be.
    func close() throws(SetupFailure) {
        for path in spec.maskedPaths { try mask(path) }
        for path in spec.readonlyPaths { try makeReadOnly(path) }
        if spec.root.readOnly {
            try attempt("read_only") { () throws(SystemError) in
                try check("mount_setattr", "/") {
                    trice_mount_setattr(AT_FDCWD, "/", 0, MountAttribute.readOnly, 0, 0, -1)
                }
            }
        }
    }

    /// New ones of `/proc` and `/sys`. A user namespace may have them only where it sees the host's, so they are made
    /// before the host's root is out of view.
    private func makeSystemMounts() throws(SetupFailure) -> (proc: DetachedMount, sys: DetachedMount) {
        try attempt { () throws(SystemError) in
            let closed = MountAttribute.noSuid | MountAttribute.noDevices | MountAttribute.noExec
            let system = closed | (spec.privileged ? 0 : UInt32(MountAttribute.readOnly))
            let sys = try DetachedMount("sysfs", attributes: system)
            // Only who has a pid namespace may mount what shows it: of the host's, a user's root binds what is there.
            let isHosts = try isInHostUserNamespace()
            guard spec.namespaces.pid == .host, !isHosts else {
                return (try DetachedMount("proc", attributes: closed), sys)
            }
            let proc = try DetachedMount(copyOf: "/proc")
            try proc.set(UInt64(closed))
            return (proc, sys)
        }
    }

    /// Makes the overlay the root. It is mounted over the host's root for a moment, so that no directory need be within
    /// reach of the container's root.
    private func pivot(to root: DetachedMount) throws(SetupFailure) {
        try attempt { () throws(SystemError) in
            try root.move(to: "/")
            try check("fchdir", "overlay") { fchdir(root.descriptor.raw) }
            try check("pivot_root", "overlay") { trice_pivot_root(".", ".") }
            try check("umount2", "/") { umount2(".", Int32(MNT_DETACH)) }
            try check("chdir", "/") { chdir("/") }
        }
    }

    /// As Docker's defaults (moby, daemon/pkg/oci/defaults.go).
    private func mountKernelFileSystems(
        _ system: (proc: DetachedMount, sys: DetachedMount), devices: DetachedMount
    ) throws(SetupFailure) {
        let closed = MountFlag.noSuid | MountFlag.noExec | MountFlag.noDevices
        for (mount, target) in [(system.proc, "/proc"), (system.sys, "/sys"), (devices, "/dev")] {
            try makeTarget(target, directory: true)
            try attempt { () throws(SystemError) in try mount.move(to: target) }
        }
        if spec.namespaces.cgroup == .own {
            try mountControlGroups(closed | (spec.privileged ? 0 : MountFlag.readOnly))
        }
        for name in ["pts", "shm", "mqueue"] { try makeTarget("/dev/\(name)", directory: true) }
        try mount(
            "devpts", "/dev/pts", "devpts", MountFlag.noSuid | MountFlag.noExec,
            "newinstance,ptmxmode=0666,mode=0620,gid=5")
        if !spec.mounts.contains(where: { $0.destination == "/dev/shm" }) {
            try mount("shm", "/dev/shm", "tmpfs", closed, "mode=1777,size=\(spec.sharedMemorySize)", key: "shm_size")
        }
        try mount("mqueue", "/dev/mqueue", "mqueue", closed)
        // Docker's, for programs that look there for what is mounted.
        if !exists("/etc/mtab") {
            try attempt { () throws(SystemError) in
                try makeDirectories("/etc")
                try check("symlink", "/etc/mtab") { symlink("/proc/mounts", "/etc/mtab") }
            }
        }
    }

    /// v2 alone where no v1 controller limits the container, else all of them below a tmpfs, as runc does on a hybrid
    /// host.
    private func mountControlGroups(_ flags: UInt) throws(SetupFailure) {
        let top = "/sys/fs/cgroup"
        let legacy = spec.process.controlGroups
        if legacy.isEmpty { return try mount("cgroup", top, "cgroup2", flags) }
        try mount("tmpfs", top, "tmpfs", flags & ~MountFlag.readOnly, "mode=755")
        for group in legacy {
            let name = group.controllers.joined(separator: ",")
            try makeTarget("\(top)/\(name)", directory: true)
            try mount("cgroup", "\(top)/\(name)", "cgroup", flags, name)
            for controller in group.controllers where controller != name {
                try attempt { () throws(SystemError) in
                    try check("symlink", "\(top)/\(controller)") { symlink(name, "\(top)/\(controller)") }
                }
            }
        }
        try makeTarget("\(top)/unified", directory: true)
        try mount("cgroup", "\(top)/unified", "cgroup2", flags)
        if flags & MountFlag.readOnly == 0 { return }
        try attempt { () throws(SystemError) in
            try check("mount_setattr", top) { trice_mount_setattr(AT_FDCWD, top, 0, MountAttribute.readOnly, 0, 0, -1) }
        }
    }

    private func mountVolume(_ volume: ContainerSpec.MountSpec, source: DetachedMount?) throws(SetupFailure) {
        guard let source else {
            try makeTarget(volume.destination, directory: true, key: volume.key)
            let options = TmpfsOptions(volume.data)
            let flags = options.flags | (volume.readOnly ? MountFlag.readOnly : 0)
            return try mount("tmpfs", volume.destination, "tmpfs", flags, options.data, key: volume.key)
        }
        var status = stat()
        try attempt(volume.key) { () throws(SystemError) in
            try check("fstat", volume.source) { fstat(source.descriptor.raw, &status) }
        }
        try makeTarget(volume.destination, directory: status.st_mode & trice_s_ifmt == trice_s_ifdir, key: volume.key)
        try attempt(volume.key) { () throws(SystemError) in
            if volume.copiesUp { try CopyUp.fill(source.descriptor, from: volume.destination) }
            try source.move(to: volume.destination)
            if volume.readOnly { try source.makeReadOnly(recursive: true) }
        }
        source.descriptor.close()
    }

    /// Makes what will be mounted over, where the image does not have it.
    private func makeTarget(_ path: String, directory: Bool, key: String = "") throws(SetupFailure) {
        try attempt(key) { () throws(SystemError) in
            if directory { return try makeDirectories(path) }
            var status = stat()
            if stat(path, &status) == 0 { return }
            try makeDirectories(parentDirectory(path))
            _ = try Descriptor.open(path, O_WRONLY | O_CREAT, mode: 0o644)
        }
    }

    /// A directory gets an empty read-only tmpfs over it, a file /dev/null, as runc does it.
    private func mask(_ path: String) throws(SetupFailure) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        if status.st_mode & trice_s_ifmt == trice_s_ifdir {
            try mount("tmpfs", path, "tmpfs", MountFlag.readOnly)
        } else {
            try mount("/dev/null", path, nil, MountFlag.bind)
        }
    }

    private func makeReadOnly(_ path: String) throws(SetupFailure) {
        guard exists(path) else { return }
        try mount(path, path, nil, MountFlag.bind | MountFlag.recursive)
        try attempt { () throws(SystemError) in
            try check("mount_setattr", path) {
                trice_mount_setattr(AT_FDCWD, path, MountFlag.atRecursive, MountAttribute.readOnly, 0, 0, -1)
            }
        }
    }

    private func mount(
        _ source: String, _ target: String, _ type: String?, _ flags: UInt, _ data: String = "", key: String = ""
    ) throws(SetupFailure) {
        try attempt(key) { () throws(SystemError) in
            try check("mount", target) { Glibc.mount(source, target, type, flags, data) }
        }
    }
}

/// The options of a tmpfs as mount(8) takes them, in what mount(2) takes as flags and what tmpfs(5) takes as data.
struct TmpfsOptions: Hashable {
    /// Docker's defaults: nosuid, nodev, noexec.
    var flags = MountFlag.noSuid | MountFlag.noDevices | MountFlag.noExec
    var data: String

    init(_ text: String) {
        var rest: [Substring] = []
        for option in text.split(separator: ",") {
            switch option {
            case "ro": flags |= MountFlag.readOnly
            case "rw": flags &= ~MountFlag.readOnly
            case "exec": flags &= ~MountFlag.noExec
            case "noexec": flags |= MountFlag.noExec
            case "suid": flags &= ~MountFlag.noSuid
            case "nosuid": flags |= MountFlag.noSuid
            case "dev": flags &= ~MountFlag.noDevices
            case "nodev": flags |= MountFlag.noDevices
            default: rest.append(option)
            }
        }
        data = rest.joined(separator: ",")
    }
}

/// mount(2)'s flags, and those of the calls around it, by their values in linux/mount.h and linux/fcntl.h.
enum MountFlag {
    static let readOnly: UInt = 1
    static let noSuid: UInt = 2
    static let noDevices: UInt = 4
    static let noExec: UInt = 8
    static let bind: UInt = 4096
    static let recursive: UInt = 16384
    static let `private`: UInt = 1 << 18
    static let atRecursive: UInt32 = 0x8000
}

/// MOUNT_ATTR_*, mount_setattr(2).
enum MountAttribute {
    static let readOnly: UInt64 = 1
    static let noSuid: UInt32 = 2
    static let noDevices: UInt32 = 4
    static let noExec: UInt32 = 8
}

/// Makes the container's root that of the calling process, which must be alone in a mount namespace of its own: its files
/// and volumes, and nothing of the kernel's.
///
/// - Parameter mounts: those of a container in a user namespace of its own, where the caller is root.
package func enterFiles(of spec: ContainerSpec, _ mounts: ContainerMounts?) throws(SetupFailure) {
    try RootFileSystem(spec: spec).enterFiles(mounts)
}
