// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

func accept4(_ socket: Int32) -> Int32 {
    while true {
        let raw = trice_accept4(socket, Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue))
        // A connection that was reset while it waited (accept(2)) is not the listener's error.
        if raw >= 0 || (errno != EINTR && errno != ECONNABORTED) { return raw }
    }
}

/// One TCP connection through the proxy: bytes from each side go to the other, in order, and the end of each direction is
/// passed on by itself (half-close).
///
/// Bytes go through a pipe and not through this process' memory (splice(2)). At most as many as a pipe has room for are held
/// for a side; until it takes them, nothing more is read from the other. The process must not die of SIGPIPE.
final class StreamRelay {
    /// Asked of a pipe; the kernel may give less.
    private static let chunk = 1 << 20

    private final class Side {
        let socket: Descriptor
        /// Takes what comes from the other side.
        let pipe: (read: Descriptor, write: Descriptor)
        var watch: EventLoop.Watch?
        /// So many bytes are in the pipe.
        var pending = 0
        /// The other side has ended: after what is pending, so does this direction.
        var mustShut = false
        var isShut = false
        /// This side has sent its last byte.
        var hasEnded = false
        init(_ socket: Descriptor) throws(SystemError) {
            (self.socket, pipe) = (socket, try Descriptor.pipe(flags: Int32(SOCK_NONBLOCK.rawValue)))
            trice_fcntl(pipe.write.raw, trice_f_setpipe_sz, StreamRelay.chunk)
        }
    }

    private let loop: EventLoop
    private let client: Side
    private let server: Side
    private var isConnecting = true
    private var onClose: ((StreamRelay) -> Void)?

    /// Nil where the connection cannot be begun; the client is reset.
    init?(
        _ socket: Descriptor, to target: SocketAddress, on loop: EventLoop, onClose: @escaping (StreamRelay) -> Void
    ) {
        (self.loop, self.onClose) = (loop, onClose)
        do throws(SystemError) {
            (client, server) = (try Side(socket), try Side(try openSocket(target.domain, .tcp)))
        } catch {
            resetOnClose(socket)
            return nil
        }
        do throws(SystemError) {
            for side in [client, server] {
                try setOption(side.socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                try setOption(side.socket, SOL_SOCKET, SO_KEEPALIVE, 1)
            }
            let raw = server.socket.raw
            if target.withSockaddr({ connect(raw, $0, $1) }) != 0, errno != EINPROGRESS {
                throw SystemError("connect", "\(target)")
            }
            client.watch = try loop.watch(client.socket.raw, []) { [unowned self] in ready(client, server, $0) }
            server.watch = try loop.watch(raw, .write) { [unowned self] in ready(server, client, $0) }
        } catch {
            resetOnClose(socket)
            if let watch = client.watch { loop.cancel(watch) }
            return nil
        }
    }

    func close() {
        for side in [client, server] {
            if let watch = side.watch { loop.cancel(watch) }
            side.watch = nil
            side.socket.close()
        }
        let onClose = self.onClose
        self.onClose = nil
        onClose?(self)
    }

    /// Both sides learn that something broke, as by a cut wire.
    private func abort() {
        for side in [client, server] { resetOnClose(side.socket) }
        close()
    }

    private func ready(_ side: Side, _ other: Side, _ readiness: EventLoop.Readiness) {
        if isConnecting {
            guard side === server else { return readiness.hangup ? abort() : () }
            var error: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(server.socket.raw, SOL_SOCKET, SO_ERROR, &error, &length)
            if error != 0 { return abort() }
            isConnecting = false
        }
        guard flush(side), read(from: side, to: other), read(from: other, to: side) else { return abort() }
        if client.isShut && server.isShut { return close() }
        // A hang-up is reported again and again: no watch any more. What this side sent before and is not read yet, is read
        // when the other has taken what is pending.
        if readiness.hangup, let watch = side.watch, side.hasEnded || other.pending > 0 {
            loop.cancel(watch)
            side.watch = nil
        }
        update(side, other)
        update(other, side)
    }

    /// Writes what is pending for this side, and its end. False where the connection is broken.
    private func flush(_ side: Side) -> Bool {
        while side.pending > 0 {
            let sent = trice_splice(side.pipe.read.raw, side.socket.raw, side.pending)
            if sent < 0 { return errno == EAGAIN || errno == EINTR }
            side.pending -= sent
        }
        if side.mustShut && !side.isShut {
            shutdown(side.socket.raw, Int32(SHUT_WR))
            side.isShut = true
        }
        return true
    }

    /// Moves bytes while the other side takes them, a bounded number of times while there is a watch to go on later.
    /// False where the connection is broken.
    private func read(from side: Side, to other: Side) -> Bool {
        var rounds = 0
        while rounds < 4 || side.watch == nil {
            rounds += 1
            guard other.pending == 0, !side.hasEnded else { return true }
            let count = trice_splice(side.socket.raw, other.pipe.write.raw, StreamRelay.chunk)
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            if count == 0 {
                side.hasEnded = true
                other.mustShut = true
            }
            other.pending = count
            if !flush(other) { return false }
        }
        return true
    }

    private func update(_ side: Side, _ other: Side) {
        guard let watch = side.watch else { return }
        var interest: EventLoop.Interest = []
        if !side.hasEnded && other.pending == 0 { interest.insert(.read) }
        if side.pending > 0 { interest.insert(.write) }
        loop.update(watch, interest)
    }
}

/// close(2) will send a reset and drop what was not sent (SO_LINGER of zero, socket(7)).
private func resetOnClose(_ socket: Descriptor) {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket.raw, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
}
