// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Runtime

/// Accepts clients on the project's socket and hands each one's request on.
///
/// The socket itself belongs to the launcher, so that a connection made while the supervisor is dead waits for the next
/// one.
final class Server {
    private let loop: EventLoop
    private let listener: Descriptor
    private var watch: EventLoop.Watch?
    private(set) var connections: [ObjectIdentifier: Connection] = [:]
    private let handler: (Connection, Request, [Descriptor]) -> Void
    /// Called when a client has left.
    var onLeave: (Connection) -> Void = { _ in }

    init(_ listener: Descriptor, on loop: EventLoop, handler: @escaping (Connection, Request, [Descriptor]) -> Void)
        throws(SystemError)
    {
        (self.listener, self.loop, self.handler) = (listener, loop, handler)
        watch = try loop.watch(listener.raw, .read) { [unowned self] _ in self.accept() }
    }

    /// Takes the clients that wait.
    ///
    /// - Returns: whether there was any.
    @discardableResult
    func accept() -> Bool {
        var any = false
        while true {
            let raw = trice_accept4(listener.raw, Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue))
            guard raw >= 0 else { return any }
            any = true
            do {
                let connection = try Connection(PacketSocket(Descriptor(raw)), on: loop, owner: self)
                connections[ObjectIdentifier(connection)] = connection
            } catch {
                log("a client cannot be served: \(error)")
            }
        }
    }

    /// Tells the clients that wait, or one that comes within a second, why nobody can serve them.
    static func refuse(_ listener: Descriptor, _ failure: Failure) {
        func isReadable(_ descriptor: Int32) -> Bool {
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&polled, 1, 1000) > 0
        }
        guard isReadable(listener.raw) else { return }
        while case let raw = trice_accept4(listener.raw, Int32(SOCK_CLOEXEC.rawValue)), raw >= 0 {
            let client = PacketSocket(Descriptor(raw))
            // Its request, or it would find the connection cut off while it asks.
            guard isReadable(raw) else { continue }
            do { try client.send(Reply.failed(failure), wait: false) } catch { log("a client is gone: \(error)") }
        }
    }

    fileprivate func received(_ connection: Connection, _ request: Request, _ descriptors: [Descriptor]) {
        handler(connection, request, descriptors)
    }

    fileprivate func closed(_ connection: Connection) {
        if connections.removeValue(forKey: ObjectIdentifier(connection)) != nil { onLeave(connection) }
    }
}

/// One client: its request, and the replies it has not taken yet.
final class Connection {
    /// A client that does not read is dropped when so many replies wait for it.
    private static let longestQueue = 100_000

    private let socket: PacketSocket
    private let loop: EventLoop
    private unowned let owner: Server
    private var watch: EventLoop.Watch?
    private var queue: [(reply: Reply, descriptors: [Descriptor])] = []
    private var ending = false
    private var asked = false
    private(set) var isOpen = true
    /// Called when the client leaves before its request is done.
    var onLeave: (() -> Void)?

    fileprivate init(_ socket: PacketSocket, on loop: EventLoop, owner: Server) throws(SystemError) {
        (self.socket, self.loop, self.owner) = (socket, loop, owner)
        watch = try loop.watch(socket.descriptor.raw, .read) { [unowned self] in self.ready($0) }
    }

    /// Sends a reply, or keeps it until the client takes it.
    func send(_ reply: Reply, descriptors: [Descriptor] = []) {
        guard isOpen, !ending else { return }
        queue.append((reply, descriptors))
        if queue.count > Connection.longestQueue { return close() }
        flush()
    }

    /// Sends the last reply; the connection closes when it is taken.
    func end(_ reply: Reply) {
        guard isOpen, !ending else { return }
        queue.append((reply, []))
        ending = true
        flush()
    }

    private func ready(_ readiness: EventLoop.Readiness) {
        if readiness.write { flush() }
        guard isOpen, readiness.read else { return }
        do {
            guard let (request, descriptors) = try socket.receive(Request.self, wait: false) else { return close() }
            guard !asked else { return end(.failed(Failure("one request a connection"))) }
            asked = true
            guard request.version == protocolVersion else {
                return end(
                    .failed(
                        Failure(
                            "the supervisor speaks protocol \(protocolVersion), not \(request.version)",
                            hint: "it was started by another version of trice, which can take the project down")))
            }
            owner.received(self, request, descriptors)
        } catch let error as SystemError where error.errno == EAGAIN {
            return
        } catch let error as SystemError {
            log("a client is gone: \(error)")
            close()
        } catch {
            end(.failed(Failure("the request cannot be understood: \(error)")))
        }
    }

    private func flush() {
        var sent = 0
        defer { queue.removeFirst(min(sent, queue.count)) }
        while sent < queue.count {
            let (reply, descriptors) = queue[sent]
            do {
                try socket.send(reply, descriptors: descriptors, wait: false)
                sent += 1
            } catch let error as SystemError where error.errno == EAGAIN {
                if let watch { loop.update(watch, [.read, .write]) }
                return
            } catch {
                sent = 0
                return close()
            }
        }
        if let watch { loop.update(watch, .read) }
        if ending {
            queue = []
            sent = 0
            close()
        }
    }

    private func close() {
        guard isOpen else { return }
        isOpen = false
        if let watch { loop.cancel(watch) }
        watch = nil
        queue = []
        if !ending { onLeave?() }
        onLeave = nil
        socket.descriptor.close()
        // The owner's reference may be the last one: let the current call end first.
        loop.soon { [self] in owner.closed(self) }
    }
}
