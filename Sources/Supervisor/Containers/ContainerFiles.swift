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
            try check("setns", record.name) { trice_setns(pidfd.raw, Int32(CLONE_NEWNS)) }
            return
        }
        try makeDirectories(paths.mountPoint)
        try check("unshare", "mount namespace") { trice_unshare(Int32(CLONE_NEWNS)) }
        let spec = try Specification(paths: paths, config: record.config).container(namespaces: .init())
        do { try enterFiles(of: spec) } catch { throw Failure("\(record.name): \(error)") }
    }
}
