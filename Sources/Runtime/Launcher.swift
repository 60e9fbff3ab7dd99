// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux

/// The parent of a project's supervisor and of all its containers' processes: single-threaded, so that the child of a
/// clone3(2) can go on in Swift.
///
/// It clones, reaps, keeps descriptors over the supervisor's death and starts the supervisor again. It decides nothing
/// else.
package final class Launcher {
    /// What ps(1) shows for it, and for what it has cloned until that becomes another program.
    package static let processName = "trice-launcher"
    /// How a process exits whose supervisor died before it could become its program.
    package static let cutOffStatus: Int32 = 125
    /// How a supervisor exits that cannot do its work, and has told who asked for it.
    package static let cannotServeStatus: Int32 = 2

    /// Why there is no more to do.
    package enum End { case projectIsDown, cannotServe }

    package static let traceName = "launcher"

    private var supervisorPID: pid_t = -1
    private var channel: PacketSocket?
    private var children: [pid_t: String] = [:]
    private var unrecorded: [LauncherReply.Ended] = []
    private var kept: [String: Descriptor]
    private var end: End?
    /// When the supervisor was started last, and how often it died at once.
    private var supervisorStart: UInt64 = 0
    private var quickDeaths = 0

    private let cloning: ProcessCloning
    private let signals: Descriptor
    private let runSupervisor: (PacketSocket) -> Never

    /// - Parameters:
    ///   - kept: what an earlier launcher kept, by name.
    ///   - runSupervisor: what the forked supervisor process does with its end of the channel.
    package init(
        keeping kept: [String: Descriptor] = [:], runSupervisor: @escaping (PacketSocket) -> Never
    ) throws(SystemError) {
        (self.kept, self.runSupervisor) = (kept, runSupervisor)
        // What is cloned from here stands in a container's pid namespace before execve(2): not to be read from there.
        trice_prctl(4, 0)  // PR_SET_DUMPABLE
        cloning = try ProcessCloning()
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGCHLD)
        try check("sigprocmask") { sigprocmask(SIG_BLOCK, &mask, nil) }
        signals = Descriptor(try check("signalfd") { signalfd(-1, &mask, Int32(SFD_CLOEXEC | SFD_NONBLOCK)) })
    }

    /// Serves until the supervisor says that the project is down, or cannot serve one of which nothing runs.
    package func run() throws -> End {
        try startSupervisor()
        while true {
            if let end { return end }
            #if FAULT_POINTS
                FaultPoint.pass("await")
            #endif
            var polled = [pollfd(fd: signals.raw, events: Int16(POLLIN), revents: 0)]
            if let channel { polled.append(pollfd(fd: channel.descriptor.raw, events: Int16(POLLIN), revents: 0)) }
            if poll(&polled, nfds_t(polled.count), -1) < 0 && errno != EINTR { throw SystemError("poll") }
            // Requests first: those of a supervisor that just died still hold.
            if polled.count > 1 && polled[1].revents != 0 { receive() }
            if polled[0].revents != 0 { try reap() }
        }
    }

    private func startSupervisor() throws {
        let (own, theirs) = try PacketSocket.pair()
        let now = EventLoop.now
        quickDeaths = now - supervisorStart < 1_000_000_000 ? quickDeaths + 1 : 0
        // One that dies again and again gets ever more time: 0, 0, 0, 100 ms, 200 ms … 6.4 s.
        if quickDeaths > 3 { poll(nil, 0, 100 << Int32(min(quickDeaths - 4, 6))) }
        supervisorStart = now
        let pid = try check("fork") { trice_fork() }
        if pid == 0 {
            own.descriptor.close()
            signals.close()
            cloning.close()
            kept.removeAll()
            unblockSignals()
            trice_prctl(4, 1)
            runSupervisor(theirs)
        }
        supervisorPID = pid
        channel = own
        let running = children.map { LauncherReply.Child(id: $0.value, pid: $0.key) }
        reply(.hello(children: running, ended: unrecorded, kept: kept.count))
        for (name, descriptor) in kept { reply(.kept(name: name), [descriptor]) }
    }

    private func reap() throws {
        var info = signalfd_siginfo()
        while Glibc.read(signals.raw, &info, MemoryLayout<signalfd_siginfo>.size) > 0 {}
        var supervisorsEnd: ExitStatus?
        while true {
            var status: Int32 = 0
            // __WALL: also a child that does not announce its end by SIGCHLD.
            let pid = waitpid(-1, &status, WNOHANG | Int32(bitPattern: 0x4000_0000))
            if pid <= 0 { break }
            if pid == supervisorPID {
                supervisorsEnd = ExitStatus(waitStatus: status)
            } else if let id = children.removeValue(forKey: pid) {
                let ended = LauncherReply.Ended(
                    id: id, pid: pid, status: ExitStatus(waitStatus: status), time: realTime())
                unrecorded.append(ended)
                reply(.ended(ended))
            }
        }
        guard let supervisorsEnd, end == nil else { return }
        channel = nil
        if supervisorsEnd == .exited(Launcher.cannotServeStatus) && children.isEmpty { return end = .cannotServe }
        try startSupervisor()
    }

    /// Takes every request that is there.
    private func receive() {
        while let channel {
            do {
                guard let (request, descriptors) = try channel.receive(LauncherRequest.self, wait: false) else {
                    self.channel = nil  // the supervisor is dead or dying; its end is reaped next
                    return
                }
                handle(request, descriptors)
            } catch let error as SystemError where error.errno == EAGAIN {
                return
            } catch {
                log("a request that cannot be understood: \(error)")
            }
        }
    }

    private func handle(_ request: LauncherRequest, _ descriptors: [Descriptor]) {
        switch request {
        case .create(let id, let namespaces, let hasGroup): create(id, namespaces, descriptors, hasGroup)
        case .exec(let id, let hasGroup): exec(id, descriptors, hasGroup)
        case .keep(let name): kept[name] = descriptors.first
        case .drop(let name): kept[name] = nil
        case .forget(let pid): unrecorded.removeAll { $0.pid == pid }
        case .trace:
            if let file = descriptors.first { Trace.begin(file, as: Launcher.traceName) } else { Trace.end() }
        case .quit: end = .projectIsDown
        }
    }

    private func create(
        _ id: String, _ namespaces: ContainerSpec.Namespaces, _ descriptors: [Descriptor], _ hasGroup: Bool
    ) {
        let own = hasGroup ? 6 : 5
        guard descriptors.count >= own else { return refuse(id, "create wants \(own) descriptors or more") }
        // Read here: the memory that it takes is the launcher's again and again, and would be new to each child.
        guard let (spec, filter) = read(ContainerSpec.self, descriptors[0], filter: descriptors[4], for: id) else {
            return
        }
        var flags = UInt64(CLONE_NEWNS) | UInt64(TimeNamespace.flag)
        if namespaces.network == .own { flags |= UInt64(CLONE_NEWNET) }
        if namespaces.pid == .own { flags |= UInt64(CLONE_NEWPID) }
        if namespaces.ipc == .own { flags |= UInt64(CLONE_NEWIPC) }
        if namespaces.uts == .own { flags |= UInt64(CLONE_NEWUTS) }
        if namespaces.user != nil { flags |= UInt64(CLONE_NEWUSER) }
        var joined: Descriptor?
        if case .process(let pid) = namespaces.pid {
            do { joined = try Descriptor.open("/proc/\(pid)/ns/pid", O_RDONLY) } catch { return refuse(id, "\(error)") }
        }
        let group = hasGroup ? descriptors[5] : nil
        start(id, flags: flags, cgroup: group, pidNamespace: joined, ids: namespaces.user) { socket in
            ContainerSetup.run(
                spec, stdio: Array(descriptors[1...3]), filter: filter,
                mounts: Array(descriptors[own...]), socket: socket)
        }
    }

    private func exec(_ id: String, _ descriptors: [Descriptor], _ hasGroup: Bool) {
        guard descriptors.count == (hasGroup ? 7 : 6), let target = descriptors.last else {
            return refuse(id, "exec wants \(hasGroup ? 7 : 6) descriptors")
        }
        guard let (process, filter) = read(ProcessSpec.self, descriptors[0], filter: descriptors[4], for: id) else {
            return
        }
        start(id, flags: 0, cgroup: hasGroup ? descriptors[5] : nil, pidNamespace: target) { socket in
            ExecSetup.run(
                process, stdio: Array(descriptors[1...3]), filter: filter, target: target, socket: socket)
        }
    }

    /// - Returns: what the two files hold; nil where they cannot be read, which is told.
    private func read<Specification: Decodable>(
        _ type: Specification.Type, _ document: Descriptor, filter: Descriptor, for id: String
    ) -> (Specification, SeccompFilter?)? {
        do {
            return try Trace.span("read the specification") {
                (
                    try decodeJSON(type, from: readWhole(document.raw)),
                    SeccompFilter(bytes: try readWhole(filter.raw))
                )
            }
        } catch {
            refuse(id, "\(error)")
            return nil
        }
    }

    /// Clones a child that runs `body`, and tells the supervisor of it.
    ///
    /// - Parameters:
    ///   - cgroup: the one to be born into; nil for the launcher's.
    ///   - pidNamespace: what setns(2) takes to have the child born in another pid namespace.
    ///   - ids: of the child's user namespace, without which it does not begin.
    private func start(
        _ id: String, flags: UInt64, cgroup: Descriptor?, pidNamespace: Descriptor?, ids: IDMapping? = nil,
        body: (PacketSocket) -> Never
    ) {
        do throws(SystemError) {
            let (theirs, childs) = try PacketSocket.pair()
            let gate = try ids == nil ? nil : Descriptor.pipe()
            let start = Trace.now
            let (pid, pidfd) = try cloning.clone(flags, cgroup, in: pidNamespace)
            guard let pidfd else {
                #if FAULT_POINTS
                    FaultPoint.become(id.contains("/") ? "process" : "container")
                #endif
                Trace.become(nil)
                Trace.record("clone", since: start)
                theirs.descriptor.close()
                channel?.descriptor.close()
                unblockSignals()
                gate?.write.close()
                do throws(SystemError) {
                    try Trace.span("wait for its ids") { () throws(SystemError) in _ = try gate?.read.read(upTo: 1) }
                } catch { report(error, to: childs) }
                body(childs)
            }
            children[pid] = id
            // Without its ids it cannot become root there, and says so. Its gate opens when the writing end is closed.
            do throws(SystemError) { try ids?.apply(to: pid) } catch { log("\(id): \(error)") }
            gate?.write.close()
            Trace.record("clone \(id.prefix(12))", since: start)
            reply(.created(id: id, pid: pid), [pidfd, theirs.descriptor])
        } catch {
            reply(.failed(id: id, failure: SetupFailure(error)))
        }
    }

    private func refuse(_ id: String, _ reason: String) {
        reply(.failed(id: id, failure: SetupFailure("create the process", reason: reason)))
    }

    private func reply(_ message: LauncherReply, _ descriptors: [Descriptor] = []) {
        guard let channel else { return }
        do {
            try channel.send(message, descriptors: descriptors)
        } catch {
            // It is dead, or would wait for ever for what it has not heard: the next one gets hello.
            log("the supervisor does not take a message: \(error)")
            kill(supervisorPID, SIGKILL)
        }
    }
}

/// Writes a line to standard error, which is the project's `supervisor.log`.
package func log(_ message: String) {
    let line = Array("\(message)\n".utf8)
    _ = Glibc.write(2, line, line.count)
}

/// CLOCK_REALTIME in nanoseconds since 1970.
package func realTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Back to an empty signal mask and default handlers, as a new program expects.
func unblockSignals() {
    var mask = sigset_t()
    sigemptyset(&mask)
    sigprocmask(SIG_SETMASK, &mask, nil)
    for number in 1...64 where number != Int(SIGKILL) && number != Int(SIGSTOP) { signal(Int32(number), SIG_DFL) }
}
