// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux
import Networking
import Runtime

/// A server in the container's network answers GET with a status from 200 to 399 (RFC 9110, section 15). It is asked at
/// 127.0.0.1 with ever longer pauses, and nothing but the status line is read.
final class HTTPSign: ReadinessSign {
    /// Nanoseconds that an answer may take.
    private static let patience: UInt64 = 5_000_000_000
    /// Bytes within which the status must have come.
    private static let longestStart = 1024

    private let port: UInt16
    private let path: String
    private let namespace: NetworkNamespace
    private let loop: EventLoop
    private var attempts: RepeatedAttempt?
    private var seen: () -> Void = {}

    /// The request that is under way.
    private var socket: Descriptor?
    private var watch: EventLoop.Watch?
    private var deadline: EventLoop.Timer?
    private var isSent = false
    private var answer: [UInt8] = []

    init(_ port: UInt16, _ path: String, in namespace: NetworkNamespace, on loop: EventLoop) {
        (self.port, self.path, self.namespace, self.loop) = (port, path, namespace, loop)
    }

    var meaning: String { "http://127.0.0.1:\(port)\(path) answers" }

    func await(_ seen: @escaping () -> Void) {
        self.seen = seen
        attempts = RepeatedAttempt(longestPause: 200_000_000, on: loop) { [unowned self] in self.ask() }
        ask()
    }

    func stop() {
        end()
        attempts?.stop()
    }

    private func ask() {
        do {
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let socket = Descriptor(
                try namespace.enter(from: .current()) { try check("socket") { Glibc.socket(AF_INET, type, 0) } })
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket.raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if status != 0 && errno != EINPROGRESS { return fail() }
            self.socket = socket
            watch = try loop.watch(socket.raw, .write) { [unowned self] in self.ready($0) }
            deadline = loop.schedule(after: HTTPSign.patience) { [unowned self] in self.fail() }
        } catch {
            log("port \(port) of a container cannot be asked: \(error)")
            fail()
        }
    }

    private func ready(_ readiness: EventLoop.Readiness) {
        guard let socket, let watch else { return }
        if !isSent {
            let request = Array(
                "GET \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\nUser-Agent: trice\r\nAccept: */*\r\nConnection: close\r\n\r\n"
                    .utf8)
            // A new connection takes so few bytes at once, or was refused.
            guard Glibc.send(socket.raw, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
                return fail()
            }
            isSent = true
            return loop.update(watch, .read)
        }
        var buffer = [UInt8](repeating: 0, count: HTTPSign.longestStart)
        let count = Glibc.read(socket.raw, &buffer, buffer.count)
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
        answer += buffer.prefix(max(0, count))
        switch HTTPStatus.parse(answer) {
        case .incomplete where count > 0 && answer.count < HTTPSign.longestStart: return
        case .status(200...399):
            end()
            seen()
        case .incomplete, .status, .malformed: fail()
        }
    }

    private func fail() {
        end()
        attempts?.again()
    }

    private func end() {
        if let watch { loop.cancel(watch) }
        if let deadline { loop.cancel(deadline) }
        (watch, deadline, socket, isSent, answer) = (nil, nil, nil, false, [])
    }
}

/// The first line of an answer: `HTTP/1.1 200 OK` (RFC 9112, section 4).
enum HTTPStatus: Equatable {
    case incomplete
    case status(Int)
    case malformed

    static func parse(_ bytes: [UInt8]) -> HTTPStatus {
        let start = Array("HTTP/1.".utf8)
        guard bytes.starts(with: start.prefix(bytes.count)) else { return .malformed }
        // Version, space, three digits, and what ends them.
        guard bytes.count >= 13 else { return .incomplete }
        let digits = bytes[9..<12]
        guard bytes[8] == 0x20, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            [0x20, 0x0D, 0x0A].contains(bytes[12])
        else { return .malformed }
        return .status(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }
}
