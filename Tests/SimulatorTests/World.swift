// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Reconciler

/// One project on one host: files on disk, processes, a supervisor that comes and goes, and a clock that only events move.
struct World {
    let graph: Graph
    let planner: PlanFunction
    var clock = 1000 * second
    /// On disk, as all that the user asks for.
    var desired: Desired?
    var containers: [Simulated] = []
    var networks: Set<String> = []
    var volumes: Set<String> = []
    /// How often each service was changed in the file, by its bit.
    var revisions = [Int](repeating: 1, count: 8)

    /// What services were before their rollout, by name.
    var previous: [String: ServiceGoal] = [:]

    var supervisorLives = true
    var launcherHasDied = false
    /// When the supervisor looks again by itself.
    var wake: UInt64?
    /// A `down` that a client waits for; what comes meanwhile waits for it.
    var downIsAwaited = false
    var queued: [Request] = []
    /// Before, nobody was there to do anything, or it was not asked for.
    var heldUntil: UInt64 = 0
    var violation: Violation?

    init(_ graph: Graph, _ planner: @escaping PlanFunction) { (self.graph, self.planner) = (graph, planner) }

    mutating func broken(_ rule: String, _ detail: @autoclosure () -> String) {
        if violation == nil { violation = Violation(rule: rule, detail: detail()) }
    }

    func goal(_ container: Simulated) -> ServiceGoal? { desired?.services[container.node.name] }

    // MARK: The clock

    mutating func elapse(_ time: UInt64) {
        let end = clock + time
        var looks = 0
        while supervisorLives, let next = wake, next <= end, violation == nil {
            clock = max(clock, next)
            look()
            looks += 1
            if looks > 200 { return broken("comes to rest", "wakes again and again") }
        }
        clock = end
    }

    // MARK: Observe, plan, act

    /// What the supervisor does after each event.
    mutating func look() {
        for _ in 0..<16 {
            let plan = planner(
                desired ?? Desired(),
                Observed(containers: containers.map(\.state), networks: networks, volumes: volumes), clock)
            check(plan)
            if violation != nil { return }
            var progressed = false
            for action in plan.actions where perform(action) { progressed = true }
            wake = plan.wake
            if !progressed { break }
        }
        if downIsAwaited && containers.isEmpty && networks.isEmpty {
            (downIsAwaited, desired, volumes) = (false, nil, [])
            let requests = queued
            queued = []
            for request in requests { ask(request) }
        }
    }

    /// - Returns: whether it is done already.
    private mutating func perform(_ action: Action) -> Bool {
        switch action {
        case .createNetwork(let name): networks.insert(name)
        case .createVolume(let name): volumes.insert(name)
        case .removeNetwork(let name): networks.remove(name)
        case .create(let service, let number):
            guard let node = graph.node(service) else { return false }
            var state = ContainerState(
                id: "\(service).\(number)@\((clock - 1000 * second) / millisecond)", name: service, service: service,
                number: number, hash: desired?.services[service]?.hash ?? "")
            state.created = clock
            containers.append(Simulated(state, node))
        case .rollBack(let service, let reason):
            guard let goal = desired?.services[service] else { return false }
            if let before = previous[service] {
                let rollout = graph.node(service)?.rollout ?? Rollout()
                desired?.services[service] = goal.rolledBack(to: before, rollout, because: reason, at: clock)
            } else {
                desired?.services[service]?.rollout?.failureAction = .pause
            }
        case .endRollout(let service): desired?.services[service]?.rollout?.began = 0
        case .remove(let id): containers.removeAll { $0.state.id == id }
        case .start(let id):
            guard let index = containers.firstIndex(where: { $0.state.id == id }) else { return false }
            containers[index].state.beginStart(goal(containers[index]))
            return false
        case .stop(let id):
            guard let index = containers.firstIndex(where: { $0.state.id == id }) else { return false }
            beginStop(index)
            return false
        }
        return true
    }

    mutating func beginStop(_ index: Int) {
        containers[index].state.beginStop(at: clock, goal(containers[index]))
        containers[index].process?.dies = 143
        containers[index].truth.stoppedForHealth = isUnfit(containers[index])
        containers[index].truth.isStopping = true
        containers[index].truth.stopBegan = clock
        containers[index].save()
    }

    // MARK: The end

    /// Lets all that is under way end well.
    mutating func comeToRest() {
        recover()
        for _ in 0..<400 {
            if violation != nil { return }
            if containers.contains(where: \.isUnderWay) {
                happen(.progress(0))
            } else if let wake {
                elapse(max(wake, clock) - clock)
            } else {
                return checkRest()
            }
        }
        broken("comes to rest", "still at work after 400 steps")
    }
}
