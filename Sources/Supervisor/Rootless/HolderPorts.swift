// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Networking
import Runtime

/// The host's ports for a supervisor in a user's network namespace: its holder takes them, and hands the sockets over.
struct HolderPorts {
    private let files: HolderFiles

    /// Nil for a supervisor whose network is the host's.
    init?(_ roots: Roots) throws(SystemError) {
        files = HolderFiles(roots)
        guard try !isInHostUserNamespace(), exists(files.socket) else { return nil }
    }

    func open(
        _ address: SocketAddress, _ transport: PublishedPort.Transport
    ) throws(HostPort.Refusal) -> Descriptor {
        do {
            guard let holder = try files.connect() else {
                throw SystemError("connect", files.socket, errno: ECONNREFUSED)
            }
            try holder.send(HolderRequest.port(host: "\(address.host)", number: address.port, transport))
            guard let (reply, descriptors) = try holder.receive(HolderReply.self) else {
                throw SystemError("read", files.socket, errno: ECONNRESET)
            }
            switch reply {
            case .port:
                if let socket = descriptors.first { return socket }
            case .refused(let call, let subject, let errno, let owner):
                throw HostPort.Refusal(cause: SystemError(call, subject, errno: errno), owner: owner)
            case .namespaces: break
            }
            throw SystemError("read", files.socket, errno: EPROTO)
        } catch let refusal as HostPort.Refusal {
            throw refusal
        } catch let error as SystemError {
            throw HostPort.Refusal(cause: error)
        } catch {
            throw HostPort.Refusal(cause: SystemError("ask", "\(files.socket): \(error)", errno: EPROTO))
        }
    }
}
