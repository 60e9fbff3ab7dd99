// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// A socket that hears which nftables tables are removed in the network namespace that the thread is in when it is made
/// (uapi linux/netfilter/nfnetlink.h, nf_tables.h).
package final class TableRemovals {
    package let socket: Descriptor
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// What a read found.
    package enum Found: Hashable, Sendable {
        /// The names of tables that are gone; any of them may be there again.
        case removed(Set<String>)
        /// More was said than the socket could hold: any table may be gone.
        case lost
    }

    /// Not blocking, close-on-exec.
    package init() throws(SystemError) {
        let flags = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        socket = Descriptor(
            try check("socket", "netfilter") { Glibc.socket(AF_NETLINK, flags, 12 /* NETLINK_NETFILTER */) })
        let raw = socket.raw
        // Who has no address hears nothing: the kernel chooses one.
        var address = sockaddr_storage()
        address.ss_family = sa_family_t(AF_NETLINK)
        try check("bind", "netfilter") {
            withUnsafeMutableBytes(of: &address) {
                bind(raw, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), 12 /* struct sockaddr_nl */)
            }
        }
        // A message comes for each element of a set, too, also while the supervisor is at work for a thousand containers.
        // Without the right to have more than others there is room for fewer, and `lost` comes sooner.
        var size: Int32 = 1 << 24
        setsockopt(raw, SOL_SOCKET, SO_RCVBUFFORCE, &size, socklen_t(MemoryLayout<Int32>.size))
        var group: Int32 = 7  // NFNLGRP_NFTABLES
        try check("setsockopt", "netfilter") {
            setsockopt(
                raw, 270 /* SOL_NETLINK */, 1 /* NETLINK_ADD_MEMBERSHIP */, &group,
                socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// Reads what there is.
    ///
    /// - Throws: what recv(2) or a malformed message says.
    package func read() throws -> Found {
        var names: Set<String> = []
        while true {
            let count = recv(socket.raw, &buffer, buffer.count, Int32(MSG_TRUNC))
            if count < 0 {
                switch errno {
                case EAGAIN: return .removed(names)
                case EINTR: continue
                case ENOBUFS: return .lost
                default: throw SystemError("recv", "netfilter")
                }
            }
            if count > buffer.count { return .lost }
            names.formUnion(try TableRemovals.names(in: buffer[..<count]))
        }
    }

    /// The tables that a datagram says are removed.
    static func names(in datagram: ArraySlice<UInt8>) throws(NetlinkError) -> Set<String> {
        var names: Set<String> = []
        for message in try NetlinkMessage.parse(datagram) where message.type == .NFT_MSG_DELTABLE {
            var cursor = MessageCursor(message.body)
            _ = try cursor.take(4, "struct nfgenmsg")
            if let name = try cursor.attributes().text(NFTA_TABLE.NAME) { names.insert(name) }
        }
        return names
    }
}
