// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Runtime

/// A container's files as it sees them, for a process that is not one of its own.
package enum ContainerFiles {
    /// Makes the container's root that of the calling process, which must have a single thread: by the mount namespace of
    /// a container that runs, and by the same mounts made anew for one that does not.
    package static func enter(_ record: ContainerRecord, _ paths: ProjectPaths) throws {
        if let process = record.state.process, let pidfd = process.openPidfd() {
            let own = record.config.ids == nil ? 0 : CLONE_NEWUSER
            try check("setns", record.name) { trice_setns(pidfd.raw, Int32(CLONE_NEWNS | own)) }
            if own != 0 { try becomeRoot() }
            return
        }
        try enterAnew(record, paths) { _ in }
    }

    /// As `enter`, without what is mounted in the container: volumes, and the kernel's file systems.
    package static func enterRoot(_ record: ContainerRecord, _ paths: ProjectPaths) throws {
        guard record.state.process?.openPidfd() != nil else {
            return try enterAnew(record, paths) { $0.mounts = [] }
        }
        try enter(record, paths)
        // A copy of the root's mount alone, without those below it: open_tree(2).
        let root = Descriptor(try check("open_tree", record.name) { trice_open_tree(AT_FDCWD, "/", 1) })
        try check("fchdir", record.name) { fchdir(root.raw) }
        try check("chroot", record.name) { chroot(".") }
    }

    private static func enterAnew(
        _ record: ContainerRecord, _ paths: ProjectPaths, _ change: (inout ContainerSpec) -> Void
    ) throws {
        var namespaces = ContainerSpec.Namespaces()
        namespaces.user = record.config.ids
        try BoundedDirectory(paths.disk(record.id)).mount()
        var spec = try Specification(paths: paths, config: record.config).container(namespaces: namespaces)
        // Trice's own files are written when it starts, and one that never has, has none.
        spec.mounts.removeAll { $0.key.isEmpty && $0.kind == .bind && !exists($0.source) }
        change(&spec)
        let userNamespaces = UserNamespaces(paths)
        let mounts = try userNamespaces.mounts(for: spec, of: record.config.definition)
        if mounts != nil { try userNamespaces.join() }
        try check("unshare", "mount namespace") { trice_unshare(Int32(CLONE_NEWNS)) }
        do { try enterFiles(of: spec, mounts) } catch { throw Failure("\(record.name): \(error)") }
    }
}
