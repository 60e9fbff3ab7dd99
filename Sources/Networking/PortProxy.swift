// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// Serves a host port in this process and relays to a container: for the loopback addresses, which nftables cannot serve,
/// and for IPv6 clients of IPv4 containers.
///
/// Lives on the event loop.
package final class PortProxy {
    package let port: HostPort
    /// Where new connections and new UDP clients go. While it is nil, connections wait in the backlog.
    package var target: SocketAddress? {
        didSet { update() }
    }

    private let loop: EventLoop
    private var watch: EventLoop.Watch?
    private var relays: [ObjectIdentifier: StreamRelay] = [:]
    private var datagrams: DatagramRelay?
    private var pause: EventLoop.Timer?

    package init(_ port: HostPort, target: SocketAddress?, on loop: EventLoop) throws(SystemError) {
        (self.port, self.target, self.loop) = (port, target, loop)
        // Of a connection that breaks while the kernel moves its bytes (`StreamRelay`).
        signal(SIGPIPE, SIG_IGN)
        if port.transport == .udp { datagrams = try DatagramRelay(port, on: loop) }
        watch = try loop.watch(port.socket.raw, []) { [unowned self] _ in serve() }
        update()
    }

    /// The connections that are open now, and the UDP clients.
    package var connectionCount: Int { relays.count + (datagrams?.count ?? 0) }

    /// Closes all connections; the port stays taken as long as `port` lives.
    package func stop() {
        if let watch { loop.cancel(watch) }
        if let pause { loop.cancel(pause) }
        (watch, pause) = (nil, nil)
        for relay in relays.values { relay.close() }
        relays = [:]
        datagrams?.close()
    }

    private func update() {
        if let watch { loop.update(watch, target == nil || pause != nil ? [] : .read) }
    }

    private func serve() {
        guard let target else { return }
        if let datagrams { return datagrams.serve(to: target) }
        // A bound, so that the rest of the loop has its turn.
        for _ in 0..<64 {
            let raw = accept4(port.socket.raw)
            if raw < 0 {
                if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) { rest() }
                return
            }
            let client = Descriptor(raw)
            let relay = StreamRelay(client, to: target, on: loop) { [weak self] relay in
                self?.relays[ObjectIdentifier(relay)] = nil
            }
            guard let relay else { continue }
            relays[ObjectIdentifier(relay)] = relay
        }
    }

    /// Without a free descriptor the listener would stay ready and keep the loop spinning: look again a little later.
    private func rest() {
        pause = loop.schedule(after: 100_000_000) { [weak self] in
            self?.pause = nil
            self?.update()
        }
        update()
    }
}
