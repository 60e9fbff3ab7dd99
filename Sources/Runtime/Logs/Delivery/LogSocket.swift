// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// Where a log service listens.
package enum LogAddress: Hashable, Sendable, CustomStringConvertible {
    /// A socket in the file system: a stream's, or else one of datagrams.
    case unix(String)
    /// IPv4 or IPv6, as text.
    case udp(String, UInt16)
    case tcp(String, UInt16)

    package var description: String {
        switch self {
        case .unix(let path): path
        case .udp(let host, let port): "udp://\(host):\(port)"
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        }
    }
}

/// A connected socket to a log service, in non-blocking mode.
final class LogSocket {
    let descriptor: Descriptor
    /// Whether messages may be taken in parts.
    let isStream: Bool
    private let family: Int32
    /// How much of the message that is being sent was taken.
    private var sent = 0

    init(_ address: LogAddress) throws(SystemError) {
        switch address {
        case .unix(let path):
            family = AF_UNIX
            do throws(SystemError) {
                descriptor = try LogSocket.connect(path, SOCK_STREAM)
                isStream = true
            } catch {
                guard error.errno == EPROTOTYPE else { throw error }
                descriptor = try LogSocket.connect(path, SOCK_DGRAM)
                isStream = false
            }
        case .udp(let host, let port):
            family = AF_INET
            descriptor = try LogSocket.connect(host, port, SOCK_DGRAM, "\(address)")
            isStream = false
        case .tcp(let host, let port):
            family = AF_INET
            descriptor = try LogSocket.connect(host, port, SOCK_STREAM, "\(address)")
            isStream = true
        }
    }

    /// - Returns: false where there is no room for all of it now: to be called again with the same message.
    func send(_ message: [UInt8]) throws(SystemError) -> Bool {
        while sent < message.count {
            let count = message.withUnsafeBytes {
                Glibc.send(descriptor.raw, $0.baseAddress! + sent, message.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { return false }
            if count < 0 { throw SystemError("send") }
            sent += count
        }
        sent = 0
        return true
    }

    /// Whether what send(2) has taken will arrive where the other side lives.
    var isReliable: Bool { isStream || family == AF_UNIX }

    /// Reads what is sent back, which nobody wants.
    ///
    /// - Throws: where the other side is gone.
    func takeAnswer() throws(SystemError) {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor.raw, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        if count == 0 && isStream { throw SystemError("recv", errno: ECONNRESET) }
        if count < 0 && errno != EAGAIN && errno != EINTR { throw SystemError("recv") }
    }

    private static func make(_ family: Int32, _ type: __socket_type) throws(SystemError) -> Descriptor {
        let flags = Int32(type.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        return Descriptor(try check("socket") { socket(family, flags, 0) })
    }

    private static func connect(_ path: String, _ type: __socket_type) throws(SystemError) -> Descriptor {
        let descriptor = try make(AF_UNIX, type)
        try check("connect", path) { trice_unix_connect(descriptor.raw, path) }
        return descriptor
    }

    private static func connect(
        _ host: String, _ port: UInt16, _ type: __socket_type, _ name: String
    ) throws(SystemError) -> Descriptor {
        var four = sockaddr_in()
        var six = sockaddr_in6()
        if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
            (four.sin_family, four.sin_port) = (sa_family_t(AF_INET), port.bigEndian)
            return try connect(&four, try make(AF_INET, type), name)
        }
        guard inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else { throw SystemError("connect", name, errno: EINVAL) }
        (six.sin6_family, six.sin6_port) = (sa_family_t(AF_INET6), port.bigEndian)
        return try connect(&six, try make(AF_INET6, type), name)
    }

    private static func connect<Address>(
        _ address: inout Address, _ descriptor: Descriptor, _ name: String
    ) throws(SystemError) -> Descriptor {
        let status = withUnsafeBytes(of: &address) {
            Glibc.connect(
                descriptor.raw, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        // A stream's connection goes on by itself; what becomes of it is told by send(2).
        if status != 0 && errno != EINPROGRESS { throw SystemError("connect", name) }
        return descriptor
    }
}
