// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Glibc
import Images
import Linux
import Networking
import Reconciler
import Runtime

/// Holds one project: observes, plans, acts, and serves clients. All of it on one thread.
final class Supervisor {
    static let traceName = "supervisor"
    /// So many processes are asked for at a time: those that are there get their network while others are prepared, and what a
    /// large project has under way takes bounded memory and descriptors.
    private static let mostRequested = 32

    let paths: ProjectPaths
    let loop: EventLoop
    let records: RecordStore
    let images: ImageStore
    let resolvedImages: ResolvedImages
    let volumes: VolumeStore
    let launcher: LauncherClient
    let networks: ProjectNetworks
    let ports: PortPublisher
    let resolvers: NameService
    private var flushIsDue = false
    private var flushPace = Pace()
    private var planPace = Pace()
    private var firewallWatch: FirewallWatch?
    let hierarchy: ControlGroupHierarchy
    let deviceFilters = DeviceFilters()
    let seccompFilters = SeccompFilters()
    let userNamespaces: UserNamespaces
    var server: Server?

    var saved: SavedProject?
    /// False where the disk did not take what was to be saved.
    var isSavedOnDisk = true
    var savedEncoding = SavedProjectEncoding()
    var projectReading = ProjectReading()
    var containers: [String: Container] = [:]
    /// Volumes that this supervisor has seen or made.
    var knownVolumes: Set<String> = []
    /// AppArmor profiles that were seen in the kernel.
    var loadedProfiles: Set<String> = []
    /// What could not be made, by service: planned again when the user asks again.
    var creationFailures: [String: (failure: Failure, time: UInt64)] = [:]
    /// Anonymous volumes of a container that is made again: mount point → volume, by the container's name.
    var handedOnVolumes: [String: [String: String]] = [:]
    /// Containers made before do not hand their anonymous volumes on: `--renew-anon-volumes`.
    var renewVolumesBefore: UInt64 = 0
    var networkFailure: (failure: Failure, time: UInt64)?
    /// Clients that wait until what they asked for is so.
    var waiters: [Waiter] = []
    var listeners: [Connection] = []
    let eventLog: EventLog
    /// What the request that is handled says of it (`Desired.parallelism`).
    var parallelism: Int?
    /// Requests that wait until a `down` is done.
    var queued: [() -> Void] = []
    var pendingRuns: [PendingRun] = []
    /// What to do when a process that `exec` started ends, by its id.
    var execs: [String: (LauncherReply.Ended) -> Void] = [:]
    /// Volumes that are being filled, by the container that was made with them.
    var fillings: [String: Set<String>] = [:]
    /// Cloned, and not connected to their networks yet.
    var born: [(container: Container, created: LauncherClient.Created)] = []
    var wakeTimer: EventLoop.Timer?
    private var startsAreDeferred = false
    var reconcileIsDue = false
    var leaving = false
    /// Who asked for a trace of what goes on.
    var traced: Connection?

    init(paths: ProjectPaths, channel: PacketSocket, loop: EventLoop) throws {
        (self.paths, self.loop) = (paths, loop)
        try Firewall.reserveDescriptors()
        records = RecordStore(paths)
        images = ImageStore(root: paths.roots.root)
        resolvedImages = ResolvedImages(images)
        volumes = VolumeStore(paths.roots)
        userNamespaces = UserNamespaces(paths)
        launcher = LauncherClient(channel, on: loop)
        networks = try ProjectNetworks(project: paths.project, roots: paths.roots)
        let outside = try HolderPorts(paths.roots)
        ports = PortPublisher(firewall: networks.firewall, launcher: launcher, from: outside, on: loop) { [networks] in
            networks.entrance(of: $0)
        }
        resolvers = NameService(networks: networks, on: loop)
        hierarchy = try ProjectControlGroups.of(paths)
        eventLog = EventLog(paths, on: loop)
        networks.onPending = { [unowned self] in
            if self.flushIsDue { return }
            self.flushIsDue = true
            self.loop.soon(pacedBy: self.flushPace) { [unowned self] in
                self.flushIsDue = false
                let start = EventLoop.now
                Trace.span("flush") { self.networks.flush() }
                self.flushPace.wasDone(since: start)
            }
        }
        firewallWatch = try watchFirewall()
    }

    /// - Returns: nil with a kernel without nf_tables: there are no tables to remove, and the first network says so.
    private func watchFirewall() throws(SystemError) -> FirewallWatch? {
        do {
            return try FirewallWatch(tag: paths.roots.tag, on: loop) {
                log("whether somebody removes the firewall's tables is not seen any more: \($0)")
            } onRemoval: { [unowned self] in
                self.restoreFirewall()
            }
        } catch {
            guard error.errno == EPROTONOSUPPORT else { throw error }
            log("there is no firewall to watch: \(error)")
            return nil
        }
    }

    /// Takes over what runs, and serves until the project needs nobody any more.
    ///
    /// - Parameter isFirst: whether no launcher had the project before this one in this run of the machine.
    func run(listener: Descriptor, isFirst: Bool) throws {
        let start = Trace.now
        guard try takeCharge() else { return launcher.quit() }
        // One before this that is dying may still be in a system call that takes a container's output out of its pipe.
        let lock = try ProcessLock(paths.supervisorLock)
        defer { withExtendedLifetime(lock) {} }
        try recordPID()
        let (children, ended) = try launcher.hello()
        launcher.onEnded = { [unowned self] in self.processEnded($0) }
        launcher.onLost = { [unowned self] in self.launcherLost() }
        try launcher.begin()
        saved = try records.loadDesired()
        // A launcher that has started something is no news of the machine's start.
        let areOfThisRun = !isFirst || !children.isEmpty || !ended.isEmpty
        try adopt(children: children, ended: ended, areOfThisRun: areOfThisRun)
        server = try Server(listener, on: loop) { [unowned self] connection, request, descriptors in
            self.handle(connection, request, descriptors)
        }
        server?.onLeave = { [unowned self] in self.clientLeft($0) }
        Trace.record("take over", since: start)
        reconcile()
        try loop.run()
    }

    // MARK: Observe, plan, act

    /// Looks again when the current events are dealt with.
    func reconcile() {
        guard !reconcileIsDue else { return }
        reconcileIsDue = true
        loop.soon(pacedBy: planPace) { [unowned self] in
            self.reconcileIsDue = false
            self.look()
        }
    }

    private func look() {
        var plan = Plan()
        // What is made at once may allow the next step: a network its containers, a container its start.
        for _ in 0..<16 {
            let start = EventLoop.now
            plan = Trace.span("plan") {
                Reconciler.plan(saved?.desired ?? Desired(), observe(), now: realTime() + Supervisor.headStart)
            }
            planPace.wasDone(since: start)
            prepareStarts(plan)
            var progressed = removeNetworks(plan)
            for action in plan.actions where perform(action) { progressed = true }
            if !progressed { break }
        }
        if let wakeTimer { loop.cancel(wakeTimer) }
        wakeTimer = plan.wake.map { time in
            let now = realTime() + Supervisor.headStart
            return loop.schedule(after: time > now ? time - now : 0) { [unowned self] in self.reconcile() }
        }
        startPendingRuns(plan)
        settle(plan)
        leaveIfIdle()
    }

    private func prepareStarts(_ plan: Plan) {
        let starting = plan.actions.compactMap { action in
            if case .start(let id) = action { containers[id] } else { nil }
        }
        do { try Trace.span("addresses of all") { try leaseAddresses(of: starting) } } catch {
            log("\(starting.count) containers cannot be given addresses at once: \(error)")
        }
    }

    /// All of a plan at once, which takes hardly longer than one.
    ///
    /// - Returns: whether there was any.
    private func removeNetworks(_ plan: Plan) -> Bool {
        let names = plan.actions.compactMap { action in
            if case .removeNetwork(let name) = action { name } else { nil }
        }
        if names.isEmpty { return false }
        do {
            let kept = try Trace.span("networks removed") { try networks.remove(names) }
            for name in names {
                emit(.network, kept.contains(name) ? .removing : .destroy, id: name, name: name)
            }
        } catch { log("the networks \(names.joined(separator: ", ")) cannot be removed: \(error)") }
        return true
    }

    /// Goes on with starts that had to wait.
    func continueStarts() {
        guard startsAreDeferred, launcher.requested <= Supervisor.mostRequested / 2 else { return }
        startsAreDeferred = false
        reconcile()
    }

    private func observe() -> Observed {
        var states = containers.values.map(\.state)
        for (service, failed) in creationFailures {
            var state = ContainerState(
                id: "", name: service, service: service, number: 1, hash: saved?.desired.services[service]?.hash ?? "")
            (state.phase, state.finished, state.failure) = (.failed, failed.time, failed.failure.message)
            state.created = failed.time
            states.append(state)
        }
        return Observed(
            containers: states, networks: networks.names, volumes: knownVolumes, changedNetworks: changedNetworks)
    }

    /// - Returns: whether it is done already, so that the next step can be planned.
    private func perform(_ action: Action) -> Bool {
        switch action {
        case .createNetwork(let name): return Trace.span("network \(name)") { createNetwork(name) }
        case .createVolume(let name): return createVolume(name)
        case .create(let service, let number):
            guard creationFailures[service] == nil, networkFailure == nil else { return false }
            return Trace.span("create \(service)-\(number)") { createContainer(service, number) }
        case .start(let id):
            guard let container = containers[id] else {
                // The stand-in of a container that could not be made: the user asks again.
                creationFailures.removeAll()
                return true
            }
            guard launcher.requested < Supervisor.mostRequested else {
                startsAreDeferred = true
                return false
            }
            if isFilling(container) { return false }
            start(container)
            return false
        case .stop(let id):
            if let container = containers[id] { stop(container) }
            return false
        case .remove(let id):
            guard let container = containers[id] else {
                creationFailures.removeAll()
                return true
            }
            return fillings[id] == nil && remove(container)
        case .rollBack(let service, let reason): return rollBack(service, reason)
        case .endRollout(let service): return endRollout(service)
        case .removeNetwork: return false
        }
    }

    private func createNetwork(_ name: String) -> Bool {
        guard let network = saved?.project.networks.first(where: { $0.name == name }) else { return false }
        do {
            let isNew = try NetworkStore(paths.roots).record(name) == nil
            try networks.ensure(network)
            networkFailure = nil
            if isNew { emit(.network, .create, id: name, name: name) }
            return true
        } catch {
            networkFailure = (error as? Failure ?? Failure("\(error)"), realTime())
            return false
        }
    }

    private func createVolume(_ name: String) -> Bool {
        guard let saved, let volume = saved.project.volumes.first(where: { $0.name == name }) else { return false }
        do {
            if !volumes.exists(name) {
                guard !volume.isExternal else {
                    throw Failure(
                        "external volume \"\(name)\" not found", at: volume.location,
                        hint: "make it with: trice volume create \(name)")
                }
                try volumes.create(
                    VolumeStore.Record(
                        name: name, project: paths.project, key: volume.key,
                        labels: Dictionary(volume.labels.map { ($0.name, $0.value) }) { $1 }, created: realTime(),
                        mount: volume.fileSystem,
                        size: try volume.diskLimit()))
                emit(.volume, .create, id: name, name: name)
            }
            knownVolumes.insert(name)
            return true
        } catch {
            networkFailure = (
                error as? Failure ?? Failure("volume \(name) cannot be made: \(error)", at: volume.location), realTime()
            )
            return false
        }
    }

    // MARK: Telling

    func emit(
        _ kind: Event.Kind, _ action: Event.Action, id: String, name: String, service: String = "",
        change: (inout Event) -> Void = { _ in }
    ) {
        var event = Event(time: realTime(), kind: kind, action: action, id: id, name: name, service: service)
        change(&event)
        eventLog.append(event)
        for listener in listeners { listener.send(.event(event)) }
    }

    func emit(_ container: Container, _ action: Event.Action, change: (inout Event) -> Void = { _ in }) {
        emit(
            .container, action, id: container.id, name: container.record.name, service: container.record.config.service
        ) {
            $0.image = container.record.config.image
            change(&$0)
        }
    }
}
