// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Runtime

/// Where the holder of a user's namespaces is reached, and what it keeps on disk.
struct HolderFiles {
    let directory: String

    init(_ roots: Roots) { directory = roots.run }

    var socket: String { "\(directory)/holder.sock" }
    var log: String { "\(directory)/holder.log" }
    /// Held while one is started or ends.
    var lock: String { "\(directory)/holder.lock" }
    /// What it and its slirp4netns hold.
    var networkLock: String { "\(directory)/network.lock" }
    /// `/etc/resolv.conf` in the namespaces.
    var resolver: String { "\(directory)/resolv.conf" }

    func listen() throws -> Descriptor {
        unlink(socket)
        let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let listener = Descriptor(try check("socket") { Glibc.socket(AF_UNIX, type, 0) })
        try throughDirectory(of: socket) { path in
            try check("bind", socket) { trice_unix_bind(listener.raw, path) }
        }
        try check("listen") { Glibc.listen(listener.raw, 128) }
        return listener
    }

    /// - Returns: nil where nobody listens.
    func connect() throws -> PacketSocket? {
        let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Descriptor(try check("socket") { Glibc.socket(AF_UNIX, type, 0) })
        do {
            try throughDirectory(of: socket) { path in
                try check("connect", socket) { trice_unix_connect(descriptor.raw, path) }
            }
            return PacketSocket(descriptor)
        } catch let error as SystemError where error.errno == ENOENT || error.errno == ECONNREFUSED {
            return nil
        }
    }

    func remove() throws(SystemError) {
        for path in [socket, resolver, networkLock, log] { try removeTree(path) }
    }
}
