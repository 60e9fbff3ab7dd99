// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux
import Runtime

/// How a command of a user without root's rights comes by them: in namespaces of the user's own (`Holder`), where all else
/// goes on as root's commands do on the host.
package enum PlainUser {
    /// Makes this process, which has a single thread, root in the user's namespaces, unless it is root anyway.
    package static func becomeRoot() throws {
        guard geteuid() != 0 else { return }
        let roots = Roots.fromEnvironment(), files = HolderFiles(roots)
        do throws(SystemError) { try makeDirectories(roots.run, mode: 0o700) } catch {
            throw Failure(
                "there is no place for sockets and locks: \(error)",
                hint: "set XDG_RUNTIME_DIR, as a session of systemd does, or TRICE_RUN")
        }
        // Held until this process is in: a holder with nothing to do would be gone meanwhile.
        let lock = try FileLock(files.lock)
        defer { withExtendedLifetime(lock) {} }
        let holder = try reach(files, roots, under: lock)
        try holder.send(HolderRequest.namespaces)
        guard let (reply, descriptors) = try holder.receive(HolderReply.self), case .namespaces = reply,
            let namespaces = HolderNamespaces(descriptors)
        else { throw Failure("the holder of this user's namespaces does not answer", hint: "see \(files.log)") }
        do throws(SystemError) { try namespaces.enter() } catch {
            throw Failure("this user's namespaces cannot be entered: \(error)")
        }
        // Root's would be others.
        setenv("TRICE_ROOT", roots.root, 1)
        setenv("TRICE_RUN", roots.run, 1)
    }

    private static func reach(_ files: HolderFiles, _ roots: Roots, under lock: FileLock) throws -> PacketSocket {
        if let holder = try files.connect() { return holder }
        let problem = try start(roots, under: lock).read(upTo: 1 << 16)
        if !problem.isEmpty {
            let problem = try decodeJSON(Holder.Problem.self, from: problem)
            throw Failure(problem.message, hint: problem.hint)
        }
        guard let holder = try files.connect() else {
            throw Failure("the holder of this user's namespaces ended at once", hint: "see \(files.log)")
        }
        return holder
    }

    /// Starts a holder as a process of its own session, without any descriptor of the caller.
    ///
    /// - Returns: a pipe that ends when the holder serves, or has failed: then it says why.
    private static func start(_ roots: Roots, under lock: FileLock) throws(SystemError) -> Descriptor {
        let ready = try Descriptor.pipe()
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let pid = try check("fork") { trice_fork() }
        if pid > 0 { return withExtendedLifetime((null, lock)) { ready.read } }
        setsid()
        chdir("/")
        // Out of the way first, as one may have another's new number.
        let copies = withExtendedLifetime((null, ready, lock)) {
            [null.raw, null.raw, null.raw, ready.write.raw, lock.raw].map { trice_fcntl($0, F_DUPFD, 32) }
        }
        for (number, copy) in copies.enumerated() { dup2(copy, Int32(number)) }
        trice_close_range(UInt32(Holder.lockNumber) + 1, UInt32.max, 0)
        let environment = ["TRICE_ROOT=\(roots.root)", "TRICE_RUN=\(roots.run)", "PATH=\(Holder.searchPath)"]
        withCStrings(["trice", Holder.argument]) { arguments in
            withCStrings(environment) { _ = execve("/proc/self/exe", arguments, $0) }
        }
        _exit(127)
    }
}
