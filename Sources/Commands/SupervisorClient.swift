// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Runtime
import Supervisor

/// A connection to a project's supervisor.
final class SupervisorClient {
    private let socket: PacketSocket

    private init(_ socket: PacketSocket) { self.socket = socket }

    var descriptor: Int32 { socket.descriptor.raw }

    /// Connects to the supervisor that runs.
    ///
    /// - Returns: nil where none does.
    static func connect(_ paths: ProjectPaths) throws -> SupervisorClient? {
        let raw = try check("socket") {
            Glibc.socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        let descriptor = Descriptor(raw)
        do {
            try throughDirectory(of: paths.socket) { path in
                try check("connect", paths.socket) { trice_unix_connect(descriptor.raw, path) }
            }
            return SupervisorClient(PacketSocket(descriptor))
        } catch let error as SystemError where error.errno == ENOENT || error.errno == ECONNREFUSED {
            return nil
        }
    }

    /// Connects to the supervisor of a project that has something running; starts one where it was killed.
    ///
    /// - Returns: nil where nothing runs.
    static func connectIfActive(_ paths: ProjectPaths) throws -> SupervisorClient? {
        if let client = try connect(paths) { return client }
        return try RecordStore(paths).current(ContainerOutline.self).contains(where: \.isActive)
            ? try start(paths) : nil
    }

    /// How long it is tried to reach a supervisor, in nanoseconds: longer than a launcher rests between two (6.4 s).
    private static let patience: UInt64 = 15_000_000_000

    /// Connects, starting a supervisor where none runs.
    static func start(_ paths: ProjectPaths) throws -> SupervisorClient {
        if let client = try connect(paths) { return client }
        if Trice.dryRun != nil {
            throw Failure("no supervisor of \(paths.project) runs, and a dry run starts none")
        }
        let end = EventLoop.now + patience
        let changes = try FileWatch()
        repeat {
            if let client = try startAndConnect(paths) { return client }
            // A launcher whose supervisors were killed again and again takes its time for the next one, whose socket is waited
            // for; looked at now and then, as it may be that nothing comes.
            if exists(paths.run) { try changes.add(paths.run) }
            var polled = pollfd(fd: changes.descriptor.raw, events: Int16(POLLIN), revents: 0)
            poll(&polled, 1, 50)
            changes.drain()
            if let client = try connect(paths) { return client }
        } while EventLoop.now < end
        throw Failure(
            "no supervisor can be started: whatever is started is killed at once", hint: "see \(paths.supervisorLog)")
    }

    /// - Returns: nil where what was started is gone already, or rests.
    private static func startAndConnect(_ paths: ProjectPaths) throws -> SupervisorClient? {
        // Held until the connection is made, however long this process waits for its turn: a supervisor that finds nothing
        // to do would be gone meanwhile.
        let lock = try SupervisorStart.lock(paths)
        defer { withExtendedLifetime(lock) {} }
        if let client = try connect(paths) { return client }
        let kept = Trace.isOn ? [(name: SupervisorStart.tracedFile, descriptor: try Trace.copy())] : []
        let reason = try SupervisorStart.spawnLauncher(paths, under: lock, keeping: kept).read(upTo: 4096)
        guard reason.isEmpty else {
            let text = String(decoding: reason, as: UTF8.self).split(separator: "\n").joined(separator: "; ")
            throw Failure("no supervisor can be started: \(text)")
        }
        return try connect(paths)
    }

    func send(_ command: Request.Command, descriptors: [Descriptor] = []) throws {
        try socket.send(Request(command, parallelism: Trice.parallelism), descriptors: descriptors)
    }

    /// The next reply; nil where the supervisor is gone.
    func next() throws -> (reply: Reply, descriptors: [Descriptor])? {
        do {
            return try socket.receive(Reply.self).map { ($0.message, $0.descriptors) }
        } catch let error as SystemError where error.errno == ECONNRESET {
            return nil
        }
    }

    /// The caller gave up waiting, by a signal.
    struct Interruption: Error {}

    /// The next reply, waited for until an instant of `EventLoop.now`; the progress goes on meanwhile.
    ///
    /// - Throws: `Interruption` where one of the signals comes before.
    private func next(
        before deadline: UInt64?, _ signals: CallerSignals?, _ progress: Progress?
    ) throws -> (reply: Reply, descriptors: [Descriptor])? {
        while true {
            var polled = [descriptor, signals?.descriptor.raw ?? -1].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            let now = EventLoop.now
            let left = deadline.map { $0 > now ? Int32(min(($0 - now) / 1_000_000 + 1, 1 << 30)) : 0 }
            let count = poll(&polled, 2, [left, progress?.interval].compactMap { $0 }.min() ?? -1)
            if count > 0 && polled[1].revents != 0 && signals?.next() != nil { throw Interruption() }
            if count > 0 && polled[0].revents != 0 { return try next() }
            if count < 0 && errno != EINTR { throw SystemError("poll") }
            if let deadline, EventLoop.now >= deadline {
                throw Failure("the stack is not ready within the time given")
            }
            progress?.tick()
        }
    }

    /// Asks for what may be asked twice, and follows it to its end. A supervisor that is killed on the way is asked again
    /// when it is back.
    ///
    /// - Parameters:
    ///   - signals: those that end the waiting; what was asked for goes on.
    ///   - progress: shown where given, and the warnings with it.
    /// - Returns: the exit status.
    static func perform(
        _ command: Request.Command, _ paths: ProjectPaths, descriptors: [Descriptor] = [], limit: Int? = nil,
        interruptedBy signals: CallerSignals? = nil, _ progress: Progress? = nil
    ) throws -> Int32 {
        try Effect.perform(effects(of: command, paths), otherwise: 0) {
            try follow(command, paths, descriptors, limit, signals, progress)
        }
    }

    private static func follow(
        _ command: Request.Command, _ paths: ProjectPaths, _ descriptors: [Descriptor], _ limit: Int?,
        _ signals: CallerSignals?, _ progress: Progress?
    ) throws -> Int32 {
        let deadline = limit.map { EventLoop.now + UInt64($0) * 1_000_000_000 }
        for _ in 0..<5 {
            let client = try Trace.span("connect") { try start(paths) }
            do { try client.send(command, descriptors: descriptors) } catch let error as SystemError
                where error.errno == EPIPE || error.errno == ECONNRESET
            { continue }
            let sent = Trace.now
            defer { Trace.record("wait", since: sent) }
            while let (reply, _) = try client.next(before: deadline, signals, progress) {
                switch reply {
                case .finished(let status): return status
                case .failed(let failure): throw failure
                case .event(let event): progress?.show(event)
                case .warning(let text): progress?.warn(text)
                default: break
                }
            }
        }
        throw Failure("the supervisor went away again and again", hint: "see \(paths.supervisorLog)")
    }
}
