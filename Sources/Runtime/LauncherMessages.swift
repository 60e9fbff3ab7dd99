// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux

/// What the supervisor asks of the launcher. Descriptors that travel with a message are named at its case.
package enum LauncherRequest: Codable, Sendable {
    /// Start a container. Descriptors: the `ContainerSpec` as JSON, stdin, stdout, stderr, a file with the
    /// `SeccompFilter`, which is empty for none, the cgroup's directory where it has one, and with a user namespace of its
    /// own its `ContainerMounts`.
    case create(container: String, namespaces: ContainerSpec.Namespaces, hasControlGroup: Bool)
    /// Start a process in a running container. Descriptors: the `ProcessSpec`, stdin, stdout, stderr, a file with the
    /// `SeccompFilter`, the cgroup's directory where it has one, a pidfd of the container's first process.
    case exec(id: String, hasControlGroup: Bool)
    /// Keep a descriptor over the supervisor's death, under this name. Descriptors: the one to keep.
    case keep(name: String)
    /// Close a kept descriptor.
    case drop(name: String)
    /// The end of this process is on record: forget it.
    case forget(pid: Int32)
    /// Write down how long things take, or no longer. Descriptors: the file (see `Trace`); none for an end.
    case trace
    /// The project is down: end.
    case quit
}

/// What the launcher says to the supervisor.
package enum LauncherReply: Codable, Sendable {
    /// A new supervisor's first message: the processes that run, the ends nobody has recorded yet, and how many kept
    /// descriptors follow.
    case hello(children: [Child], ended: [Ended], kept: Int)
    /// A kept descriptor, after hello. Descriptors: that one.
    case kept(name: String)
    /// The process exists and sets itself up. Descriptors: a pidfd, and the setup socket (see `SetupMessage`).
    case created(id: String, pid: Int32)
    /// It could not even be cloned.
    case failed(id: String, failure: SetupFailure)
    case ended(Ended)

    package struct Child: Codable, Hashable, Sendable {
        /// The container's id, or the exec's.
        package var id: String
        package var pid: Int32
        package init(id: String, pid: Int32) { (self.id, self.pid) = (id, pid) }
    }

    package struct Ended: Codable, Hashable, Sendable {
        package var id: String
        package var pid: Int32
        package var status: ExitStatus
        /// When it was reaped: nanoseconds since 1970 (CLOCK_REALTIME).
        package var time: UInt64
        package init(id: String, pid: Int32, status: ExitStatus, time: UInt64) {
            (self.id, self.pid, self.status, self.time) = (id, pid, status, time)
        }
    }
}

/// What a process that is being set up says on its setup socket. The end of the socket without a failure is success:
/// execve(2) closed it.
package enum SetupMessage: Codable, Sendable {
    case failed(SetupFailure)
    /// The terminal is open. Descriptors: its master.
    case terminal
}

/// The supervisor's only word on the setup socket: all that it does for the container is done (its network is there).
package struct Proceed: Codable, Sendable {
    package init() {}
}
