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
    /// Does what a client asks, or says why not.
    func handle(_ client: Connection, _ request: Request, _ descriptors: [Descriptor]) {
        parallelism = request.parallelism
        do {
            switch request.command {
            case .up(let options): try up(client, options, descriptors)
            case .down(let options): try down(client, options)
            case .start(let services, let wait): try start(client, services, wait: wait)
            case .stop(let services, let timeout): try stop(client, services, timeout)
            case .restart(let services, let timeout, let alone): try restart(client, services, timeout, alone: alone)
            case .kill(let services, let signal, let index): try kill(client, services, signal, index: index)
            case .pause(let services, let frozen): try pause(client, services, frozen)
            case .remove(let services, let stop, _): try remove(client, services, stop: stop)
            case .exec(let options): try exec(options, for: client, descriptors)
            case .run(let options): try run(client, options, descriptors)
            case .attach(let service, let index): try attach(client, service, index, descriptors)
            case .wait(let services, let any): try wait(client, services, any: any)
            case .boot: try boot(client)
            case .connect(let container, let network): try connect(client, container, network)
            case .disconnect(let container, let network): try disconnect(client, container, from: network)
            case .events(let since): try listen(client, since: since)
            case .status:
                client.send(.status(Status(supervisorPID: getpid(), containers: containers.values.map(\.record))))
                client.end(.finished(0))
            }
        } catch {
            endTrace(for: client)
            client.end(.failed(error as? Failure ?? Failure("\(error)")))
        }
    }

    func clientLeft(_ client: Connection) {
        endTrace(for: client)
        listeners.removeAll { $0 === client }
        waiters.removeAll { $0.client === client }
        pendingRuns.removeAll { $0.client === client }
        reconcile()
    }

    // MARK: Whole projects

    private func up(_ client: Connection, _ options: Request.UpOptions, _ descriptors: [Descriptor]) throws {
        if isGoingDown {
            queued.append { [unowned self, parallelism] in
                self.handle(client, Request(.up(options), parallelism: parallelism), descriptors)
            }
            return
        }
        if descriptors.count > 1 { try trace(descriptors[1], for: client) }
        let project: Project = try Trace.span("read the project") {
            try self.project(from: descriptors).servingPredefinedNetworks()
        }
        listeners.append(client)
        let asked = try Trace.span("request") { try adopt(project, options) }
        warnOfOrphans(client, project, options)
        try warnOfVolumes(client, project)
        let known = Set(project.services.map(\.name))
        let orphans =
            options.removeOrphans ? Set(containers.values.map(\.record.config.service)).subtracting(known) : []
        waiters.append(Waiter(client, .reached(asked.union(orphans), healthy: options.wait)))
        reconcile()
    }

    private func warnOfOrphans(_ client: Connection, _ project: Project, _ options: Request.UpOptions) {
        if options.removeOrphans { return }
        let known = Set((project.services + project.disabledServices).map(\.name))
        let orphans = containers.values.filter { !$0.state.isOneOff && !known.contains($0.record.config.service) }.map(
            \.record.name)
        if orphans.isEmpty { return }
        client.send(
            .warning(
                "orphans: containers of services that are no longer in the file: \(orphans.sorted().joined(separator: ", ")) (--remove-orphans removes them)"
            ))
    }

    /// A volume that is there stays as it was made: its files are worth more than what the file says of it now.
    private func warnOfVolumes(_ client: Connection, _ project: Project) throws {
        for volume in project.volumes where !volume.isExternal && volumes.exists(volume.name) {
            let made = try volumes.record(volume.name)
            if try (made.mount, made.size) == (volume.fileSystem, volume.diskLimit()) { continue }
            let place = (volume.places["driver_opts"] ?? volume.location).map { "\($0): " } ?? ""
            client.send(
                .warning(
                    "\(place)volume \(volume.name) is there already, made with other driver_opts, and stays as it is: down -v removes it with its files"
                ))
        }
    }

    /// Makes this project the desired one.
    ///
    /// - Returns: the services that were asked for, with their dependencies.
    func adopt(_ project: Project, _ options: Request.UpOptions) throws -> Set<String> {
        let now = realTime()
        let planning = Planning(images: images, hierarchy: hierarchy)
        let states = containers.values.map(\.state)
        let (asked, goals) = try planning.goals(of: project, options, before: saved?.desired, beside: states, now: now)
        if let expected = options.expectedPlan {
            let forecast = Forecast(
                goals, containers.values.map(\.record), try Forecast.Present(paths), now: now)
            guard try forecast.fingerprint == expected else {
                throw Failure(
                    "the plan does not hold any more: the files or the project have changed since it was made",
                    hint: "make a new one: trice plan -o FILE")
            }
        }
        try checkNetworks(goals)
        var next = SavedProject(project: project, desired: goals.desired)
        next.previous = previousServices(for: goals)
        next.desired.parallelism = parallelism
        try keep(next)
        networkFailure = nil
        for container in containers.values where asked.contains(container.record.config.service) {
            container.stopTimeout = options.timeout
        }
        if options.renewVolumes { renewVolumesBefore = realTime() }
        return asked
    }

    private func boot(_ client: Connection) throws {
        guard var next = saved else { return client.end(.finished(0)) }
        if next.desired.down {
            // The planner finishes a `down` that was cut off.
            waiters.append(Waiter(client, .down(volumes: false)))
            return reconcile()
        }
        next.desired.boot(containers.values.map(\.state), at: realTime())
        try keep(next)
        waitUntilReached(client, Set(next.desired.services.filter { $0.value.intent == .running }.keys))
    }

    private var isGoingDown: Bool { waiters.contains { if case .down = $0.aim { true } else { false } } }

    private func down(_ client: Connection, _ options: Request.DownOptions) throws {
        listeners.append(client)
        var next =
            saved ?? SavedProject(project: Project(name: paths.project, workingDirectory: ""), desired: Desired())
        next.desired.down = true
        next.desired.parallelism = parallelism
        try keep(next)
        for network in next.project.networks where !networks.names.contains(network.name) && !network.isExternal {
            if try NetworkStore(paths.roots).record(network.name) != nil { try networks.ensure(network) }
        }
        for container in containers.values { container.stopTimeout = options.timeout }
        waiters.append(Waiter(client, .down(volumes: options.volumes)))
        reconcile()
    }

    // MARK: Services

    private func start(_ client: Connection, _ services: [String], wait: Bool) throws {
        let names = try change { change throws(Failure) in try change.start(services, at: realTime()) }
        waitUntilReached(client, names, healthy: wait)
    }

    private func stop(_ client: Connection, _ services: [String], _ timeout: Int?) throws {
        let names = try change { change throws(Failure) in try change.stop(services) }
        for container in containers.values where names.contains(container.record.config.service) {
            container.stopTimeout = timeout
            // One that waits for its restart rests now.
            if container.state.phase == .exited {
                let service = container.record.config.service
                container.state.rest(at: realTime(), saved?.desired.services[service])
                save(container)
            }
        }
        waitUntilReached(client, names)
    }

    private func restart(_ client: Connection, _ services: [String], _ timeout: Int?, alone: Bool) throws {
        let names = try change { change throws(Failure) in
            try change.restart(services, alone: alone, at: realTime())
        }
        for container in containers.values where names.contains(container.record.config.service) {
            container.stopTimeout = timeout
        }
        waitUntilReached(client, names)
    }

    private func kill(_ client: Connection, _ services: [String], _ signal: Int32, index: Int?) throws {
        let names = try select(services)
        for container in containers.values
        where names.contains(container.record.config.service) && (index == nil || index == container.state.number) {
            guard let pidfd = container.pidfd, container.state.phase == .running || container.state.phase == .stopping
            else { continue }
            let stopSignal = signalNumber(
                container.service.stopSignal ?? container.record.config.imageConfig.stopSignal ?? "TERM")
            if signal == SIGKILL || signal == stopSignal {
                container.state.kill(at: realTime())
                save(container)
            }
            emit(container, .kill)
            trice_pidfd_send_signal(pidfd.raw, signal)
        }
        client.end(.finished(0))
    }

    private func pause(_ client: Connection, _ services: [String], _ frozen: Bool) throws {
        if let absence = hierarchy.absence {
            throw Failure("containers cannot be paused: \(absence)", hint: hierarchy.remedy)
        }
        for container in containers.values where try select(services).contains(container.record.config.service) {
            if container.state.phase == .running && container.record.state.paused != frozen {
                freeze(container, frozen)
            }
        }
        client.end(.finished(0))
    }

    private func remove(_ client: Connection, _ services: [String], stop: Bool) throws {
        let names = try change { change throws(Failure) in try change.remove(services, stops: stop) }
        listeners.append(client)
        for container in containers.values
        where names.contains(container.record.config.service) && !container.state.isLive {
            _ = remove(container)
        }
        if stop { waitUntilReached(client, names) } else { client.end(.finished(0)) }
    }

    private func listen(_ client: Connection, since: UInt64?) throws {
        if let since {
            eventLog.flush()
            for event in try EventLog.read(paths, since: since) { client.send(.event(event)) }
        }
        listeners.append(client)
    }

    private func wait(_ client: Connection, _ services: [String], any: Bool) throws {
        let names = try select(services)
        let ids = containers.values.filter { names.contains($0.record.config.service) && !$0.state.isOneOff }.map(\.id)
        waiters.append(Waiter(client, .ended(ids, any: any)))
        reconcile()
    }

    // MARK: Pieces

    func project(from descriptors: [Descriptor]) throws -> Project {
        guard let document = descriptors.first else { throw Failure("the request comes without a project") }
        return try projectReading.project(from: readWhole(document.raw))
    }

    /// The services named, or all that there are.
    private func select(_ services: [String]) throws(Failure) -> Set<String> {
        try ServiceChange(saved, beside: containers.values.map(\.state)).select(services)
    }

    /// Changes the goals.
    ///
    /// - Returns: the services that this is about.
    private func change(_ body: (inout ServiceChange) throws(Failure) -> Set<String>) throws -> Set<String> {
        var change = ServiceChange(saved, beside: containers.values.map(\.state))
        let names = try body(&change)
        if var next = change.saved {
            next.desired.parallelism = parallelism
            try keep(next)
        }
        return names
    }

    private func waitUntilReached(_ client: Connection, _ names: Set<String>, healthy: Bool = false) {
        if !listeners.contains(where: { $0 === client }) { listeners.append(client) }
        waiters.append(Waiter(client, .reached(names, healthy: healthy)))
        reconcile()
    }
}
