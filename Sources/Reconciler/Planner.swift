// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The work of one call of `plan`.
struct Planner {
    let desired: Desired
    let observed: Observed
    let now: UInt64
    var plan = Plan()

    /// Replicas by service, in the order in which they are kept: those that are as desired first, each in the order of
    /// their numbers.
    private var replicas: [String: [ContainerState]] = [:]
    /// Services that name this one in `depends_on`.
    private var dependents: [String: [String]] = [:]
    private var readiness: [DependencyGoal: Readiness] = [:]
    private let networksReady: Bool
    /// Containers on networks that are made again: they go first.
    private let uprooted: Set<String>
    /// How many more starts and stops may begin.
    private var room = Int.max

    init(_ desired: Desired, _ observed: Observed, now: UInt64) {
        (self.desired, self.observed, self.now) = (desired, observed, now)
        networksReady =
            desired.networks.isSubset(of: observed.networks) && desired.volumes.isSubset(of: observed.volumes)
            && observed.changedNetworks.isEmpty
        uprooted = observed.changedNetworks.values.reduce(into: []) { $0.formUnion($1) }
        if let most = desired.parallelism {
            room = max(0, most - observed.containers.count { [.starting, .stopping].contains($0.phase) })
        }
        for container in observed.containers where !container.isOneOff {
            replicas[container.service, default: []].append(container)
        }
        for service in replicas.keys {
            let goal = desired.services[service]
            func order(_ container: ContainerState) -> (Int, Int) {
                (goal?.isStale(container) ?? false ? 1 : 0, container.number)
            }
            replicas[service]?.sort { order($0) < order($1) }
        }
        for (name, goal) in desired.services {
            for dependency in goal.dependencies { dependents[dependency.service, default: []].append(name) }
        }
    }

    mutating func run() {
        if desired.down { return takeDown() }
        for (network, containers) in observed.changedNetworks.sorted(by: { $0.key < $1.key }) where containers.isEmpty {
            plan.actions.append(.removeNetwork(network))
        }
        for network in desired.networks.subtracting(observed.networks).sorted() {
            plan.actions.append(.createNetwork(network))
        }
        for volume in desired.volumes.subtracting(observed.volumes).sorted() {
            plan.actions.append(.createVolume(volume))
        }
        for name in desired.services.keys.sorted() {
            guard let goal = desired.services[name] else { continue }
            var verdict = reconcile(name, goal)
            if let reason = goal.rolledBack, verdict == .settled { verdict = .failed(reason) }
            plan.verdicts[name] = verdict
        }
        if desired.removeOrphans {
            for container in observed.containers where !container.isOneOff && desired.services[container.service] == nil
            {
                plan.verdicts[container.service] = stopThenRemove(container)
            }
        }
    }

    private mutating func takeDown() {
        for container in observed.containers { _ = stopThenRemove(container) }
        if observed.containers.isEmpty {
            for network in observed.networks.sorted() { plan.actions.append(.removeNetwork(network)) }
        }
    }

    // MARK: One service

    private mutating func reconcile(_ name: String, _ goal: ServiceGoal) -> Verdict {
        let containers = replicas[name] ?? []
        let leaving = containers.filter { uprooted.contains($0.id) }
        if !leaving.isEmpty { return all(leaving.map { stopThenRemove($0) }) }
        switch goal.intent {
        case .removed:
            return all(containers.map { stopThenRemove($0) })
        case .stopped:
            return all(containers.map { stop($0) })
        case .running where goal.rollout.map({ $0.began > 0 }) ?? false:
            return roll(name, goal, goal.rollout ?? Rollout(), containers, gate(of: goal))
        case .created, .running:
            let kept = containers.prefix(goal.replicas)
            let surplus = containers.dropFirst(goal.replicas).map { stopThenRemove($0) }
            let gate = goal.intent == .running ? self.gate(of: goal) : .ready
            var verdicts = surplus + kept.map { keep($0, goal, gate) }
            let missing = max(0, goal.replicas - kept.count)
            create(name, missing, beside: Array(kept))
            verdicts += Array(repeating: gate.verdict(otherwise: .pending), count: missing)
            return all(verdicts)
        }
    }

    /// Makes so many replicas, with the lowest numbers that are free.
    mutating func create(_ name: String, _ count: Int, beside others: [ContainerState]) {
        guard networksReady else { return }
        var taken = Set(others.map(\.number)), number = 1
        for _ in 0..<count {
            while taken.contains(number) { number += 1 }
            taken.insert(number)
            plan.actions.append(.create(service: name, number: number))
        }
    }

    mutating func wake(at time: UInt64) { plan.wake = min(plan.wake ?? time, time) }

    /// Brings one replica to the goal.
    mutating func keep(_ container: ContainerState, _ goal: ServiceGoal, _ gate: Readiness) -> Verdict {
        if goal.isStale(container) {
            // The old one serves until the new one may start; where it is to be restarted its dependencies wait for its stop.
            guard gate == .ready || container.started < goal.restartBefore else {
                return gate.verdict(otherwise: .pending)
            }
            return stopThenRemove(container)
        }
        switch container.phase {
        case .starting, .stopping, .removing: return .pending
        case .running:
            if container.started < goal.restartBefore {
                _ = stop(container)
                return .pending
            }
            if goal.isUnfit(container) {
                _ = stop(container)
                return .pending
            }
            if container.isSettingUp { return .pending }
            return container.failed > goal.requested ? .failed(container.failure) : .settled
        case .created:
            return goal.intent == .created ? .settled : start(container, gate)
        case .failed:
            if goal.intent == .running && container.finished < goal.requested { return start(container, gate) }
            return .failed(container.failure)
        case .exited:
            guard goal.intent == .running else { return .settled }
            if container.started < goal.restartBefore { return start(container, gate) }
            if isRunAgain(container, goal) { return start(container, gate) }
            guard let time = RestartBackOff.restartTime(of: container, goal) else { return .settled }
            // The policy's restarts do not ask the dependencies, as with Docker.
            if time <= now { return start(container, .ready) }
            wake(at: time)
            return .settled
        }
    }

    /// A one-shot container that has done its work.
    func isCompleted(_ container: ContainerState, _ goal: ServiceGoal) -> Bool {
        guard container.exitCode == 0, !container.stoppedByUser else { return false }
        if case .onFailure = goal.restart { return true }
        return goal.restart == .no
    }

    /// Whether an ended container starts because the user asked after its end, or while it was being stopped.
    func isRunAgain(_ container: ContainerState, _ goal: ServiceGoal) -> Bool {
        let end = container.stoppedByUser ? min(container.finished, container.stopBegan) : container.finished
        return end < goal.requested && (goal.rerunsCompleted || !isCompleted(container, goal))
    }

    private mutating func start(_ container: ContainerState, _ gate: Readiness) -> Verdict {
        guard gate == .ready, networksReady else { return gate.verdict(otherwise: .pending) }
        if room > 0 {
            plan.actions.append(.start(container: container.id))
            room -= 1
        }
        return .pending
    }

    private mutating func stop(_ container: ContainerState) -> Verdict {
        switch container.phase {
        case .created, .exited, .failed: return .settled
        case .starting, .stopping, .removing: return .pending
        case .running:
            if room > 0 && !isNeeded(container.service) {
                plan.actions.append(.stop(container: container.id))
                room -= 1
            }
            return .pending
        }
    }

    mutating func stopThenRemove(_ container: ContainerState) -> Verdict {
        if stop(container) == .settled { plan.actions.append(.remove(container: container.id)) }
        return .pending
    }

    /// Whether a service that depends on this one still runs and is to be stopped before.
    private func isNeeded(_ service: String) -> Bool {
        (dependents[service] ?? []).contains { name in
            guard let goal = desired.services[name] else { return false }
            return (replicas[name] ?? []).contains { $0.isLive && isLeaving($0, goal) }
        }
    }

    /// Whether this container will not be running a moment from now.
    private func isLeaving(_ container: ContainerState, _ goal: ServiceGoal) -> Bool {
        if desired.down || container.phase == .stopping || uprooted.contains(container.id) { return true }
        switch goal.intent {
        case .stopped, .removed: return true
        case .created: return false
        case .running: return container.started < goal.restartBefore
        }
    }

    // MARK: Dependencies

    /// Whether everything that the service depends on is as its conditions ask.
    private mutating func gate(of goal: ServiceGoal) -> Readiness {
        if goal.ignoresDependencies { return .ready }
        var result = Readiness.ready
        for dependency in goal.dependencies {
            switch readiness(of: dependency) {
            case .ready: continue
            case .waiting: if case .ready = result { result = .waiting }
            case .failed(let reason): if dependency.required { return .failed(reason) }
            }
        }
        return result
    }

    private mutating func readiness(of dependency: DependencyGoal) -> Readiness {
        if let known = readiness[dependency] { return known }
        let result = lookAt(dependency)
        readiness[dependency] = result
        return result
    }

    private func lookAt(_ dependency: DependencyGoal) -> Readiness {
        // One that the user does not want to run is not waited for.
        guard let goal = desired.services[dependency.service], goal.intent == .running else { return .ready }
        let containers = (replicas[dependency.service] ?? []).prefix(goal.replicas)
        if containers.count < goal.replicas { return .waiting }
        var result = Readiness.ready
        for container in containers {
            switch lookAt(container, goal, dependency) {
            case .ready: continue
            case .waiting: result = .waiting
            case .failed(let reason): return .failed(reason)
            }
        }
        return result
    }

    private func lookAt(_ container: ContainerState, _ goal: ServiceGoal, _ dependency: DependencyGoal) -> Readiness {
        if goal.isStale(container) { return .waiting }
        if container.started < goal.restartBefore && container.phase != .failed { return .waiting }
        switch container.phase {
        case .starting, .stopping, .removing, .created: return .waiting
        case .failed: return container.finished < goal.requested ? .waiting : .failed(container.failure)
        case .exited where isRunAgain(container, goal): return .waiting
        case .running where container.isSettingUp: return .waiting
        case .running where container.failed > goal.requested: return .failed(container.failure)
        case .running, .exited: break
        }
        let restarts = RestartBackOff.restartTime(of: container, goal) != nil
        switch dependency.condition {
        case .started: return .ready
        case .healthy:
            guard goal.hasHealthcheck else {
                return .failed("dependency failed to start: container \(container.name) has no healthcheck configured")
            }
            if container.phase == .exited {
                return restarts
                    ? .waiting
                    : .failed("dependency failed to start: container \(container.name) exited (\(container.exitCode))")
            }
            switch container.health {
            case .healthy: return .ready
            case .unhealthy where goal.restartsUnhealthy: return .waiting
            case .unhealthy: return .failed("dependency failed to start: container \(container.name) is unhealthy")
            case .none, .starting: return .waiting
            }
        case .completed:
            guard container.phase == .exited else { return .waiting }
            if container.exitCode == 0 { return .ready }
            return restarts
                ? .waiting
                : .failed("service \"\(container.service)\" didn't complete successfully: exit \(container.exitCode)")
        }
    }

    func all(_ verdicts: [Verdict]) -> Verdict {
        var result = Verdict.settled
        for verdict in verdicts {
            switch verdict {
            case .failed: return verdict
            case .pending: result = .pending
            case .settled: continue
            }
        }
        return result
    }
}

/// Whether a dependency is as its condition asks.
enum Readiness: Hashable {
    case ready
    case waiting
    case failed(String)

    /// What it means for who waits.
    func verdict(otherwise: Verdict) -> Verdict {
        switch self {
        case .failed(let reason): .failed(reason)
        case .waiting: .pending
        case .ready: otherwise
        }
    }
}
