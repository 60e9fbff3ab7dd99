// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux

/// The way out of a user's network namespace: slirp4netns(1), which serves an interface there by sockets of the host.
///
/// It ends with whoever holds this.
final class UserNetwork {
    /// Where names are asked of in the namespace: slirp4netns asks the host's servers.
    static let nameServer = "10.0.2.3"

    let process: pid_t
    private let end: Descriptor

    /// Starts it, and waits until the interface is there.
    ///
    /// - Parameter lock: it has that as long as it lives, so that the next one waits for its end.
    init(_ namespaces: HolderNamespaces, lock: String) throws {
        let tun = "/dev/net/tun"
        guard access(tun, R_OK | W_OK) == 0 else {
            throw Failure(
                "slirp4netns cannot make a network: \(SystemError("open", tun))",
                hint: "as root: modprobe tun; chmod 666 \(tun)")
        }
        let held = try FileLock(lock)
        let (ready, end) = (try Descriptor.pipe(), try Descriptor.pipe())
        // Out of the way of the numbers that the child has them by.
        let sources = try [ready.write.raw, end.read.raw, namespaces.user.raw, namespaces.network.raw, held.raw].map {
            number throws(SystemError) in
            Descriptor(try check("fcntl") { trice_fcntl(number, F_DUPFD_CLOEXEC, 32) })
        }
        let descriptors = Dictionary(uniqueKeysWithValues: sources.enumerated().map { (Int32($0) + 3, $1.raw) })
        do throws(SystemError) {
            process = try spawn(
                "slirp4netns",
                [
                    "--configure", "--mtu=65520", "--disable-host-loopback", "--ready-fd=3", "--exit-fd=4",
                    "--userns-path=/proc/self/fd/5", "--netns-type=path", "/proc/self/fd/6", "tap0",
                ], descriptors: descriptors.merging([1: 2]) { $1 })
        } catch {
            guard error.errno == ENOENT else { throw error }
            throw Failure("slirp4netns is not installed", hint: "as root: apt-get install slirp4netns")
        }
        self.end = end.write
        withExtendedLifetime(sources) {}
        sources[0].close()
        ready.write.close()
        guard try !ready.read.read(upTo: 1).isEmpty else {
            let status = try exitStatus(ofChild: process)
            throw Failure("slirp4netns ended (\(status)) before the network was there")
        }
    }

    /// Ends it.
    func stop() throws(SystemError) {
        end.close()
        _ = try exitStatus(ofChild: process)
    }
}
