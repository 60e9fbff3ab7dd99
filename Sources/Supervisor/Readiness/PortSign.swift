// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux
import Netlink
import Networking
import Runtime

/// Something listens on a TCP port of the container's network. The kernel announces no listen(2), so it is asked for its
/// list, which takes it some 40 µs and which no program of the container sees.
final class PortSign: ReadinessSign {
    private let port: UInt16
    private let socket: NetlinkSocket
    private let families: [AddressFamily]
    private let loop: EventLoop
    private var attempts: RepeatedAttempt?

    init(_ port: UInt16, in namespace: NetworkNamespace, on loop: EventLoop) throws {
        (self.port, self.loop) = (port, loop)
        socket = try namespace.enter(from: .current()) { try NetlinkSocket(.NETLINK_SOCK_DIAG) }
        families = exists("/proc/net/if_inet6") ? [.AF_INET, .AF_INET6] : [.AF_INET]
    }

    var meaning: String { "something listens on port \(port)" }

    func await(_ seen: @escaping () -> Void) throws {
        attempts = RepeatedAttempt(longestPause: 50_000_000, on: loop) { [unowned self] in
            do { if try self.isListenedOn() { seen() } else { self.attempts?.again() } } catch {
                log("port \(self.port) of a container cannot be looked at: \(error)")
            }
        }
        if try isListenedOn() { seen() } else { attempts?.again() }
    }

    func stop() { attempts?.stop() }

    private func isListenedOn() throws -> Bool {
        for family in families where try !socket.dump(ListeningSocket.all(family, port: port)).isEmpty { return true }
        return false
    }
}
