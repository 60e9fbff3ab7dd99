// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// UDP through the proxy: each client and address that it writes to has a socket of its own towards the container, so that
/// answers find their way back.
///
/// A client that was silent for 90 s is forgotten. Of more than 4,096 clients some are forgotten at once.
final class DatagramRelay {
    static let idleTime: UInt64 = 90_000_000_000
    static let largestCount = 4096

    private final class Session {
        let path: DatagramPath
        let socket: Descriptor
        var watch: EventLoop.Watch?
        var lastUse = EventLoop.now
        init(_ path: DatagramPath, _ socket: Descriptor) { (self.path, self.socket) = (path, socket) }
    }

    private let listener: Descriptor
    private let loop: EventLoop
    private let idleTime: UInt64
    private var sessions: [DatagramPath: Session] = [:]
    private var sweep: EventLoop.Timer?
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(_ port: HostPort, on loop: EventLoop, idleTime: UInt64 = DatagramRelay.idleTime) throws(SystemError) {
        (listener, self.loop, self.idleTime) = (port.socket, loop, idleTime)
        try DatagramPath.enable(on: listener, port.address.domain)
    }

    var count: Int { sessions.count }

    func close() {
        for session in sessions.values { end(session) }
        if let sweep { loop.cancel(sweep) }
        sweep = nil
    }

    /// Passes on what has come from clients; a bounded number, so that the rest of the loop has its turn. What cannot be
    /// passed on is dropped, as a network drops.
    func serve(to target: SocketAddress) {
        for _ in 0..<64 {
            let (count, path) = DatagramPath.receive(listener, into: &buffer)
            if count < 0 {
                // ECONNREFUSED and its like tell of an earlier answer that found nobody.
                if errno == EAGAIN { return }
                continue
            }
            guard let path, let session = session(path, target) else { continue }
            session.lastUse = EventLoop.now
            send(session.socket.raw, buffer, count, 0)
        }
    }

    private func session(_ path: DatagramPath, _ target: SocketAddress) -> Session? {
        if let session = sessions[path] { return session }
        if sessions.count >= DatagramRelay.largestCount, let victim = sessions.values.first { end(victim) }
        do throws(SystemError) {
            let socket = try openSocket(target.domain, .udp)
            try check("connect", "\(target)") { target.withSockaddr { connect(socket.raw, $0, $1) } }
            let session = Session(path, socket)
            session.watch = try loop.watch(socket.raw, .read) { [unowned self, unowned session] _ in answer(session) }
            sessions[path] = session
            if sweep == nil { scheduleSweep() }
            return session
        } catch { return nil }
    }

    private func answer(_ session: Session) {
        for _ in 0..<64 {
            let count = recv(session.socket.raw, &buffer, buffer.count, 0)
            if count < 0 {
                if errno == EAGAIN { return }
                continue
            }
            session.lastUse = EventLoop.now
            session.path.answer(&buffer, count: count, on: listener)
        }
    }

    private func scheduleSweep() {
        sweep = loop.schedule(after: idleTime / 3) { [weak self] in
            guard let self else { return }
            let now = EventLoop.now
            for session in sessions.values where now - session.lastUse >= idleTime { end(session) }
            sweep = nil
            if !sessions.isEmpty { scheduleSweep() }
        }
    }

    private func end(_ session: Session) {
        if let watch = session.watch { loop.cancel(watch) }
        session.watch = nil
        session.socket.close()
        sessions[session.path] = nil
    }
}
