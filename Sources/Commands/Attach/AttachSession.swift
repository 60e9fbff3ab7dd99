// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Runtime
import Supervisor

/// The caller's streams, connected to those of a running container until it ends or the caller lets go.
final class AttachSession {
    private let client: SupervisorClient
    private let record: ContainerRecord
    private var keys: DetachKeys?
    private let takesInput: Bool
    /// Passes a signal of the caller's on; nil: signals are the caller's own.
    var signal: ((Int32) throws -> Void)?

    /// The container's outputs as they come, and where they go.
    private var outputs: [(target: Int32, source: Descriptor)] = []
    /// Where input goes: the master of the container's terminal, or its input pipe. Non-blocking.
    private var input: Descriptor?
    /// Input that the container has not taken yet.
    private var pending: [UInt8] = []
    private var master: Descriptor?
    /// Whether the container is heard: no input before, or its answer could be missed.
    private var isAttached = false
    private var rawMode: TerminalMode?

    init(
        _ record: ContainerRecord, _ paths: ProjectPaths, _ client: SupervisorClient, keys: DetachKeys?, input: Bool
    ) throws {
        (self.record, self.client, self.keys, takesInput) = (record, client, keys, input)
        var given: [Descriptor] = []
        for target in [1, 2] as [Int32] {
            let pipe = try Descriptor.pipe()
            outputs.append((target, pipe.read))
            given.append(pipe.write)
        }
        let pipe = "\(paths.pipes(record.id))/stdin"
        if input && exists(pipe) { self.input = try Descriptor.open(pipe, O_WRONLY | O_NONBLOCK) }
        try client.send(.attach(service: record.config.service, index: record.config.number), descriptors: given)
    }

    /// - Returns: the container's exit status; 0 where the caller let go.
    func run() throws -> Int32 {
        Glibc.signal(SIGPIPE, SIG_IGN)
        let signals = try signal.map { _ in try CallerSignals() }
        let resized = try CallerSignals([SIGWINCH])
        defer { rawMode = nil }
        while true {
            var polled = [
                pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wantsInput ? 0 : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: pending.isEmpty ? -1 : input?.raw ?? -1, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: signals?.descriptor.raw ?? -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: resized.descriptor.raw, events: Int16(POLLIN), revents: 0),
            ]
            polled += outputs.map { pollfd(fd: $0.source.raw, events: Int16(POLLIN), revents: 0) }
            poll(&polled, nfds_t(polled.count), -1)
            for (index, output) in outputs.enumerated().reversed() where polled[5 + index].revents != 0 {
                if !copy(from: output.source.raw, to: output.target) { outputs.remove(at: index) }
            }
            if polled[4].revents != 0, resized.next() != nil { resize() }
            while polled[3].revents != 0, let number = signals?.next() {
                // The caller's terminal is gone, and with it who would have let go.
                if number == SIGHUP && rawMode != nil { return 128 + SIGHUP }
                try signal?(number)
            }
            if polled[1].revents != 0, try !takeInput() {
                rawMode = nil
                Output.standardError("\nread escape sequence\n")
                return 0
            }
            if !pending.isEmpty { writeInput() }
            if polled[0].revents != 0, let status = try hear() {
                while !outputs.isEmpty {
                    outputs.removeAll { !copy(from: $0.source.raw, to: $0.target) }
                }
                return status
            }
        }
    }

    private var wantsInput: Bool { isAttached && takesInput && input != nil && pending.isEmpty }

    /// What the supervisor says.
    ///
    /// - Returns: the exit status, at the container's end.
    private func hear() throws -> Int32? {
        guard let (reply, descriptors) = try client.next() else {
            throw Failure(
                "the supervisor went away; container \(record.name) runs on", hint: "attach again to see its output")
        }
        switch reply {
        case .terminal:
            guard let terminal = descriptors.first else { return nil }
            master = terminal
            resize()
            if takesInput {
                input = terminal
                rawMode = try TerminalMode(of: 0, TerminalMode.raw)
            }
        case .started: isAttached = true
        case .finished(let status): return status
        case .failed(let failure): throw failure
        default: break
        }
        return nil
    }

    /// - Returns: false where the detach keys were typed.
    private func takeInput() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(0, &buffer, buffer.count)
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return true }
        guard count > 0 else {
            if rawMode != nil { return true }  // hung up, which its signal tells
            // Ctrl-D is a terminal's way to say that this is the end; a pipe stays open for the next one who attaches.
            if master != nil { pending = [4] }
            writeInput()
            input = nil
            return true
        }
        guard master != nil, var keys else {
            pending += buffer[..<count]
            return true
        }
        let (forwarded, isDetached) = keys.take(buffer[..<count])
        self.keys = keys
        pending += forwarded
        return !isDetached
    }

    private func writeInput() {
        guard let input else { return }
        let count = pending.withUnsafeBytes { Glibc.write(input.raw, $0.baseAddress, $0.count) }
        if count > 0 { pending.removeFirst(count) }
        if count < 0 && errno != EAGAIN && errno != EINTR {
            // Nobody holds the other side any more: the container's end is told next.
            pending = []
            self.input = nil
        }
    }

    /// - Returns: false at the end of the source, or where nobody reads the target any more.
    private func copy(from source: Int32, to target: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(source, &buffer, buffer.count)
        if count <= 0 { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        return buffer.withUnsafeBytes { Output.write(UnsafeRawBufferPointer(rebasing: $0[..<count]), to: target) }
    }

    private func resize() {
        var size = winsize()
        if let master, trice_ioctl(1, UInt(TIOCGWINSZ), &size) == 0 {
            trice_ioctl(master.raw, UInt(TIOCSWINSZ), &size)
        }
    }
}
