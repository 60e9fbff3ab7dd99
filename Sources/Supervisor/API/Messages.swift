// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Reconciler
import Runtime

/// The version of the protocol on the supervisor's socket. A supervisor that speaks another one says so.
package let protocolVersion = 3

/// What a client asks: one request a connection, a SOCK_SEQPACKET message of JSON.
package struct Request: Codable, Sendable {
    package var version = protocolVersion
    package var command: Command
    /// How many starts and stops may be under way at once from now on; nil: all that can be.
    package var parallelism: Int?

    package init(_ command: Command, parallelism: Int? = nil) {
        (self.command, self.parallelism) = (command, parallelism)
    }

    package enum Command: Codable, Sendable {
        /// Make the project as its file says. Descriptors: the `Project` as JSON, then a file for a trace (see `Trace`)
        /// where one is wanted.
        case up(UpOptions)
        case down(DownOptions)
        /// Where asked, wait until they are healthy, too.
        case start(services: [String], wait: Bool)
        case stop(services: [String], timeout: Int?)
        case restart(services: [String], timeout: Int?, ignoreDependencies: Bool)
        /// Where an index is given, to that replica only.
        case kill(services: [String], signal: Int32, index: Int?)
        case pause(services: [String], frozen: Bool)
        /// Remove containers that do not run; stop them first where asked.
        case remove(services: [String], stop: Bool, volumes: Bool)
        /// Descriptors: stdin, stdout, stderr of the process, unless it gets a terminal.
        case exec(ExecOptions)
        /// A one-off container. Descriptors: the `Project`, then stdin, stdout, stderr unless detached or on a terminal.
        case run(RunOptions)
        /// What a running container writes from now on, until it ends. Descriptors: pipes for its stdout and stderr. With a
        /// terminal its master comes back, to write to.
        case attach(service: String, index: Int)
        /// Wait until the containers of these services have ended, or any of them.
        case wait(services: [String], any: Bool)
        /// Put a container on one more network, or take it off one.
        case connect(container: String, AddedNetwork)
        case disconnect(container: String, network: String)
        /// The machine was started anew: bring back what is to run, and wait until it does.
        case boot
        /// Every event of the project, until the client leaves; first those on record from an instant on, where one is
        /// given (nanoseconds since 1970).
        case events(since: UInt64?)
        /// What is there now.
        case status
    }

    package struct UpOptions: Codable, Sendable {
        package enum Recreation: String, Codable, Sendable { case changed, always, never }
        /// Empty for all that the profiles enable.
        package var services: [String] = []
        package var recreation = Recreation.changed
        /// What the services depend on is made anew, too.
        package var recreatesDependencies = false
        package var removeOrphans = false
        package var ignoreDependencies = false
        package var start = true
        /// Wait until all is running and healthy.
        package var wait = false
        /// Seconds before SIGKILL where a container is replaced; nil: the service's own.
        package var timeout: Int?
        /// Replicas by service, over the file's.
        package var scale: [String: Int] = [:]
        /// Anonymous volumes are made anew where a container is replaced.
        package var renewVolumes = false
        /// One-shot containers that completed are run again: `up` in the foreground.
        package var rerunsCompleted = false
        /// The fingerprint of the plan that is to be carried out: where it does not hold any more, nothing is done.
        package var expectedPlan: String?
        package init() {}
    }

    package struct DownOptions: Codable, Sendable {
        package var volumes = false
        package var timeout: Int?
        package init() {}
    }

    package struct ExecOptions: Codable, Sendable {
        package var service: String
        /// The replica's number.
        package var index: Int
        package var arguments: [String]
        package var environment: [String] = []
        package var user: String?
        package var workingDirectory: String?
        package var terminal = false
        package var terminalSize: [UInt16] = []
        package var privileged = false
        package var detached = false
        package init(service: String, index: Int, arguments: [String]) {
            (self.service, self.index, self.arguments) = (service, index, arguments)
        }
    }

    package struct RunOptions: Codable, Sendable {
        /// The service as changed by the command line: command, environment, user, name…
        package var service: Service
        package var name: String
        package var remove = false
        package var detached = false
        package var terminalSize: [UInt16] = []
        package var ignoreDependencies = false
        package var useAliases = false
        package init(service: Service, name: String) { (self.service, self.name) = (service, name) }
    }
}

/// What the supervisor says: any number of these, then one that ends the connection.
package enum Reply: Codable, Sendable {
    case event(Event)
    case warning(String)
    /// Descriptors: the master of the process's terminal.
    case terminal
    /// The process runs: the container's id.
    case started(String)
    case status(Status)
    /// The end: the request failed.
    case failed(Failure)
    /// The end: the exit status for the command.
    case finished(Int32)
}

/// Something that happened to a container, a network or a volume.
package struct Event: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable { case container, network, volume }
    package enum Action: String, Codable, Sendable {
        case creating, create, starting, start, restarting, restart, stopping, stop, kill, die, removing, destroy, oom
        case pause, unpause, waiting, failed
        case healthy = "health_status: healthy"
        case unhealthy = "health_status: unhealthy"
    }
    /// Nanoseconds since 1970.
    package var time: UInt64
    package var kind: Kind
    package var action: Action
    /// The container's id; the name of a network or volume.
    package var id: String
    package var name: String
    package var service: String
    /// For `die`.
    package var exitCode: Int32?
    /// For `failed` and `waiting`: why, or for what.
    package var detail: String?
    package var image: String?
    /// Whether a `die` is followed by the restart policy's restart.
    package var willRestart: Bool?

    package init(time: UInt64, kind: Kind, action: Action, id: String, name: String, service: String = "") {
        (self.time, self.kind, self.action) = (time, kind, action)
        (self.id, self.name, self.service) = (id, name, service)
    }
}

/// The project as it is.
package struct Status: Codable, Sendable {
    package var supervisorPID: Int32
    package var containers: [ContainerRecord]
    package init(supervisorPID: Int32, containers: [ContainerRecord]) {
        (self.supervisorPID, self.containers) = (supervisorPID, containers)
    }
}
