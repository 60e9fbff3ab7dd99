// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// A TCP connection of a resolver's client: messages with their length in front (RFC 1035, section 4.2.2), any number of
/// them. Closed when the client closes, or after ten seconds without a message (RFC 7766, section 6.2.3).
final class DNSStream {
    static let idleTime: UInt64 = 10_000_000_000

    private let socket: Descriptor
    private let loop: EventLoop
    private var watch: EventLoop.Watch?
    private var timer: EventLoop.Timer?
    private var incoming: [UInt8] = []
    private var outgoing: [UInt8] = []
    private let onMessage: (DNSStream, [UInt8]) -> Void
    private var onClose: ((DNSStream) -> Void)?

    init?(
        _ socket: Descriptor, on loop: EventLoop, onMessage: @escaping (DNSStream, [UInt8]) -> Void,
        onClose: @escaping (DNSStream) -> Void
    ) {
        (self.socket, self.loop, self.onMessage, self.onClose) = (socket, loop, onMessage, onClose)
        do throws(SystemError) {
            watch = try loop.watch(socket.raw, .read) { [unowned self] in ready($0) }
        } catch { return nil }
        restartTimer()
    }

    /// Sends a message; what the client does not take at once waits.
    func send(_ message: [UInt8]) {
        guard watch != nil, message.count <= Int(UInt16.max) else { return }
        outgoing.append(number: UInt16(message.count))
        outgoing += message
        flush()
    }

    func close() {
        guard let watch else { return }
        loop.cancel(watch)
        self.watch = nil
        if let timer { loop.cancel(timer) }
        socket.close()
        let onClose = self.onClose
        self.onClose = nil
        onClose?(self)
    }

    private func ready(_ readiness: EventLoop.Readiness) {
        if readiness.write && !outgoing.isEmpty { flush() }
        guard watch != nil, readiness.read else { return }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket.raw, &chunk, chunk.count, 0)
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
        // A client that ends its side has its answers already, or does not want them.
        if count <= 0 { return close() }
        incoming += chunk[..<count]
        while watch != nil, incoming.count >= 2 {
            let length = Int(incoming[0]) << 8 | Int(incoming[1])
            guard incoming.count >= 2 + length else { break }
            let message = Array(incoming[2..<2 + length])
            incoming.removeSubrange(..<(2 + length))
            restartTimer()
            onMessage(self, message)
        }
    }

    private func flush() {
        while !outgoing.isEmpty {
            let count = outgoing.withUnsafeBytes {
                Glibc.send(socket.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno != EAGAIN && errno != EINTR { return close() }
                break
            }
            outgoing.removeFirst(count)
        }
        // Who does not take answers is not asked for more questions.
        if let watch { loop.update(watch, outgoing.isEmpty ? .read : .write) }
    }

    private func restartTimer() {
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(after: DNSStream.idleTime) { [weak self] in self?.close() }
    }
}
