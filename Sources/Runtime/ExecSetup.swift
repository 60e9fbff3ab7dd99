// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux

/// What a cloned child does to become a process in a running container. It never returns.
///
/// The launcher had it born in the container's pid namespace and cgroup.
enum ExecSetup {
    /// - Parameters:
    ///   - filter: nil for none.
    ///   - target: a pidfd of the container's first process, whose namespaces are joined. Linux 5.8.
    static func run(
        _ process: ProcessSpec, stdio: [Descriptor], filter: SeccompFilter?, target: Descriptor, socket: PacketSocket
    ) -> Never {
        do {
            try startSession()
            for group in process.controlGroups { try group.join() }
            try process.grantHostRights(to: getpid())
            var namespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP
            namespaces |= TimeNamespace.flag
            if process.userNamespace { namespaces |= CLONE_NEWUSER }
            try check("setns") { trice_setns(target.raw, Int32(namespaces)) }
            if process.userNamespace { try becomeRoot() }
            if process.terminal {
                try Terminal.open(size: process.terminalSize, for: socket).becomeStandardStreams()
            } else {
                try takeStandardStreams(stdio)
            }
            let identity = try Identity.lookUp(process)
            let program = try Program(process, home: identity.home)
            umask(0o022)
            try program.execute(as: identity, under: filter, socket: socket)
        } catch {
            report(error, to: socket)
        }
    }
}
