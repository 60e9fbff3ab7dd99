// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Images
import Linux
import Reconciler
import Runtime

extension Supervisor {
    /// Docker's default grace before SIGKILL.
    private static let defaultGrace: UInt64 = 10_000_000_000

    /// Asks the container's process to end, and kills it when its grace is over.
    func stop(_ container: Container) {
        guard container.state.phase == .running, container.pidfd != nil else { return }
        container.state.beginStop(at: realTime(), saved?.desired.services[container.record.config.service])
        // Whoever takes over knows whose doing the end is.
        save(container)
        emit(container, .stopping)
        endProcess(of: container)
    }

    /// Carries out a stop that has begun.
    func endProcess(of container: Container) {
        guard let pidfd = container.pidfd else { return }
        let name = container.service.stopSignal ?? container.record.config.imageConfig.stopSignal ?? "SIGTERM"
        if container.record.state.paused { freeze(container, false) }
        let pid = container.pid
        let grace =
            container.stopTimeout.map { $0 < 0 ? UInt64.max : UInt64($0) * 1_000_000_000 }
            ?? container.service.stopGracePeriod?.pause ?? Supervisor.defaultGrace
        runPreStopHooks(container, grace: grace) { [unowned self, unowned container] in
            // ESRCH: it has ended, which is told next.
            trice_pidfd_send_signal(pidfd.raw, signalNumber(name) ?? SIGTERM)
            guard grace != .max, container.state.phase == .stopping, container.pid == pid else { return }
            container.graceTimer = self.loop.schedule(after: grace) { [unowned container] in
                self.killAll(in: container)
            }
        }
    }

    /// SIGKILL to every process of the container.
    func killAll(in container: Container) {
        do { try paths.cgroup(container.id, in: hierarchy).kill() } catch {
            // Linux before 5.14 has no cgroup.kill, and where no cgroup can be made there is none: the end of the first process ends its pid namespace.
            if let pidfd = container.pidfd { trice_pidfd_send_signal(pidfd.raw, SIGKILL) }
        }
    }

    func freeze(_ container: Container, _ frozen: Bool) {
        do {
            try paths.cgroup(container.id, in: hierarchy).freeze(frozen)
            container.record.state.paused = frozen
            emit(container, frozen ? .pause : .unpause)
            save(container)
        } catch { log("\(container.record.name) cannot be \(frozen ? "paused" : "resumed"): \(error)") }
    }

    /// A process that the launcher cloned has ended.
    func processEnded(_ ended: LauncherReply.Ended) {
        defer { launcher.forget(ended.pid) }
        if let container = containers[ended.id] {
            // Not that of a start which an earlier supervisor had begun.
            guard container.pid == ended.pid else { return }
            containerEnded(container, ended.status, at: ended.time)
        } else {
            execs.removeValue(forKey: ended.id)?(ended)
            if execs.isEmpty { reconcile() }
        }
    }

    /// The container's first process has ended, and with it all others of its pid namespace; without a namespace of its own
    /// they go with its cgroup (see `ServiceLimits.check`).
    func containerEnded(_ container: Container, _ status: ExitStatus, at time: UInt64) {
        container.logs?.finish()
        container.logs = nil
        // Its own word on what went wrong, or that its program ran, goes before what its end made fail here.
        container.setup?.receive()
        container.setup = nil
        if container.isCutOff { return takeBackStart(container) }
        if let failure = container.record.state.failure { return startFailed(container, failure) }
        container.record.state.oomKilled = paths.cgroup(container.id, in: hierarchy).oomKills() > 0
        releaseRunning(container)
        let goal = saved?.desired.services[container.record.config.service]
        container.state.end(exitCode: status.code, at: time, goal)
        container.record.state.exit = status
        container.record.state.process = nil
        let restarts =
            goal.flatMap { RestartBackOff.restartTime(of: container.state, $0) } != nil
            && goal?.intent == .running
        // On record before it is told, as who hears of it looks there.
        save(container)
        if container.record.state.oomKilled { emit(container, .oom) }
        emit(container, .die) {
            $0.exitCode = status.code
            $0.willRestart = restarts
        }
        if container.state.stoppedByUser { emit(container, .stop) }
        // Who hears of the end finds nothing of it any more.
        if container.record.state.removeAtEnd { _ = remove(container) }
        container.client?.end(.finished(status.code))
        container.client = nil
        for client in container.attached { client.end(.finished(status.code)) }
        container.attached = []
        reconcile()
    }

    /// Takes back what a container has only while it runs.
    func releaseRunning(_ container: Container) {
        if let timer = container.graceTimer { loop.cancel(timer) }
        if let watch = container.orphanWatch { loop.cancel(watch) }
        (container.graceTimer, container.orphanWatch, container.stopTimeout) = (nil, nil, nil)
        container.health?.stop()
        container.readiness?.stop()
        (container.health, container.readiness, container.logSign) = (nil, nil, nil)
        (container.pid, container.pidfd, container.cgroup) = (nil, nil, nil)
        container.record.state.paused = false
        if container.terminal != nil { launcher.drop("terminal/\(container.id)") }
        container.terminal = nil
        for name in ["stdout", "stderr"] { launcher.drop("\(name)/\(container.id)") }
        releaseNetworks(container)
        do {
            try paths.cgroup(container.id, in: hierarchy).end()
            try removeTree(paths.pipes(container.id))
        } catch {
            log("\(container.record.name) left something behind: \(error)")
        }
    }
}
