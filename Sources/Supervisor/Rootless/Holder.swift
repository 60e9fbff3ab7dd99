// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Networking
import Runtime

/// Holds the namespaces of a plain user, one process a `TRICE_RUN`: it is outside of them, with the user's own rights.
///
/// It comes with the first command that needs them and goes when no process lives in them and nobody asks for them. It sees to
/// their way out (`UserNetwork`), and takes the host's ports for the supervisors inside. Where it is killed, the next command
/// starts one that holds what is left.
package final class Holder {
    /// The first argument of its process.
    package static let argument = "holder"
    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    /// What the process inherits: where it says that it serves, or why not; the lock of starts.
    static let readyNumber: Int32 = 3
    static let lockNumber: Int32 = 4

    /// Why it could not begin.
    struct Problem: Codable {
        var message: String
        var hint: String?
    }

    private let files: HolderFiles
    private let loop: EventLoop
    private let listener: Descriptor
    private let namespaces: HolderNamespaces
    private var network: UserNetwork
    private var networkStart: UInt64 = 0
    private var networkWatch: (watch: EventLoop.Watch, pidfd: Descriptor)?
    private var clients: [ObjectIdentifier: (socket: PacketSocket, watch: EventLoop.Watch)] = [:]
    /// A process in the namespaces whose end is waited for.
    private var inhabitant: (watch: EventLoop.Watch, pidfd: Descriptor)?

    /// What its process does.
    package static func run(_ roots: Roots) -> Never {
        trice_set_name("trice-holder")
        signal(SIGPIPE, SIG_IGN)
        umask(0o077)
        let ready = Descriptor(readyNumber), lock = Descriptor(lockNumber)
        let files = HolderFiles(roots)
        for number in [readyNumber, lockNumber] { trice_fcntl(number, F_SETFD, Int(FD_CLOEXEC)) }
        do {
            let holder = try Holder(files, roots)
            ready.close()
            lock.close()
            try holder.loop.run()
            exit(0)
        } catch {
            log("the holder of the user's namespaces ends: \(error)")
            let failure = error as? Failure
            let problem = Problem(message: failure?.message ?? "\(error)", hint: failure?.hint)
            do {
                // Who hears why finds nothing of it any more.
                guard ready.raw >= 0 else { exit(1) }
                try files.remove()
                try ready.writeAll(encodeJSON(problem))
            } catch { log("\(error)") }
            exit(1)
        }
    }

    private init(_ files: HolderFiles, _ roots: Roots) throws {
        self.files = files
        let errors = try Descriptor.open(files.log, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        try check("dup2", files.log) { dup2(errors.raw, 2) }
        loop = try EventLoop()
        let domains = exists("/etc/resolv.conf") ? try readText("/etc/resolv.conf") : ""
        try writeAtomically(files.resolver, Array(Holder.resolver(domains).utf8), durable: false)
        namespaces = try HolderNamespaces.left(in: roots) ?? HolderNamespaces.make(resolver: files.resolver)
        network = try UserNetwork(namespaces, lock: files.networkLock)
        listener = try files.listen()
        try watchNetwork()
        _ = try loop.watch(listener.raw, .read) { [unowned self] _ in self.accept() }
    }

    /// The host's configuration of its resolver, with the server that is reached from the namespace.
    static func resolver(_ text: String) -> String {
        let others = text.split(separator: "\n").filter { line in
            ["search", "domain", "options"].contains { line.hasPrefix("\($0) ") }
        }
        return (["nameserver \(UserNetwork.nameServer)"] + others).map { "\($0)\n" }.joined()
    }

    // MARK: Clients

    /// - Returns: whether somebody came.
    @discardableResult
    private func accept() -> Bool {
        var came = false
        while true {
            let raw = trice_accept4(listener.raw, Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue))
            guard raw >= 0 else { return came }
            came = true
            let socket = PacketSocket(Descriptor(raw)), id = ObjectIdentifier(socket.descriptor)
            do throws(SystemError) {
                let watch = try loop.watch(raw, .read) { [unowned self] _ in self.serve(id) }
                clients[id] = (socket, watch)
            } catch { log("a client cannot be served: \(error)") }
        }
    }

    private func serve(_ id: ObjectIdentifier) {
        guard let client = clients[id] else { return }
        do {
            while let (request, _) = try client.socket.receive(HolderRequest.self, wait: false) {
                try answer(request, client.socket)
            }
        } catch let error as SystemError where error.errno == EAGAIN {
            return
        } catch { log("a client's request fails: \(error)") }
        loop.cancel(client.watch)
        clients[id] = nil
        leaveIfIdle()
    }

    private func answer(_ request: HolderRequest, _ client: PacketSocket) throws {
        switch request {
        case .namespaces: try client.send(HolderReply.namespaces, descriptors: namespaces.descriptors, wait: false)
        case .port(let text, let number, let transport):
            guard let host = SocketAddress.Host(text) else { throw Failure("\(text) is no address") }
            switch Result(catching: { () throws(HostPort.Refusal) in
                try HostPort.open(SocketAddress(host, port: number), transport)
            }) {
            case .success(let socket): try client.send(HolderReply.port, descriptors: [socket], wait: false)
            case .failure(let refusal):
                let (cause, owner) = (refusal.cause, refusal.owner)
                try client.send(
                    HolderReply.refused(call: cause.call, subject: cause.subject, errno: cause.errno, owner: owner),
                    wait: false)
            }
        }
    }

    // MARK: The network

    private func watchNetwork() throws(SystemError) {
        networkStart = EventLoop.now
        let process = network.process
        let pidfd = Descriptor(try check("pidfd_open") { trice_pidfd_open(process, 0) })
        let watch = try loop.watch(pidfd.raw, .read) { [unowned self] _ in self.networkEnded() }
        networkWatch = (watch, pidfd)
    }

    /// It is started again, unless it does not live for a second.
    private func networkEnded() {
        if let networkWatch { loop.cancel(networkWatch.watch) }
        networkWatch = nil
        do {
            log("slirp4netns ended (\(try exitStatus(ofChild: network.process)))")
            guard EventLoop.now - networkStart > 1_000_000_000 else {
                return log("it is not started again: containers are cut off from other hosts")
            }
            network = try UserNetwork(namespaces, lock: files.networkLock)
            try watchNetwork()
        } catch { log("it cannot be started again: \(error)") }
    }

    // MARK: The end

    /// Ends it where no process lives in the namespaces and nobody is about to enter them.
    private func leaveIfIdle() {
        guard clients.isEmpty, inhabitant == nil else { return }
        do {
            if let pidfd = try namespaces.someProcess() {
                let watch = try loop.watch(pidfd.raw, .read) { [unowned self] _ in self.inhabitantEnded() }
                inhabitant = (watch, pidfd)
                return
            }
            // Who holds the lock is about to connect, or to end without.
            guard let lock = try FileLock(ifFree: files.lock) else {
                loop.schedule(after: 50_000_000) { [unowned self] in self.leaveIfIdle() }
                return
            }
            defer { withExtendedLifetime(lock) {} }
            if accept() { return }
            if let networkWatch {
                loop.cancel(networkWatch.watch)
                try network.stop()
            }
            try files.remove()
            loop.stop()
        } catch { log("the holder cannot leave: \(error)") }
    }

    private func inhabitantEnded() {
        if let inhabitant { loop.cancel(inhabitant.watch) }
        inhabitant = nil
        leaveIfIdle()
    }
}
