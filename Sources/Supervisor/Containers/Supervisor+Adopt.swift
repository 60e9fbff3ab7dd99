// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Compose
import Core
import Glibc
import Linux
import Networking
import Reconciler
import Runtime

extension Supervisor {
    /// Takes over what an earlier supervisor left: containers that run go on undisturbed, ends that nobody saw are put on
    /// record, and what was cut off half-way is undone.
    ///
    /// - Parameter areOfThisRun: false where what ran has ended with an earlier run of the machine.
    func adopt(children: [LauncherReply.Child], ended: [LauncherReply.Ended], areOfThisRun: Bool) throws {
        let (found, unreadable) = try records.load()
        for id in unreadable {
            log(
                "container \(id.prefix(12)) was being made or removed when its supervisor was killed: what is left of it goes"
            )
            try sweep(id)
        }
        for record in found { containers[record.id] = Container(record) }
        var lost: [Container] = []
        try joinNetworks()
        for container in containers.values {
            do { _ = try delivery(of: container) } catch {
                log("the log of \(container.record.name) cannot be delivered: \(error)")
            }
            let process = container.record.state.process
            if let end = ended.last(where: { $0.id == container.id && $0.pid == process?.pid }) {
                resume(container)
                if container.state.phase == .starting && wasCutOff(end.status) { container.isCutOff = true }
                containerEnded(container, end.status, at: end.time)
            } else if container.state.isLive {
                adopt(container, isChild: children.contains { $0.pid == process?.pid })
                // It ran, and is not there any more.
                if process != nil && !container.state.isLive { lost.append(container) }
            } else if let child = children.first(where: { $0.id == container.id }) {
                // Its start was not even on record.
                container.state.beginStart(saved?.desired.services[container.record.config.service])
                cutOffStart(container, pid: child.pid)
            } else if container.state.phase == .removing {
                container.state.phase = .exited
            }
            // Who ran it and let it be removed at its end is gone.
            if container.record.state.removeAtEnd && !container.state.isLive && containers[container.id] != nil {
                _ = remove(container)
            }
        }
        if !areOfThisRun { bringBack(after: lost) }
        networks.keepLeases(of: Set(containers.keys))
        for end in ended { launcher.forget(end.pid) }
        for child in children { adoptFilling(child) }
        // Hooks of the supervisor before this one: those that matter are run again.
        for child in children where child.id.hasPrefix(hookPrefix) {
            if kill(-child.pid, SIGKILL) != 0 { kill(child.pid, SIGKILL) }
        }
    }

    /// What the restart rules bring back after a start of the machine is to run, and nothing else.
    ///
    /// - Parameter lost: the containers that the machine's end has ended.
    private func bringBack(after lost: [Container]) {
        guard !lost.isEmpty, var next = saved, !next.desired.down else { return }
        next.desired.boot(containers.values.map(\.state), at: realTime())
        do { try keep(next) } catch {
            log("what is to run since the machine has started anew is not on disk: \(error)")
        }
        for container in lost where next.desired.services[container.record.config.service]?.intent == .stopped {
            container.state.rest()
            save(container)
        }
    }

    private func sweep(_ id: String) throws {
        try paths.cgroup(id, in: hierarchy).end()
        try records.remove(id)
        try removeTree(paths.pipes(id))
    }

    /// Joins the networks that the project's containers are on.
    private func joinNetworks() throws {
        guard let saved else { return }
        for network in saved.project.networks where try NetworkStore(paths.roots).record(network.name) != nil {
            try networks.ensure(network)
        }
        for name in Set(containers.values.flatMap(\.record.state.addedNetworks).map(\.network)) {
            var network = Network(key: name, name: name, location: nil)
            network.isExternal = true
            try networks.ensure(network)
        }
    }

    private func adopt(_ container: Container, isChild: Bool) {
        guard let process = container.record.state.process, let pidfd = process.openPidfd() else {
            resume(container)
            container.isCutOff = container.state.phase == .starting
            return containerEnded(container, .unknown, at: realTime())
        }
        (container.pid, container.pidfd) = (process.pid, pidfd)
        resume(container)
        do {
            if container.state.phase == .starting {
                if try isSettingUp(process.pid) {
                    cutOffStart(container, pid: process.pid)
                } else {
                    // What follows a start has not begun, or nobody knows.
                    container.state.completeStart(at: realTime())
                    container.state.isSettingUp = true
                }
            }
            let cgroup = paths.cgroup(container.id, in: hierarchy)
            container.cgroup = try cgroup.open()
            container.controlGroups = try cgroup.memberships(
                under: ServiceLimits(service: container.service).controlGroup())
            if !isChild {
                container.orphanWatch = try loop.watch(pidfd.raw, .read) { [unowned self] _ in
                    self.orphanEnded(container)
                }
            }
            if container.isCutOff { return }
            let endpoints = try networks.endpoints(
                container.record.state.addresses, container: container.id, pid: process.pid)
            try networks.hold(container.id, pid: process.pid, endpoints)
            try networks.admit(endpoints)
            try ports.reserve(container)
            try ports.open(container)
            try serveNames(container, pid: process.pid)
            nameOnNetworks(container)
        } catch {
            log("\(container.record.name) cannot be taken over whole: \(error)")
        }
        if container.state.phase == .stopping {
            endProcess(of: container)
        } else {
            startHealthChecks(container)
            // What was cut off of them is done again.
            if container.state.isSettingUp {
                container.state.isSettingUp = false
                runPostStartHooks(container)
            }
        }
        save(container)
    }

    /// A start that its supervisor's death cut off: the process waits for a word that will not come. It goes, and then the
    /// container is as if that start had not been.
    private func cutOffStart(_ container: Container, pid: Int32) {
        (container.pid, container.isCutOff) = (pid, true)
        kill(pid, SIGKILL)
    }

    /// Whether a process that ended while no supervisor was there, and before its program was known to run, had not become
    /// its program: it was told nothing, or was killed because of that. Where nobody knows, it is done again.
    private func wasCutOff(_ status: ExitStatus) -> Bool {
        [.exited(Launcher.cutOffStatus), .signaled(SIGKILL), .unknown].contains(status)
    }

    /// The process of a start that was cut off has ended.
    func takeBackStart(_ container: Container) {
        container.isCutOff = false
        releaseRunning(container)
        container.record.state.process = nil
        container.state.takeBackStart()
        save(container)
        if container.record.state.removeAtEnd { _ = remove(container) }
        reconcile()
    }

    /// Reads on where the last reader of the container's streams stopped.
    private func resume(_ container: Container) {
        do {
            container.terminal = launcher.kept["terminal/\(container.id)"]
            if container.terminal != nil || exists("\(paths.pipes(container.id))/stdout") {
                try followStreams(container)
            }
        } catch {
            log("the log of \(container.record.name) cannot be followed: \(error)")
        }
    }

    /// A container whose launcher was killed too: the kernel's last word is asked for, and never invented.
    private func orphanEnded(_ container: Container) {
        let status = container.pidfd.flatMap { exitStatus(ofPidfd: $0) } ?? .unknown
        containerEnded(container, status, at: realTime())
    }
}

/// PIDFD_GET_INFO with PIDFD_INFO_EXIT (linux/pidfd.h), Linux 6.15; nil where the kernel does not say.
func exitStatus(ofPidfd pidfd: Descriptor) -> ExitStatus? {
    var status: Int32 = 0
    guard trice_pidfd_exit_status(pidfd.raw, &status) == 0 else { return nil }
    return ExitStatus(waitStatus: status)
}
