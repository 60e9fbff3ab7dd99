// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// A network namespace (network_namespaces(7)), held open.
package final class NetworkNamespace {
    package let descriptor: Descriptor

    /// The namespace of a running process.
    package init(ofPID pid: pid_t) throws(SystemError) {
        descriptor = try Descriptor.open("/proc/\(pid)/ns/net", O_RDONLY)
    }

    private init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// The namespace that this thread is in.
    package static func current() throws(SystemError) -> NetworkNamespace {
        NetworkNamespace(try Descriptor.open("/proc/thread-self/ns/net", O_RDONLY))
    }

    /// Runs the body with this thread inside the namespace and returns to `home`.
    ///
    /// What the body opens stays in the namespace: a socket belongs for ever to the one that it was made in.
    /// The body must not call the event loop. Ends the process where the way home fails, as going on in a container's
    /// network would be worse; the kernel gives no reason for that to a process that may enter namespaces at all.
    package func enter<T>(from home: NetworkNamespace, _ body: () throws -> T) throws -> T {
        try check("setns", "network") { trice_setns(descriptor.raw, CLONE_NEWNET) }
        defer {
            if trice_setns(home.descriptor.raw, CLONE_NEWNET) != 0 {
                fatalError("cannot return to the host's network namespace: \(SystemError("setns"))")
            }
        }
        return try body()
    }
}

/// Runs the body with this thread in the network namespace of a process, and returns.
package func withNetworkNamespace<T>(ofPID pid: pid_t, _ body: () throws -> T) throws -> T {
    try NetworkNamespace(ofPID: pid).enter(from: .current(), body)
}
