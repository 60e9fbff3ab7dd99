// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// Answers the name queries of a project's containers: what the project knows from memory, the rest by asking the host's
/// resolvers.
///
/// Lives on the event loop. The closure `lookup` is asked anew for each query, so an answer changes in the instant in which
/// a container starts or dies.
package final class DNSResolver {
    private final class Client {
        let id: String
        let sockets: ResolverSockets
        let forwards: Bool
        var watches: [EventLoop.Watch] = []
        var streams: [ObjectIdentifier: DNSStream] = [:]
        init(_ id: String, _ sockets: ResolverSockets, forwards: Bool) {
            (self.id, self.sockets, self.forwards) = (id, sockets, forwards)
        }
    }

    /// TCP connections of one container; more are closed at once.
    static let largestStreamCount = 64

    private let loop: EventLoop
    private let forwarder: DNSForwarder
    private let lookup: (DNSMessage.Question, String) -> DNSAnswer
    private var clients: [String: Client] = [:]
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    package init(
        on loop: EventLoop, upstreams: [SocketAddress], lookup: @escaping (DNSMessage.Question, String) -> DNSAnswer
    ) {
        (self.loop, self.lookup) = (loop, lookup)
        forwarder = DNSForwarder(upstreams, on: loop)
    }

    /// Whom questions go to that the project cannot answer: at most three.
    package var upstreams: [SocketAddress] {
        get { forwarder.upstreams }
        set { forwarder.upstreams = newValue }
    }

    /// Serves a container from now on.
    ///
    /// - Parameter forwards: false for a container that is in internal networks alone: what the project does not know is
    ///   refused.
    package func add(container id: String, _ sockets: ResolverSockets, forwards: Bool = true) throws(SystemError) {
        remove(container: id)
        let client = Client(id, sockets, forwards: forwards)
        client.watches.append(
            try loop.watch(sockets.udp.raw, .read) { [unowned self, unowned client] _ in serve(client) })
        do throws(SystemError) {
            client.watches.append(
                try loop.watch(sockets.tcp.raw, .read) { [unowned self, unowned client] _ in accept(client) })
        } catch {
            loop.cancel(client.watches[0])
            throw error
        }
        clients[id] = client
    }

    /// Serves a container no longer and closes its sockets, unless somebody else holds them too.
    package func remove(container id: String) {
        guard let client = clients.removeValue(forKey: id) else { return }
        for watch in client.watches { loop.cancel(watch) }
        for stream in client.streams.values { stream.close() }
    }

    // MARK: UDP

    private func serve(_ client: Client) {
        let socket = client.sockets.udp
        for _ in 0..<64 {
            let (count, sender) = SocketAddress.filled {
                recvfrom(socket.raw, &buffer, buffer.count, 0, $0, $1)
            }
            if count < 0 {
                if errno == EAGAIN { return }
                continue
            }
            guard let sender else { continue }
            respond(to: Array(buffer[..<count]), from: client, overTCP: false) { [weak client] response in
                // A late answer must not keep a dead container's socket, and with it its network namespace.
                guard let socket = client?.sockets.udp else { return }
                sender.withSockaddr { _ = sendto(socket.raw, response, response.count, 0, $0, $1) }
            }
        }
    }

    // MARK: TCP

    private func accept(_ client: Client) {
        let raw = accept4(client.sockets.tcp.raw)
        if raw < 0 { return }
        let socket = Descriptor(raw)
        guard client.streams.count < DNSResolver.largestStreamCount else { return }
        let stream = DNSStream(
            socket, on: loop,
            onMessage: { [unowned self, unowned client] stream, message in
                respond(to: message, from: client, overTCP: true) { [weak stream] in stream?.send($0) }
            },
            onClose: { [weak client] in client?.streams[ObjectIdentifier($0)] = nil })
        guard let stream else { return }
        client.streams[ObjectIdentifier(stream)] = stream
    }

    // MARK: Both

    private func respond(
        to bytes: [UInt8], from client: Client, overTCP: Bool, _ send: @escaping ([UInt8]) -> Void
    ) {
        // An answer to an answer would make two servers talk for ever.
        guard bytes.count >= 12, bytes[2] & 0x80 == 0 else { return }
        let query: DNSMessage
        do throws(DNSMessage.Problem) {
            query = try DNSMessage(parsing: bytes)
        } catch {
            if case .malformed(let id, _) = error { send(DNSMessage.formatError(id: id).encoded) }
            return
        }
        guard query.opcode == 0 else { return send(query.response(.notImplemented).encoded) }
        guard query.questions.count == 1, let question = query.questions.first else {
            return send(query.response(.formatError).encoded)
        }
        if let response = query.response(to: question, lookup(question, client.id)) {
            return send(response.encoded(fitting: overTCP ? 1 << 16 - 1 : query.largestDatagram))
        }
        guard client.forwards else { return send(query.response(.refused).encoded) }
        forwarder.forward(bytes, query, overTCP: overTCP, send)
    }
}
