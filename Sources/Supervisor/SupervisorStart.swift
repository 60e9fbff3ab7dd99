// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Runtime

/// How a project's launcher and supervisor come to be.
package enum SupervisorStart {
    /// The first argument of the process that is a launcher; the second is the project's name.
    package static let launcherArgument = "launcher"

    /// Names the descriptors from 3 on that a launcher takes over from the one before it.
    private static let keptVariable = "TRICE_KEPT"

    /// What the launcher does not keep, but writes its trace to.
    package static let tracedFile = "trace"

    /// What the launcher inherits: the lock of starts, then what it is to keep.
    private static let lockNumber: Int32 = 3

    /// The lock under which a launcher takes the project, and a supervisor leaves it. Who holds it until its connection is
    /// made finds a supervisor with nothing to do still there.
    package static func lock(_ paths: ProjectPaths) throws(SystemError) -> FileLock {
        try makeDirectories(parentDirectory(paths.startLock), mode: 0o700)
        return try FileLock(paths.startLock)
    }

    /// Starts the launcher as a process of its own session, without any descriptor of the caller but those given.
    ///
    /// - Parameters:
    ///   - lock: that of starts, which the launcher holds as well until it has the project.
    ///   - kept: what it holds from the beginning, as if a supervisor had it `keep` them.
    /// - Returns: a pipe that ends when the launcher has its socket, or has failed: then it says why.
    /// - Precondition: the caller has a single thread.
    package static func spawnLauncher(
        _ paths: ProjectPaths, under lock: FileLock, keeping kept: [(name: String, descriptor: Descriptor)] = []
    ) throws(SystemError) -> Descriptor {
        let ready = try Descriptor.pipe()
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let pid = try check("fork") { trice_fork() }
        if pid > 0 { return withExtendedLifetime((null, lock, kept)) { ready.read } }
        setsid()
        chdir("/")
        // Descriptor 2 is the log once the launcher has the project: until then its directory may be on its way out.
        let sources = [null, null, ready.write]
        withExtendedLifetime(sources) {
            for (target, source) in sources.enumerated() { dup2(source.raw, Int32(target)) }
        }
        let end = lockNumber + 1 + Int32(kept.count)
        // Out of the way first, as one may have another's new number.
        let copies = withExtendedLifetime((lock, kept)) {
            ([lock.raw] + kept.map(\.descriptor.raw)).map { trice_fcntl($0, F_DUPFD, Int(end)) }
        }
        for (place, copy) in copies.enumerated() { dup2(copy, lockNumber + Int32(place)) }
        trice_close_range(UInt32(end), UInt32.max, 0)
        do { try DescriptorLimit.restore() } catch { _exit(127) }
        let environment = [
            "TRICE_ROOT=\(paths.roots.root)", "TRICE_RUN=\(paths.roots.run)", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "\(keptVariable)=\(kept.map(\.name).joined(separator: ","))",
        ]
        withCStrings(["trice", launcherArgument, paths.project]) { arguments in
            withCStrings(environment) { _ = execve("/proc/self/exe", arguments, $0) }
        }
        _exit(127)
    }

    /// What the launcher's process does. It must have a single thread.
    package static func runLauncher(_ paths: ProjectPaths) -> Never {
        trice_set_name(Launcher.processName)
        #if FAULT_POINTS
            FaultPoint.begin("launcher", in: paths.roots.run)
        #endif
        do {
            umask(0o022)
            signal(SIGPIPE, SIG_IGN)
            try DescriptorLimit.raise()
            let lock = Descriptor(lockNumber)
            var kept = try inherited()
            if let file = kept.removeValue(forKey: tracedFile) { Trace.begin(file, as: Launcher.traceName) }
            // What a machine's run has of the project is gone with it.
            let isFirst = !exists(paths.run)
            guard let listener = try Trace.span("claim the project", { try claim(paths) }) else { exit(0) }
            try Trace.span("control groups") { try ProjectControlGroups.settle(paths) }
            lock.close()
            let launcher = try Launcher(keeping: kept) { channel in
                runSupervisor(paths, channel, listener, isFirst: isFirst)
            }
            if try launcher.run() == .cannotServe {
                let lock = try Self.lock(paths)
                try withExtendedLifetime(lock) {
                    guard try isTaken(paths, byLauncher: getpid()) else { return }
                    try ProjectControlGroups.release(paths)
                    try removeTree(paths.run)
                }
            }
            exit(0)
        } catch {
            log("the launcher ends: \(error)")
            exit(1)
        }
    }

    /// What the supervisor that started this launcher handed over.
    private static func inherited() throws(SystemError) -> [String: Descriptor] {
        let names = getenv(keptVariable).map { String(cString: $0) }?.split(separator: ",") ?? []
        var kept: [String: Descriptor] = [:]
        for (place, name) in names.enumerated() {
            let descriptor = Descriptor(lockNumber + 1 + Int32(place))
            try check("fcntl") { trice_fcntl(descriptor.raw, F_SETFD, Int(FD_CLOEXEC)) }
            kept[String(name)] = descriptor
        }
        return kept
    }

    /// Makes this process the project's launcher, unless there is one. With its log as descriptor 2, who waits for it
    /// hears that the socket is there. The lock of starts is held.
    ///
    /// - Returns: the socket that clients connect to.
    private static func claim(_ paths: ProjectPaths) throws -> Descriptor? {
        if exists(paths.launcherPID),
            let other = try? decodeJSON(ProcessIdentity.self, from: readFile(paths.launcherPID)),
            other.openPidfd() != nil
        {
            try reopen(paths)
            return nil
        }
        try makeDirectories(paths.run, mode: 0o700)
        // Of a supervisor that was killed with its launcher, while it left or before.
        for socket in [paths.socket, paths.leavingSocket] { unlink(socket) }
        let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let listener = Descriptor(try check("socket") { socket(AF_UNIX, type, 0) })
        try throughDirectory(of: paths.socket) { path in
            try check("bind", paths.socket) { trice_unix_bind(listener.raw, path) }
        }
        try check("listen") { listen(listener.raw, 128) }
        guard let own = ProcessIdentity(runningPID: getpid()) else { throw SystemError("open", "/proc/self/stat") }
        try writeAtomically(paths.launcherPID, encodeJSON(own), durable: false)
        let errors = try Descriptor.open(paths.supervisorLog, O_WRONLY | O_APPEND | O_CREAT, mode: 0o600)
        try check("dup2", paths.supervisorLog) { dup2(errors.raw, 2) }
        return listener
    }

    /// Whether it is this launcher that has the project. The caller holds the lock of starts.
    static func isTaken(_ paths: ProjectPaths, byLauncher pid: pid_t) throws -> Bool {
        guard exists(paths.launcherPID) else { return false }
        return try decodeJSON(ProcessIdentity.self, from: readFile(paths.launcherPID)).pid == pid
    }

    /// Takes clients again, where a supervisor that was about to leave has given it up, or was killed.
    static func reopen(_ paths: ProjectPaths) throws(SystemError) {
        if rename(paths.leavingSocket, paths.socket) != 0 && errno != ENOENT {
            throw SystemError("rename", paths.leavingSocket)
        }
    }

    /// - Parameter isFirst: whether the launcher found nothing of another one of this run of the machine.
    private static func runSupervisor(
        _ paths: ProjectPaths, _ channel: PacketSocket, _ listener: Descriptor, isFirst: Bool
    ) -> Never {
        trice_set_name("trice-supervisor")
        #if FAULT_POINTS
            FaultPoint.become("supervisor")
        #endif
        do {
            signal(SIGPIPE, SIG_IGN)
            Trace.become(Supervisor.traceName)
            let supervisor = try Trace.span("begin") {
                try Supervisor(paths: paths, channel: channel, loop: EventLoop())
            }
            try supervisor.run(listener: listener, isFirst: isFirst)
            exit(0)
        } catch {
            log("the supervisor ends: \(error)")
            let failure = Failure("project \(paths.project) has no supervisor: \(error)")
            Server.refuse(listener, failure)
            exit(Launcher.cannotServeStatus)
        }
    }
}

/// Calls the body with a short name for a path whose directory is open, as a socket's address has room for 107 bytes.
@discardableResult
package func throughDirectory<T>(of path: String, _ body: (String) throws -> T) throws -> T {
    let directory = try Descriptor.open(parentDirectory(path), trice_o_path | O_DIRECTORY)
    let name = path.split(separator: "/").last ?? ""
    return try withExtendedLifetime(directory) { try body("/proc/self/fd/\(directory.raw)/\(name)") }
}
