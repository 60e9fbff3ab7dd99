// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// Which process holds a port, for the message that says why it cannot be had.
package enum PortOwner {
    /// `nginx (pid 123)`; nil where nobody is found: the process may be gone meanwhile, or be in another network namespace.
    package static func find(_ address: SocketAddress, _ transport: PublishedPort.Transport) -> String? {
        var inodes: Set<UInt64> = []
        for suffix in ["", "6"] {
            // Where IPv6 is off there is no such file.
            guard let table = try? readText("/proc/thread-self/net/\(transport)\(suffix)") else { continue }
            inodes.formUnion(sockets(in: table, of: address, transport))
        }
        return inodes.isEmpty ? nil : process(holding: inodes)
    }

    /// The inodes of the sockets in a table of proc_pid_net(5) that stand in the way of the address: the same port, and the
    /// same address or one of the two is "any".
    static func sockets(
        in table: String, of address: SocketAddress, _ transport: PublishedPort.Transport
    ) -> [UInt64] {
        // TCP_LISTEN is 0A; a UDP socket that waits for anybody is in the state 07.
        let state = transport == .tcp ? "0A" : "07"
        return table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, fields[3] == state, let inode = UInt64(fields[9]), inode != 0 else { return nil }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, UInt16(local[1], radix: 16) == address.port, let host = host(local[0]) else {
                return nil
            }
            return overlaps(host, address.host) ? inode : nil
        }
    }

    /// An address as the table has it: 32-bit words in the host's byte order.
    private static func host(_ text: Substring) -> SocketAddress.Host? {
        let digits = Array(text.utf8)
        guard digits.count == 8 || digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 8) {
            guard let word = UInt32(String(decoding: digits[start..<start + 8], as: UTF8.self), radix: 16) else {
                return nil
            }
            withUnsafeBytes(of: word) { bytes += $0 }
        }
        return IPv4Address(bytes: bytes).map { .v4($0) } ?? IPv6Address(bytes: bytes).map { .v6($0) }
    }

    private static func overlaps(_ held: SocketAddress.Host, _ wanted: SocketAddress.Host) -> Bool {
        switch (held, wanted) {
        case (.v4(let held), .v4(let wanted)): held == wanted || held == .any || wanted == .any
        case (.v6(let held), .v6(let wanted)): held == wanted || held == .any || wanted == .any
        // "Any" of IPv6 takes IPv4 too, unless the socket says otherwise.
        case (.v6(let held), .v4): held == .any
        // Not the other way round: `HostPort` takes IPv6 alone.
        case (.v4, .v6): false
        }
    }

    private static func process(holding inodes: Set<UInt64>) -> String? {
        let wanted = Set(inodes.map { "socket:[\($0)]" })
        var target = [CChar](repeating: 0, count: 64)
        // What cannot be read belongs to somebody else or is gone: it is passed over.
        guard let entries = try? listDirectory("/proc") else { return nil }
        for pid in entries.lazy.compactMap({ Int32($0) }).sorted() {
            guard let descriptors = try? listDirectory("/proc/\(pid)/fd") else { continue }
            for descriptor in descriptors {
                let length = readlink("/proc/\(pid)/fd/\(descriptor)", &target, target.count)
                guard length > 0 else { continue }
                let text = String(decoding: target[..<length].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                guard wanted.contains(text) else { continue }
                let name = (try? readText("/proc/\(pid)/comm"))?.split(separator: "\n").first ?? "?"
                return "\(name) (pid \(pid))"
            }
        }
        return nil
    }
}
