// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Supervisor

/// A process in a container whose streams are the caller's.
///
/// A pipe of the caller is handed over as it is, and no byte of it passes through trice. Everything else is relayed
/// through a pipe: a process that holds a host's file can open it again by /proc/self/fd, and do more with it than the
/// caller meant.
final class Session {
    private let client: SupervisorClient
    /// Whether standard input is passed on.
    private let input: Bool
    /// The caller's descriptor and the pipe's end, for each stream that is relayed.
    private var outputs: [(target: Int32, source: Descriptor)] = []
    private var inputPipe: Descriptor?

    init(_ client: SupervisorClient, input: Bool) { (self.client, self.input) = (client, input) }

    /// - Parameters:
    ///   - streams: whether the process gets streams of this one.
    ///   - first: descriptors that go before.
    func send(_ command: Request.Command, streams: Bool, after first: [Descriptor] = []) throws {
        guard streams else { return try client.send(command, descriptors: first) }
        var given: [Descriptor] = []
        if !input {
            given.append(try Descriptor.open("/dev/null", O_RDONLY))
        } else if isPipe(0) {
            given.append(Descriptor(try check("dup") { dup(0) }))
        } else {
            let pipe = try Descriptor.pipe()
            given.append(pipe.read)
            inputPipe = pipe.write
        }
        for target in [1, 2] as [Int32] {
            if isPipe(target) {
                given.append(Descriptor(try check("dup") { dup(target) }))
            } else {
                let pipe = try Descriptor.pipe()
                given.append(pipe.write)
                outputs.append((target, pipe.read))
            }
        }
        try client.send(command, descriptors: first + given)
    }

    private func isPipe(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & trice_s_ifmt == trice_s_ififo
    }

    /// Follows the process to its end.
    ///
    /// - Returns: its exit status.
    func run(onReply: (Reply) -> Void = { _ in }) throws -> Int32 {
        // The process may close its input before all of it is read.
        signal(SIGPIPE, SIG_IGN)
        while true {
            var polled = [pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)]
            polled.append(pollfd(fd: inputPipe == nil ? -1 : 0, events: Int16(POLLIN), revents: 0))
            polled += outputs.map { pollfd(fd: $0.source.raw, events: Int16(POLLIN), revents: 0) }
            poll(&polled, nfds_t(polled.count), -1)
            for (index, output) in outputs.enumerated().reversed() where polled[2 + index].revents != 0 {
                if !copy(from: output.source.raw, to: output.target) { outputs.remove(at: index) }
            }
            if polled[1].revents != 0, let pipe = inputPipe, !copy(from: 0, to: pipe.raw) { inputPipe = nil }
            guard polled[0].revents != 0 else { continue }
            guard let (reply, descriptors) = try client.next() else {
                throw Failure("the supervisor went away; the process may still run")
            }
            switch reply {
            case .terminal:
                guard let master = descriptors.first else { continue }
                return try TerminalRelay(master, client).run(onReply: onReply)
            case .finished(let status):
                finish()
                return status
            case .failed(let failure): throw failure
            default: onReply(reply)
            }
        }
    }

    /// - Returns: false at the end of the source, or where nobody reads the target any more.
    private func copy(from source: Int32, to target: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(source, &buffer, buffer.count)
        if count <= 0 { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        return buffer.withUnsafeBytes { Output.write(UnsafeRawBufferPointer(rebasing: $0[..<count]), to: target) }
    }

    /// The process has ended: what it wrote is in the pipes. One that it left behind may hold them for ever.
    private func finish() {
        for output in outputs {
            trice_fcntl(output.source.raw, F_SETFL, Int(O_NONBLOCK))
            var last = Int32(0)
            while last == 0 {
                var polled = pollfd(fd: output.source.raw, events: Int16(POLLIN), revents: 0)
                last =
                    poll(&polled, 1, 0) == 1 && polled.revents & Int16(POLLIN) != 0
                        && copy(from: output.source.raw, to: output.target) ? 0 : 1
            }
        }
    }
}

/// Moves bytes between the caller's terminal, in raw mode, and the master of a container's.
struct TerminalRelay {
    private let master: Descriptor
    private let client: SupervisorClient

    init(_ master: Descriptor, _ client: SupervisorClient) { (self.master, self.client) = (master, client) }

    func run(onReply: (Reply) -> Void) throws -> Int32 {
        let rawMode = try TerminalMode(of: 0, TerminalMode.raw)
        defer { withExtendedLifetime(rawMode) {} }
        let resized = try CallerSignals([SIGWINCH])
        resize()
        var status: Int32?
        var inputIsOpen = true
        while true {
            var polled = [
                pollfd(fd: master.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: status == nil ? client.descriptor : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: inputIsOpen ? 0 : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: resized.descriptor.raw, events: Int16(POLLIN), revents: 0),
            ]
            poll(&polled, 4, -1)
            if polled[3].revents != 0 {
                resized.drain()
                resize()
            }
            if polled[2].revents != 0 {
                let bytes = try Descriptor(dup(0)).read(upTo: 4096)
                if bytes.isEmpty {
                    inputIsOpen = false
                    // Ctrl-D: the terminal's way to say that this is the end.
                    try master.writeAll([4])
                } else {
                    try master.writeAll(bytes)
                }
            }
            if polled[0].revents != 0, !copyOutput() { return try status ?? lastStatus(onReply) }
            if polled[1].revents != 0 {
                guard let (reply, _) = try client.next() else {
                    throw Failure("the supervisor went away; the process may still run")
                }
                switch reply {
                case .finished(let code): status = code
                case .failed(let failure): throw failure
                default: onReply(reply)
                }
            } else if let status, polled[0].revents == 0 {
                return status
            }
        }
    }

    /// - Returns: false when nobody holds the other side any more (EIO).
    private func copyOutput() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        let count = Glibc.read(master.raw, &buffer, buffer.count)
        if count <= 0 { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        _ = buffer.withUnsafeBytes { Output.write(UnsafeRawBufferPointer(rebasing: $0[..<count]), to: 1) }
        return true
    }

    private func lastStatus(_ onReply: (Reply) -> Void) throws -> Int32 {
        while let (reply, _) = try client.next() {
            switch reply {
            case .finished(let code): return code
            case .failed(let failure): throw failure
            default: onReply(reply)
            }
        }
        throw Failure("the supervisor went away; the process may still run")
    }

    private func resize() {
        var size = winsize()
        if trice_ioctl(1, UInt(TIOCGWINSZ), &size) == 0 { trice_ioctl(master.raw, UInt(TIOCSWINSZ), &size) }
    }
}
