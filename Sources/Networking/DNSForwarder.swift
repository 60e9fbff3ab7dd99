// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// Asks upstream servers, from the network namespace that the process is in, one after another: each has four seconds.
///
/// Each exchange has a socket of its own with a port and an id that nobody can guess (RFC 5452, section 4).
final class DNSForwarder {
    static let patience: UInt64 = 4_000_000_000
    static let largestExchangeCount = 1024

    var upstreams: [SocketAddress]
    private let loop: EventLoop
    private let patience: UInt64
    private var exchanges: [ObjectIdentifier: DNSExchange] = [:]

    init(_ upstreams: [SocketAddress], on loop: EventLoop, patience: UInt64 = DNSForwarder.patience) {
        (self.upstreams, self.loop, self.patience) = (upstreams, loop, patience)
    }

    /// Sends the first server's answer, as it came but for its id; SERVFAIL where none answers, REFUSED where there is none
    /// to ask or too many questions are open.
    ///
    /// - Parameter overTCP: as the client asked: its datagram may be too small for the answer.
    func forward(_ bytes: [UInt8], _ query: DNSMessage, overTCP: Bool, _ send: @escaping ([UInt8]) -> Void) {
        let servers = upstreams.prefix(3)
        guard !servers.isEmpty, exchanges.count < DNSForwarder.largestExchangeCount else {
            return send(query.response(.refused).encoded)
        }
        let exchange = DNSExchange(bytes, query, Array(servers), overTCP: overTCP, on: loop, patience: patience)
        exchanges[ObjectIdentifier(exchange)] = exchange
        exchange.start { [weak self, unowned exchange] response in
            self?.exchanges[ObjectIdentifier(exchange)] = nil
            guard var response else { return send(query.response(.serverFailure).encoded) }
            response.replaceSubrange(0..<2, with: bytes[0..<2])
            send(response)
        }
    }
}

/// One question on its way through the upstream servers.
final class DNSExchange {
    private let query: DNSMessage
    private let overTCP: Bool
    private let loop: EventLoop
    private let patience: UInt64
    private var servers: ArraySlice<SocketAddress>
    private var message: [UInt8]
    private var socket: Descriptor?
    private var watch: EventLoop.Watch?
    private var timer: EventLoop.Timer?
    private var outgoing: [UInt8] = []
    private var incoming: [UInt8] = []
    /// What a server said that could not help; better than nothing where no other answers.
    private var refusal: [UInt8]?
    private var completion: (([UInt8]?) -> Void)?

    init(
        _ bytes: [UInt8], _ query: DNSMessage, _ servers: [SocketAddress], overTCP: Bool, on loop: EventLoop,
        patience: UInt64
    ) {
        (message, self.query, self.servers, self.overTCP) = (bytes, query, servers[...], overTCP)
        (self.loop, self.patience) = (loop, patience)
    }

    func start(_ completion: @escaping ([UInt8]?) -> Void) {
        self.completion = completion
        askNext()
    }

    private func askNext() {
        stop()
        while let server = servers.popFirst() {
            do throws(SystemError) { return try ask(server) } catch { stop() }
        }
        finish(refusal)
    }

    private func ask(_ server: SocketAddress) throws(SystemError) {
        let socket = try openSocket(server.domain, overTCP ? .tcp : .udp)
        self.socket = socket
        if server.withSockaddr({ connect(socket.raw, $0, $1) }) != 0, errno != EINPROGRESS {
            throw SystemError("connect", "\(server)")
        }
        let id = UInt16.random(in: 0 ... .max)
        message.replaceSubrange(0..<2, with: [UInt8(id >> 8), UInt8(truncatingIfNeeded: id)])
        incoming = []
        if overTCP {
            outgoing = []
            outgoing.append(number: UInt16(message.count))
            outgoing += message
        } else {
            try check("send", "\(server)") { send(socket.raw, message, message.count, 0) }
        }
        watch = try loop.watch(socket.raw, overTCP ? .write : .read) { [unowned self] _ in ready() }
        timer = loop.schedule(after: patience) { [unowned self] in askNext() }
    }

    private func ready() {
        guard let socket, let watch else { return }
        if !outgoing.isEmpty {
            let count = outgoing.withUnsafeBytes { send(socket.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 { return errno == EAGAIN ? () : askNext() }
            outgoing.removeFirst(count)
            if outgoing.isEmpty { loop.update(watch, .read) }
            return
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket.raw, &buffer, buffer.count, 0)
        if count < 0 { return errno == EAGAIN || errno == EINTR ? () : askNext() }
        if !overTCP { return take(Array(buffer[..<count])) }
        if count == 0 { return askNext() }
        incoming += buffer[..<count]
        guard incoming.count >= 2 else { return }
        let length = Int(incoming[0]) << 8 | Int(incoming[1])
        if incoming.count >= 2 + length { take(Array(incoming[2..<2 + length])) }
    }

    /// An answer counts only with the id and the question that were sent (RFC 5452, section 9.1); anything else is passed
    /// over, and the right one may still come.
    private func take(_ response: [UInt8]) {
        guard response.count >= 12, response[..<2] == message[..<2], response[2] & 0x80 != 0,
            echoesQuestion(response)
        else { return }
        let code = response[3] & 0xf
        if code == DNSMessage.Code.serverFailure.rawValue || code == DNSMessage.Code.refused.rawValue {
            refusal = response
            return askNext()
        }
        finish(response)
    }

    private func echoesQuestion(_ response: [UInt8]) -> Bool {
        // A server that refuses may leave the question out.
        if response[4] == 0 && response[5] == 0 { return response[3] & 0xf != 0 }
        guard let parsed = try? DNSMessage(parsing: response) else { return false }
        return parsed.questions == query.questions
    }

    private func finish(_ response: [UInt8]?) {
        stop()
        let completion = self.completion
        self.completion = nil
        completion?(response)
    }

    private func stop() {
        if let watch { loop.cancel(watch) }
        if let timer { loop.cancel(timer) }
        (watch, timer) = (nil, nil)
        socket?.close()
        socket = nil
    }
}
