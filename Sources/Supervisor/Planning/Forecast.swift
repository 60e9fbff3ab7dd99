// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Linux
import Reconciler
import Runtime

/// What would be done to reach some goals, if all went well: the planner's own steps, with each taken as done. Pure.
package struct Forecast: Sendable {
    /// What is done to a network, a volume or a container.
    package struct Change: Codable, Hashable, Sendable {
        package enum Action: String, Codable, Sendable {
            case create, recreate, start, restart, stop, remove
            // What no plan has, and a request may ask for (`RequestForecast`).
            case kill, pause, unpause, wait = "wait for", connect, disconnect
        }
        package enum Kind: String, Codable, Sendable { case network, volume, container }
        package var action: Action
        package var kind: Kind
        package var name: String
        package var service: String?
        /// Why, where no field says it.
        package var reason: String?
        package var fields: [FieldChange] = []
    }

    /// The networks and volumes that are there.
    package struct Present: Sendable {
        var networks: Set<String> = []
        /// By name what those were made of that know it.
        var definitions: [String: String] = [:]
        /// Those that go with the project.
        var removable: Set<String> = []
        var volumes: Set<String> = []

        package init(_ paths: ProjectPaths) throws {
            let store = NetworkStore(paths.roots)
            for record in try store.list() {
                networks.insert(record.name)
                definitions[record.name] = record.definition
                let isOwn = record.project == paths.project || record.name == PredefinedNetworks.bridge
                if try isOwn && store.leases(record.name).allSatisfy({ $0.project == paths.project }) {
                    removable.insert(record.name)
                }
            }
            volumes = Set(try VolumeStore(paths.roots).list().map(\.name))
        }
    }

    /// A change for each network, volume and container.
    package private(set) var changes: [Change] = []
    /// Each step by itself, in the order in which they begin.
    package private(set) var steps: [Change] = []
    private var goals: Goals
    private let before: [String: ContainerRecord]
    private var present: Present
    private var containers: [ContainerState]
    /// Of the steps: each is a moment after the one before.
    private var now: UInt64
    /// What is done to each container, in the order in which it begins.
    private var containerSteps: [(service: String, number: Int, id: String, actions: [Change.Action])] = []

    package init(_ goals: Goals, _ records: [ContainerRecord], _ present: Present, now: UInt64) {
        (self.goals, self.present, self.now) = (goals, present, now)
        before = Dictionary(records.map { ($0.id, $0) }) { first, _ in first }
        containers = records.map(\.state.reconciled)
        // What is under way is taken as done.
        for index in containers.indices {
            switch containers[index].phase {
            case .starting: containers[index].phase = .running
            case .stopping: containers[index].phase = .exited
            default: break
            }
            if containers[index].health == .starting { containers[index].health = .healthy }
        }
        // What it takes in time does not matter to what is done.
        self.goals.desired.parallelism = nil
        for name in goals.desired.services.keys {
            self.goals.desired.services[name]?.rollout?.monitor = 0
            self.goals.desired.services[name]?.rollout?.delay = 0
        }
        run()
        summarise()
    }

    /// Equal for equal changes from an equal state towards equal goals.
    package var fingerprint: String {
        get throws {
            var desired = goals.desired
            for name in desired.services.keys {
                desired.services[name]?.requested = 0
                desired.services[name]?.rollout?.began = 0
                for moment in [\ServiceGoal.recreateBefore, \ServiceGoal.restartBefore] {
                    if desired.services[name]?[keyPath: moment] ?? 0 > 0 {
                        desired.services[name]?[keyPath: moment] = 1
                    }
                }
            }
            struct Content: Encodable {
                let desired: Desired
                let changes: [Change]
                let containers: [String]
            }
            return contentHash(
                try encodeJSON(Content(desired: desired, changes: changes, containers: before.keys.sorted())))
        }
    }

    // MARK: Steps

    private mutating func run() {
        // Each round brings every service a step further: as many are needed as there are services in a row, and steps.
        let replicas = goals.desired.services.values.reduce(0) { $0 + ($1.rollout == nil ? 0 : $1.replicas) }
        for _ in 0..<(8 * (goals.desired.services.count + replicas + 2)) {
            now += 1
            let observed = Observed(
                containers: containers, networks: present.networks, volumes: present.volumes,
                changedNetworks: changedNetworks)
            let plan = Reconciler.plan(goals.desired, observed, now: now)
            if plan.actions.isEmpty { return }
            for action in plan.actions { perform(action) }
        }
    }

    private var changedNetworks: [String: Set<String>] {
        var result: [String: Set<String>] = [:]
        for (name, definition) in present.definitions where goals.desired.redefines(name, madeOf: definition) {
            result[name] = Set(containers.map(\.id).filter { before[$0]?.isOn(name) ?? false })
        }
        return result
    }

    private mutating func perform(_ action: Action) {
        switch action {
        case .createNetwork(let name):
            present.networks.insert(name)
            steps.append(Change(action: .create, kind: .network, name: name))
            let removed = changes.firstIndex { $0.kind == .network && $0.action == .remove && $0.name == name }
            guard let removed else { return changes.append(Change(action: .create, kind: .network, name: name)) }
            (changes[removed].action, changes[removed].reason) = (.recreate, "the file says something else of it now")
        case .createVolume(let name):
            present.volumes.insert(name)
            steps.append(Change(action: .create, kind: .volume, name: name))
            changes.append(Change(action: .create, kind: .volume, name: name))
        case .rollBack: break  // only what goes wrong is rolled back
        case .endRollout(let service): goals.desired.services[service]?.rollout?.began = 0
        case .removeNetwork(let name):
            present.networks.remove(name)
            present.definitions[name] = nil
            steps.append(Change(action: .remove, kind: .network, name: name))
            changes.append(Change(action: .remove, kind: .network, name: name))
        case .create(let service, let number):
            let named = goals.project.service(service)?.containerName ?? "\(goals.project.name)-\(service)-\(number)"
            var state = ContainerState(
                id: "new/\(named)", name: named, service: service, number: number,
                hash: goals.desired.services[service]?.hash ?? "")
            state.created = now
            containers.append(state)
            note(.create, state)
        case .start(let id): change(id, .start) { $0.phase = .running }
        case .stop(let id):
            change(id, .stop) { [now] container in
                (container.phase, container.finished, container.stoppedByUser) = (.exited, now, true)
                container.stopBegan = now
            }
        case .remove(let id):
            guard let container = containers.first(where: { $0.id == id }) else { return }
            note(.remove, container)
            containers.removeAll { $0.id == id }
        }
    }

    private mutating func change(_ id: String, _ step: Change.Action, _ body: (inout ContainerState) -> Void) {
        guard let index = containers.firstIndex(where: { $0.id == id }) else { return }
        note(step, containers[index])
        body(&containers[index])
        guard step == .start else { return }
        now += 1
        (containers[index].started, containers[index].stoppedByUser) = (now, false)
        let service = containers[index].service
        if goals.desired.services[service]?.hasHealthcheck == true { containers[index].health = .healthy }
        // Somebody waits for its end: it comes, and well.
        let isAwaited = goals.desired.services.values.contains { goal in
            goal.dependencies.contains { $0.service == service && $0.condition == .completed }
        }
        if isAwaited {
            (containers[index].phase, containers[index].exitCode, containers[index].finished) = (.exited, 0, now)
        }
    }

    private mutating func note(_ step: Change.Action, _ container: ContainerState) {
        steps.append(Change(action: step, kind: .container, name: container.name, service: container.service))
        let place = containerSteps.firstIndex { $0.service == container.service && $0.number == container.number }
        if let place {
            containerSteps[place].actions.append(step)
        } else {
            containerSteps.append((container.service, container.number, container.id, [step]))
        }
    }

    // MARK: Changes

    private mutating func summarise() {
        for step in containerSteps {
            let record = before[step.id]
            let name = record?.name ?? String(step.id.dropFirst(4))
            let action: Change.Action =
                switch (step.actions.contains(.remove), step.actions.contains(.create)) {
                case (true, true): .recreate
                case (true, false): .remove
                case (false, true): .create
                case (false, false):
                    !step.actions.contains(.start) ? .stop : step.actions.contains(.stop) ? .restart : .start
                }
            var change = Change(action: action, kind: .container, name: name, service: step.service)
            if let record { explain(&change, record) }
            changes.append(change)
        }
    }

    private func explain(_ change: inout Change, _ record: ContainerRecord) {
        let goal = goals.desired.services[record.config.service]
        switch change.action {
        case .recreate:
            if let service = goals.project.service(record.config.service), let goal, goal.hash != record.config.hash {
                change.fields = FieldChange.all(record.config, service, goal: goal.hash)
            }
            if change.fields.isEmpty {
                let network = changes.first { $0.kind == .network && $0.action == .recreate && record.isOn($0.name) }
                change.reason = network.map { "network \($0.name) is made again" } ?? "asked for: --force-recreate"
            }
        case .remove:
            let isReplaced =
                goal.map { $0.rollout?.order == .startFirst && $0.isStale(record.state.reconciled) } ?? false
            if isReplaced { return change.reason = "a new one has its place" }
            change.reason =
                goal == nil
                ? "its service is not in the file any more" : "the service is to have \(goal?.replicas ?? 0)"
        case .start:
            let state = record.state.reconciled
            switch state.phase {
            case .exited: change.reason = "it has ended (\(state.exitCode))"
            case .failed: change.reason = "it could not be started before: \(state.failure)"
            default: change.reason = "it was only made before"
            }
        case .restart: change.reason = "a service that it depends on is made again"
        case .create, .stop, .kill, .pause, .unpause, .wait, .connect, .disconnect: break
        }
    }
}

extension Forecast.Change {
    /// A line for each reason.
    package var text: String {
        let head = "\(action.rawValue) \(kind == .container ? "" : "\(kind.rawValue) ")\(name)"
        if !fields.isEmpty { return fields.map { "\(head): \($0.text)\n" }.joined() }
        return "\(head)\(reason.map { ": \($0)" } ?? "")\n"
    }
}
