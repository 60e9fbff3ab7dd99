// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Reconciler

/// Lets the planner work on random projects in a small model of the world.
@Suite struct ConvergenceTests {
    enum Kind: CaseIterable { case plain, checked, oneShot }

    /// A project whose containers do what their services do, in a random order.
    struct World {
        var random: SplitMix
        var desired = Desired()
        var observed = Observed()
        var kinds: [String: Kind] = [:]
        /// Names in an order in which each service depends only on earlier ones.
        var names: [String] = []
        var clock = second
        var wrong: [String] = []

        init(seed: UInt64) {
            random = SplitMix(state: seed)
            desired.networks = ["n", "m"]
            desired.volumes = ["v"]
            for index in 0..<Int.random(in: 1...12, using: &random) {
                // Names whose order says nothing about the graph.
                let name = "\(random.next() % 1000)-\(index)"
                let kind = Kind.allCases[Int(random.next() % 3)]
                var goal = ServiceGoal(replicas: Int.random(in: 0...3, using: &random), hash: "1", requested: clock)
                goal.hasHealthcheck = kind == .checked
                goal.restart = kind == .oneShot ? [.no, .onFailure(3)][Int(random.next() % 2)] : .always
                for earlier in names where random.next() % 3 == 0 {
                    var conditions: [DependencyGoal.Condition] = [.started]
                    if kinds[earlier] == .checked { conditions = [.healthy, .started] }
                    if kinds[earlier] == .oneShot { conditions = [.completed, .started] }
                    let condition = conditions[Int(random.next() % UInt64(conditions.count))]
                    goal.dependencies.append(DependencyGoal(earlier, condition, required: random.next() % 4 != 0))
                }
                names.append(name)
                (kinds[name], desired.services[name]) = (kind, goal)
            }
        }

        /// One look of the planner, all that it plans, and some of what is under way.
        ///
        /// - Returns: whether anything happened or is under way.
        mutating func step() -> Bool {
            clock += millisecond
            let plan = Reconciler.plan(desired, observed, now: clock)
            if Set(plan.actions).count != plan.actions.count { wrong.append("planned twice: \(plan.actions)") }
            // What is planned together must be allowed from the same state, whatever comes first.
            let before = observed
            for action in plan.actions.shuffled(using: &random) { apply(action, before) }
            let moved = progress()
            return !plan.actions.isEmpty || moved
        }

        /// Steps until nothing happens, which must come within the bound.
        mutating func settle(within bound: Int = 600) {
            for _ in 0..<bound where !step() { return }
            wrong.append("does not converge")
        }

        private mutating func apply(_ action: Action, _ before: Observed) {
            switch action {
            case .createNetwork(let name):
                if !observed.networks.insert(name).inserted { wrong.append("network made again") }
            case .createVolume(let name):
                if !observed.volumes.insert(name).inserted { wrong.append("volume made again") }
            case .removeNetwork(let name):
                if !before.containers.isEmpty { wrong.append("network removed under containers") }
                observed.networks.remove(name)
            case .create(let service, let number):
                if observed.containers.contains(where: { $0.service == service && $0.number == number }) {
                    wrong.append("\(action): is there")
                }
                if !desired.networks.isSubset(of: before.networks) || !desired.volumes.isSubset(of: before.volumes) {
                    wrong.append("\(action): without its networks and volumes")
                }
                var state = ContainerState(
                    id: "\(service)/\(number)@\(clock)", name: "\(service)-\(number)", service: service, number: number,
                    hash: desired.services[service]?.hash ?? "")
                state.created = clock
                observed.containers.append(state)
            case .start(let id):
                change(id, action, from: [.created, .exited, .failed]) {
                    ($0.phase, $0.stoppedByUser) = (.starting, false)
                }
                if let goal = before.containers.first(where: { $0.id == id }).flatMap({ desired.services[$0.service] })
                {
                    for dependency in goal.dependencies where !holds(dependency, before) {
                        wrong.append("\(action): before \(dependency)")
                    }
                }
            case .stop(let id):
                let began = clock
                change(id, action, from: [.running]) { ($0.phase, $0.stopBegan) = (.stopping, began) }
                guard desired.down, let state = before.containers.first(where: { $0.id == id }) else { return }
                for (name, goal) in desired.services
                where goal.dependencies.contains(where: { $0.service == state.service }) {
                    if before.containers.contains(where: { $0.service == name && $0.isLive }) {
                        wrong.append("\(action): before \(name)")
                    }
                }
            case .remove(let id): change(id, action, from: [.created, .exited, .failed]) { $0.phase = .removing }
            }
        }

        private mutating func change(
            _ id: String, _ action: Action, from phases: [ContainerState.Phase], _ body: (inout ContainerState) -> Void
        ) {
            guard let index = observed.containers.firstIndex(where: { $0.id == id }) else {
                return wrong.append("\(action): is not there")
            }
            if !phases.contains(observed.containers[index].phase) {
                wrong.append("\(action): is \(observed.containers[index].phase)")
            }
            body(&observed.containers[index])
        }

        /// The condition as the specification words it, told from what is there alone.
        private func holds(_ dependency: DependencyGoal, _ observed: Observed) -> Bool {
            guard let goal = desired.services[dependency.service] else { return true }
            let containers = observed.containers.filter {
                $0.service == dependency.service && $0.hash == goal.hash && $0.started > 0
            }
            let good = containers.filter {
                switch dependency.condition {
                case .started: $0.phase == .running || $0.phase == .exited
                case .healthy: $0.phase == .running && $0.health == .healthy
                case .completed: $0.phase == .exited && $0.exitCode == 0
                }
            }
            return good.count >= goal.replicas
        }

        /// Each thing that is under way goes on with a probability of one half.
        private mutating func progress() -> Bool {
            var moved = false
            for index in observed.containers.indices.reversed() {
                let kind = kinds[observed.containers[index].service]
                switch (observed.containers[index].phase, observed.containers[index].health) {
                case (.starting, _), (.stopping, _), (.removing, _), (.running, .starting): break
                case (.running, _) where kind == .oneShot: break
                default: continue
                }
                moved = true
                if random.next() % 2 == 0 { continue }
                clock += millisecond
                switch observed.containers[index].phase {
                case .starting:
                    observed.containers[index].phase = .running
                    observed.containers[index].started = clock
                    observed.containers[index].health = kind == .checked ? .starting : .none
                case .stopping:
                    observed.containers[index].phase = .exited
                    (observed.containers[index].exitCode, observed.containers[index].finished) = (143, clock)
                    observed.containers[index].stoppedByUser = true
                case .removing: observed.containers.remove(at: index)
                default:
                    if kind == .oneShot {
                        observed.containers[index].phase = .exited
                        (observed.containers[index].exitCode, observed.containers[index].finished) = (0, clock)
                    } else {
                        observed.containers[index].health = .healthy
                    }
                }
            }
            return moved
        }

        /// Whether each service has exactly the containers that it is to have, in the end that is theirs.
        var isAsDesired: Bool {
            names.allSatisfy { name in
                guard let goal = desired.services[name] else { return false }
                let own = observed.containers.filter { $0.service == name }
                return own.count == goal.replicas && Set(own.map(\.number)).count == own.count
                    && own.allSatisfy {
                        $0.hash == goal.hash && $0.phase == (kinds[name] == .oneShot ? .exited : .running)
                    }
            }
        }
    }

    @Test(arguments: 0..<250 as Range<UInt64>)
    func `a random project comes up, changes and goes down`(_ seed: UInt64) {
        var world = World(seed: seed)
        world.settle()
        #expect(world.isAsDesired)
        let settled = plan(world.desired, world.observed, now: world.clock)
        #expect(settled.actions.isEmpty)
        #expect(settled.verdicts.values.allSatisfy { $0 == .settled })

        // Other configurations, other numbers; in half of the runs the end comes before that is done.
        world.clock += second
        for name in world.names {
            if world.random.next() % 3 == 0 { world.desired.services[name]?.hash = "2" }
            if world.random.next() % 3 == 0 {
                world.desired.services[name]?.replicas = Int.random(in: 0...3, using: &world.random)
            }
            if world.random.next() % 4 == 0 { world.desired.services[name]?.recreateBefore = world.clock }
            world.desired.services[name]?.requested = world.clock
        }
        if seed % 2 == 0 {
            world.settle()
            #expect(world.isAsDesired)
        } else {
            for _ in 0..<Int.random(in: 0...30, using: &world.random) { _ = world.step() }
        }

        world.desired.down = true
        world.settle()
        #expect(world.observed.containers.isEmpty)
        #expect(world.observed.networks.isEmpty)
        #expect(plan(world.desired, world.observed, now: world.clock) == Plan())
        #expect(world.wrong.isEmpty)
    }

    @Test(arguments: 1000..<1100 as Range<UInt64>)
    func `a random project is restarted in order`(_ seed: UInt64) {
        var world = World(seed: seed)
        world.settle()
        world.clock += second
        let asked = world.clock
        for name in world.names {
            world.desired.services[name]?.requested = asked
            world.desired.services[name]?.restartBefore = asked
            world.desired.services[name]?.rerunsCompleted = true
        }
        let ids = Set(world.observed.containers.map(\.id))
        world.settle()
        #expect(world.isAsDesired)
        #expect(world.observed.containers.allSatisfy { $0.started > asked })
        #expect(Set(world.observed.containers.map(\.id)) == ids)
        #expect(world.wrong.isEmpty)
    }
}
