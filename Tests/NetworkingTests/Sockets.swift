// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

@testable import Networking

/// Fills in `struct sockaddr_in` for a call.
func withAddress<T>(_ address: IPv4Address, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
    var value = sockaddr_in()
    value.sin_family = sa_family_t(AF_INET)
    value.sin_port = port.bigEndian
    value.sin_addr.s_addr = address.value.bigEndian
    return withUnsafePointer(to: &value) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

/// A listening socket that tells who connected.
final class EchoServer {
    private let socket: Descriptor

    init(port: UInt16) throws {
        let raw = try check("socket") { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        socket = Descriptor(raw)
        try check("bind") { withAddress(.any, port) { bind(raw, $0, $1) } }
        try check("listen") { listen(raw, 8) }
    }

    /// Accepts the connection that is waiting and gives the client's address as the server sees it.
    func acceptClient() throws -> String {
        var client = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let raw = try check("accept") {
            withUnsafeMutablePointer(to: &client) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(socket.raw, $0, &length) }
            }
        }
        close(raw)
        return IPv4Address(UInt32(bigEndian: client.sin_addr.s_addr)).description
    }
}

/// Connects within two seconds, and asks the server whom it saw.
func connectAndRead(_ target: String, _ port: UInt16, server: EchoServer) throws -> String {
    let client = Descriptor(try check("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) })
    var timeout = timeval(tv_sec: 1, tv_usec: 0)
    setsockopt(client.raw, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    try check("connect") { withAddress(IPv4Address(target)!, port) { connect(client.raw, $0, $1) } }
    return try server.acceptClient()
}
