// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Networking
import Reconciler
import Runtime

/// A container that the supervisor looks after: its record, and what is open for it while it runs.
final class Container {
    var record: ContainerRecord
    /// Whether the record on disk is older than this one: it could not be written.
    var isUnsaved = false
    /// The process that this supervisor waits for: the running one, or one that sets itself up.
    var pid: Int32?
    /// Whether an earlier supervisor's death cut its start off: when the process has ended, it is as before the start.
    var isCutOff = false
    var pidfd: Descriptor?
    /// The descriptor of the running process's cgroup, for what `exec` starts; nil also where no cgroup can be made.
    var cgroup: Descriptor?
    /// The v1 cgroups of the running process, for what `exec` starts.
    var controlGroups: [ControlGroup.Membership] = []
    var setup: SetupWatch?
    var logs: LogWriter?
    /// What brings its log to a log service.
    var delivery: LogDelivery?
    var terminal: Descriptor?
    var health: HealthMonitor?
    var readiness: ReadinessMonitor?
    /// The sign of readiness that its output is looked through for, from its start on.
    var logSign: LogSign?
    /// The hook that runs.
    var hookPID: Int32?
    /// Fires when the grace of a stop is over.
    var graceTimer: EventLoop.Timer?
    /// Watches the process where the launcher is not its parent any more.
    var orphanWatch: EventLoop.Watch?
    /// Who hears what it writes, until it ends.
    var attached: [Connection] = []
    /// How the running stop was asked for: seconds of grace, over the service's own.
    var stopTimeout: Int?
    /// Who has the streams of a one-off container.
    var client: Connection?
    /// Descriptors 0, 1 and 2 of a one-off container that the client gave.
    var clientStreams: [Descriptor] = []
    var terminalSize: [UInt16] = []
    /// Whether the start under way is that of the user's `restart`.
    var isRestarted = false
    /// Before that time its program does not run: the end of its back-off, in nanoseconds since 1970; 0 for at once.
    var notBefore: UInt64 = 0
    /// When the start under way began, for a trace (`Trace.now`).
    var startTrace: UInt64 = 0
    /// Whether a one-off container is found under its service's names.
    var usesAliases = false

    init(_ record: ContainerRecord) { self.record = record }

    var id: String { record.id }
    var service: Service { record.config.definition }

    /// Whether it is one of the service's own containers, and not a one-off one.
    func isReplica(of service: String) -> Bool { record.config.service == service && !state.isOneOff }

    var state: ContainerState {
        get { record.state.reconciled }
        set { record.state.reconciled = newValue }
    }
}
