// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// The container's view of files: overlay root, pivot_root, kernel file systems, devices, volumes, masked paths.
///
/// Sources of bind mounts are opened while the host's root is still in view; everything else happens after pivot_root(2),
/// where no symbolic link of the image can lead out of the container.
struct RootFileSystem {
    let spec: ContainerSpec

    /// Leaves the caller at `/` of the container's root, with all mounts made; `close()` then takes away what must not
    /// be written.
    func enter() throws(SetupFailure) {
        try mount("", "/", nil, MountFlag.recursive | MountFlag.private)
        let sources = try openBindSources()
        var devices = spec.devices
        if spec.privileged {
            devices = try attempt("privileged") { () throws(SystemError) in try DeviceNode.ofHost() } + devices
        }
        try mountOverlay()
        try pivot()
        try mountKernelFileSystems()
        try attempt("devices") { () throws(SystemError) in try DeviceNode.create(devices) }
        for (index, volume) in spec.mounts.enumerated() { try mountVolume(volume, source: sources[index]) }
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

    private func openBindSources() throws(SetupFailure) -> [Descriptor?] {
        var sources: [Descriptor?] = []
        for mount in spec.mounts {
            if mount.kind == .tmpfs {
                sources.append(nil)
                continue
            }
            if case .shared(let pid) = mount.kind {
                sources.append(
                    try attempt(mount.key) { () throws(SystemError) in try openShared(mount.source, of: pid) })
                continue
            }
            let tree = try attempt(mount.key) { () throws(SystemError) in
                let flags = MountFlag.openTreeClone | MountFlag.openTreeCloseOnExec | MountFlag.atRecursive
                return Descriptor(
                    try check("open_tree", mount.source) { trice_open_tree(AT_FDCWD, mount.source, flags) })
            }
            sources.append(tree)
        }
        return sources
    }

    /// A mount can be cloned only in its own mount namespace, so this process goes there and back.
    private func openShared(_ path: String, of pid: Int32) throws(SystemError) -> Descriptor {
        let own = try Descriptor.open("/proc/self/ns/mnt", O_RDONLY)
        let theirs = try Descriptor.open("/proc/\(pid)/ns/mnt", O_RDONLY)
        try check("setns", "mnt") { trice_setns(theirs.raw, Int32(CLONE_NEWNS)) }
        let tree = trice_open_tree(AT_FDCWD, path, MountFlag.openTreeClone | MountFlag.openTreeCloseOnExec)
        let failure = SystemError("open_tree", path)
        try check("setns", "mnt") { trice_setns(own.raw, Int32(CLONE_NEWNS)) }
        if tree < 0 { throw failure }
        return Descriptor(tree)
    }

    /// fsopen(2) and `lowerdir+` take any number of layers, where mount(2)'s options must fit a page. Linux 6.7.
    private func mountOverlay() throws(SetupFailure) {
        let root = spec.root
        try attempt("image") { () throws(SystemError) in
            let overlay = Descriptor(try check("fsopen", "overlay") { trice_fsopen("overlay", 1) })
            func set(_ key: String, _ value: String) throws(SystemError) {
                try check("fsconfig", "\(key)=\(value)") { trice_fsconfig_string(overlay.raw, key, value) }
            }
            for layer in root.layers { try set("lowerdir+", layer) }
            try set("upperdir", root.upper)
            try set("workdir", root.work)
            try set("source", "overlay")
            try check("fsconfig", "overlay") { trice_fsconfig_create(overlay.raw) }
            let mounted = Descriptor(try check("fsmount", "overlay") { trice_fsmount(overlay.raw, 1, 0) })
            try check("move_mount", root.mountPoint) {
                trice_move_mount(mounted.raw, "", AT_FDCWD, root.mountPoint, MountFlag.moveFromEmptyPath)
            }
        }
    }

    private func pivot() throws(SetupFailure) {
        try attempt { () throws(SystemError) in
            try check("chdir", spec.root.mountPoint) { chdir(spec.root.mountPoint) }
            try check("pivot_root", spec.root.mountPoint) { trice_pivot_root(".", ".") }
            try check("umount2", "/") { umount2(".", Int32(MNT_DETACH)) }
            try check("chdir", "/") { chdir("/") }
        }
    }

    /// As Docker's defaults (moby, daemon/pkg/oci/defaults.go).
    private func mountKernelFileSystems() throws(SetupFailure) {
        let closed = MountFlag.noSuid | MountFlag.noExec | MountFlag.noDevices
        let system = closed | (spec.privileged ? 0 : MountFlag.readOnly)
        try makeTarget("/proc", directory: true)
        try mount("proc", "/proc", "proc", closed)
        try makeTarget("/sys", directory: true)
        try mount("sysfs", "/sys", "sysfs", system)
        if spec.namespaces.cgroup == .own { try mountControlGroups(system) }
        try makeTarget("/dev", directory: true)
        try mount("tmpfs", "/dev", "tmpfs", MountFlag.noSuid | MountFlag.strictAccessTime, "mode=755,size=65536k")
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

    /// v2 alone where no v1 controller limits the container, else all of them below a tmpfs, as runc does on a hybrid host.
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

    private func mountVolume(_ volume: ContainerSpec.MountSpec, source: Descriptor?) throws(SetupFailure) {
        guard let source else {
            try makeTarget(volume.destination, directory: true, key: volume.key)
            let options = TmpfsOptions(volume.data)
            let flags = options.flags | (volume.readOnly ? MountFlag.readOnly : 0)
            return try mount("tmpfs", volume.destination, "tmpfs", flags, options.data, key: volume.key)
        }
        var status = stat()
        try attempt(volume.key) { () throws(SystemError) in
            try check("fstat", volume.source) { fstat(source.raw, &status) }
        }
        try makeTarget(volume.destination, directory: status.st_mode & trice_s_ifmt == trice_s_ifdir, key: volume.key)
        try attempt(volume.key) { () throws(SystemError) in
            if volume.copiesUp { try CopyUp.fill(source, from: volume.destination) }
            if volume.readOnly {
                try check("mount_setattr", volume.source) {
                    trice_mount_setattr(
                        source.raw, "", UInt32(trice_at_empty_path) | MountFlag.atRecursive, MountAttribute.readOnly, 0,
                        0, -1)
                }
            }
            try check("move_mount", volume.destination) {
                trice_move_mount(
                    source.raw, "", AT_FDCWD, volume.destination, MountFlag.moveFromEmptyPath | MountFlag.moveToSymlinks
                )
            }
        }
        source.close()
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
    static let strictAccessTime: UInt = 1 << 24
    static let openTreeClone: UInt32 = 1
    static let openTreeCloseOnExec = UInt32(O_CLOEXEC)
    static let atRecursive: UInt32 = 0x8000
    static let moveFromEmptyPath: UInt32 = 4
    static let moveToSymlinks: UInt32 = 0x10
}

/// MOUNT_ATTR_*, mount_setattr(2).
enum MountAttribute {
    static let readOnly: UInt64 = 1
}

/// Makes the container's root that of the calling process, which must be alone in a mount namespace of its own.
package func enterFiles(of spec: ContainerSpec) throws(SetupFailure) { try RootFileSystem(spec: spec).enter() }
