// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Reconciler
import Runtime

/// How a supervisor goes: when it has nothing to do, and when another one has the project.
extension Supervisor {
    /// Ends the supervisor and its launcher when nothing runs, nothing is due, and nobody asks.
    func leaveIfIdle() {
        guard wakeTimer == nil, let server, server.connections.isEmpty else { return }
        guard waiters.isEmpty, execs.isEmpty, pendingRuns.isEmpty else { return }
        guard
            !containers.values.contains(where: {
                $0.state.isLive || $0.state.phase == .removing || isDelivering($0)
            })
        else { return }
        leave()
    }

    /// Takes the supervisor's own files away and ends it, unless somebody asks for it at this moment.
    func leave() {
        guard !leaving, let server else { return }
        do {
            // Whoever starts a supervisor now holds this lock, and will find a socket that answers.
            guard let lock = try FileLock(ifFree: paths.startLock) else { return leaveLater() }
            defer { withExtendedLifetime(lock) {} }
            guard try isInCharge() else {
                leaving = true
                launcher.quit()
                return loop.stop()
            }
            // Renamed, it takes no new client; one that came before is in the queue, and then this supervisor stays.
            // Without its socket nobody can ask for it any more, and it goes too.
            let isReachable = exists(paths.socket)
            if isReachable { try check("rename", paths.socket) { rename(paths.socket, paths.leavingSocket) } }
            if server.accept() && isReachable { return stay() }
            networks.flush()
            if containers.isEmpty && networks.names.isEmpty { try removeState() }
            try ProjectControlGroups.release(paths)
            // First of all: where this is cut off, another launcher can have the project at once.
            try removeTree(paths.launcherPID)
            try removeTree(paths.run)
            leaving = true
            launcher.quit()
            loop.stop()
        } catch {
            log("the supervisor cannot leave: \(error)")
            stay()
            leaveLater()
        }
    }

    /// Whether the project is this launcher's; then clients find its socket. Under the lock of starts, so that nobody else takes
    /// the project in between.
    func takeCharge() throws -> Bool {
        let lock = try SupervisorStart.lock(paths)
        return try withExtendedLifetime(lock) {
            guard try isInCharge() else { return false }
            try SupervisorStart.reopen(paths)
            return true
        }
    }

    /// Whether the project is still this launcher's. One that was killed while it left has taken files away, and another
    /// launcher may have the project since: nothing of that is touched. The caller holds the lock of starts.
    private func isInCharge() throws -> Bool {
        // Somebody has left the project but for the last step.
        if exists(paths.run) && !exists(paths.launcherPID) { try removeTree(paths.run) }
        return try SupervisorStart.isTaken(paths, byLauncher: getppid())
    }

    /// Takes clients again, where an earlier attempt to leave was given up or cut off.
    func stay() {
        do { try SupervisorStart.reopen(paths) } catch { log("the supervisor cannot be reached: \(error)") }
    }

    /// Somebody starts a command at this moment: its client comes, or it was for nothing.
    private func leaveLater() {
        loop.schedule(after: 50_000_000) { [unowned self] in self.reconcile() }
    }

    private func removeState() throws {
        userNamespaces.release()
        try removeTree(paths.state)
        // Those below a delegated cgroup go in any case, under its lock.
        if hierarchy.delegated == nil { try paths.removeControlGroups(in: hierarchy) }
    }

    /// The parent of all processes is gone: a new one takes over, with a new supervisor.
    func launcherLost() {
        guard !leaving else { return }
        log("the launcher is gone; a new one takes over")
        do {
            // Until it has the project nobody else may take it, without what is handed over: whoever tries finds this
            // supervisor's socket.
            let lock = try SupervisorStart.lock(paths)
            let reason = try SupervisorStart.spawnLauncher(paths, under: lock, keeping: streamsOfRunning())
                .read(upTo: 4096)
            if !reason.isEmpty { log("the new launcher ends: \(String(decoding: reason, as: UTF8.self))") }
        } catch { log("no new launcher can be started: \(error)") }
        exit(1)
    }

    /// What holds the last output of the containers that run: it would be gone with one that ends before the next supervisor
    /// reads on.
    private func streamsOfRunning() throws(SystemError) -> [(name: String, descriptor: Descriptor)] {
        var streams: [(name: String, descriptor: Descriptor)] = []
        for container in containers.values where container.state.isLive {
            if let terminal = container.terminal { streams.append(("terminal/\(container.id)", terminal)) }
            for name in ["stdout", "stderr"] where exists("\(paths.pipes(container.id))/\(name)") {
                let path = "\(paths.pipes(container.id))/\(name)"
                streams.append(("\(name)/\(container.id)", try Descriptor.open(path, O_RDWR)))
            }
        }
        return streams
    }
}
