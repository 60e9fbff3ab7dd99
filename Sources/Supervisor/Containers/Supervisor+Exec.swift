// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Images
import Linux
import Reconciler
import Runtime

extension Supervisor {
    /// Starts a further process in a running container.
    ///
    /// - Parameters:
    ///   - isHook: it ends with the supervisor: the next one starts it again.
    ///   - onStart: its pid, when its program runs.
    ///   - onFailure: where it could not be started; nothing else is called then.
    ///   - onEnd: its exit status, after `onStart`.
    func exec(
        _ process: ProcessSpec, in container: Container, stdio: [Descriptor], isHook: Bool = false,
        onTerminal: @escaping (Descriptor) -> Void = { _ in },
        onStart: @escaping (Int32) -> Void, onFailure: @escaping (SetupFailure) -> Void,
        onEnd: @escaping (ExitStatus) -> Void
    ) throws {
        guard let pidfd = container.pidfd,
            container.state.phase == .running || container.state.phase == .stopping
        else {
            throw Failure("container \(container.record.name) is not running")
        }
        try checkReach()
        var process = process
        process.controlGroups = container.controlGroups
        try openToContainer(stdio, container)
        let id = (isHook ? hookPrefix : "exec/") + newID().prefix(16)
        let run = Execution(onFailure: onFailure, onEnd: onEnd)
        // Kept until both the set-up and the process have come to their end, whichever is told first.
        execs[id] = { ended in run.ended(ended.status) }
        try launcher.exec(
            id, process, stdio: stdio, cgroup: container.cgroup, filter: seccompFilter(of: container), target: pidfd
        ) { [unowned self] result in
            switch result {
            case .failure(let failure):
                self.execs[id] = nil
                onFailure(failure)
            case .success(let created):
                do {
                    run.setup = try SetupWatch(created.setup, on: self.loop, onTerminal: onTerminal) { failure in
                        if failure == nil { onStart(created.pid) }
                        run.setUp(failure)
                    }
                } catch {
                    kill(created.pid, SIGKILL)
                    run.setUp(SetupFailure("watch the process", reason: "\(error)"))
                }
            }
        }
    }

    /// `exec` of a client.
    func exec(_ options: Request.ExecOptions, for client: Connection, _ descriptors: [Descriptor]) throws {
        let container = try running(options.service, index: options.index)
        if container.record.state.paused {
            throw Failure(
                "container \(container.record.name) is paused",
                hint: "let it go on before: trice unpause \(options.service)")
        }
        var process = try Specification(paths: paths, config: container.record.config).process()
        process.arguments = options.arguments
        let changed = Set(options.environment.map { $0.prefix { $0 != "=" } })
        process.environment =
            process.environment.filter { !changed.contains($0.prefix { $0 != "=" }) } + options.environment
        if options.terminal && !process.environment.contains(where: { $0.hasPrefix("TERM=") }) {
            process.environment.append("TERM=xterm")
        }
        if let user = options.user { process.user = user }
        if let directory = options.workingDirectory { process.workingDirectory = directory }
        if options.privileged {
            process.capabilities = try CapabilitySet.permitted.names
            process.appArmorProfile = nil
        }
        process.terminal = options.terminal
        process.terminalSize = options.terminalSize
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let service = container.service
        try exec(process, in: container, stdio: descriptors.count == 3 ? descriptors : [null, null, null]) { terminal in
            client.send(.terminal, descriptors: [terminal])
        } onStart: { pid in
            if options.detached { return client.end(.finished(0)) }
            client.onLeave = { kill(pid, SIGKILL) }
            client.send(.started(container.id))
        } onFailure: { [unowned self] failure in
            var failure = self.blame(failure, on: service)
            // The mistake is on the command line, not in the file.
            failure.location = nil
            client.end(.failed(failure))
        } onEnd: { status in
            client.onLeave = nil
            client.end(.finished(status.code))
        }
    }

    /// The running replica of a service with this number.
    func running(_ service: String, index: Int) throws -> Container {
        let found = containers.values.first { $0.record.config.service == service && $0.state.number == index }
        if found == nil, saved?.project.service(service) == nil,
            !containers.values.contains(where: { $0.record.config.service == service })
        {
            throw Failure("no such service: \(service)")
        }
        guard let found, found.state.phase == .running || found.state.phase == .stopping else {
            throw Failure(
                found == nil && index > 1
                    ? "service \"\(service)\" has no container with index \(index)"
                    : "service \"\(service)\" is not running")
        }
        return found
    }
}

/// A process that `exec` started: its set-up and its end may be told in either order.
private final class Execution {
    var setup: SetupWatch?
    private var isSetUp = false
    private var failure: SetupFailure?
    private var status: ExitStatus?
    private let onFailure: (SetupFailure) -> Void
    private let onEnd: (ExitStatus) -> Void

    init(onFailure: @escaping (SetupFailure) -> Void, onEnd: @escaping (ExitStatus) -> Void) {
        (self.onFailure, self.onEnd) = (onFailure, onEnd)
    }

    func setUp(_ failure: SetupFailure?) {
        (isSetUp, self.failure, setup) = (true, failure, nil)
        finish()
    }

    func ended(_ status: ExitStatus) {
        self.status = status
        finish()
    }

    private func finish() {
        guard isSetUp, let status else { return }
        if let failure { onFailure(failure) } else { onEnd(status) }
    }
}
