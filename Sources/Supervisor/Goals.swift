// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Reconciler

/// What the user's words make of the goals. Pure.
package struct Goals {
    package var project: Project
    package var desired: Desired

    /// The goals after `up`.
    ///
    /// - Parameters:
    ///   - scales: replicas that an earlier `scale` set stay, unless the file or the options say otherwise.
    ///   - hasImageHealthcheck: services without a check of their own whose image has one.
    static func up(
        _ project: Project, _ options: Request.UpOptions, before: Desired?, hasImageHealthcheck: Set<String>,
        now: UInt64
    ) -> Goals {
        var desired = before ?? Desired()
        desired.down = false
        desired.removeOrphans = options.removeOrphans
        let known = Set(project.services.map(\.name))
        desired.services = desired.services.filter { known.contains($0.key) }
        let asked = closure(of: options.services, in: project, ignoringDependencies: options.ignoreDependencies)
        for service in project.services {
            guard asked.contains(service.name) else { continue }
            var goal = goal(of: service, hasImageHealthcheck: hasImageHealthcheck.contains(service.name))
            goal.replicas = options.scale[service.name] ?? goal.replicas
            goal.requested = now
            // A restart that is under way goes on.
            goal.restartBefore = before?.services[service.name]?.restartBefore ?? 0
            goal.intent = options.start ? .running : .created
            goal.rerunsCompleted = options.rerunsCompleted || service.trice?.rerun == .always
            goal.ignoresDependencies = options.ignoreDependencies
            // --force-recreate is for the services named, not for their dependencies.
            let named = options.services.isEmpty || options.services.contains(service.name)
            switch options.recreation {
            case .changed: break
            case .always: if named { goal.recreateBefore = now }
            case .never: goal.keepsContainers = true
            }
            if options.recreatesDependencies && !named { goal.recreateBefore = now }
            desired.services[service.name] = goal
        }
        let used = project.services.filter { desired.services[$0.name] != nil }
        desired.networks = Set(
            used.flatMap { service in service.networks.compactMap { project.network($0.network)?.name } })
        desired.networkDefinitions = Dictionary(
            project.networks.filter { desired.networks.contains($0.name) && !$0.isExternal }.map {
                ($0.name, configHash(of: $0))
            }
        ) { first, _ in first }
        desired.volumes = Set(
            used.flatMap { service in
                service.mounts.compactMap { mount -> String? in
                    guard case .volume(let volume) = mount, let key = volume.source else { return nil }
                    return project.volume(key)?.name
                }
            })
        return Goals(project: project, desired: desired)
    }

    /// The services named (or all), and what they depend on.
    package static func closure(of services: [String], in project: Project, ignoringDependencies: Bool = false) -> Set<
        String
    > {
        if services.isEmpty { return Set(project.services.map(\.name)) }
        if ignoringDependencies { return Set(services) }
        let byName = Dictionary(project.services.map { ($0.name, $0) }) { first, _ in first }
        var found = Set<String>()
        var next = services
        while let name = next.popLast() {
            guard found.insert(name).inserted, let service = byName[name] else { continue }
            next += service.dependencies.map(\.service).filter { byName[$0] != nil }
        }
        return found
    }

    static func goal(of service: Service, hasImageHealthcheck: Bool) -> ServiceGoal {
        let own = service.healthcheck
        let isChecked = own?.isDisabled == true ? false : own?.test != nil || hasImageHealthcheck
        let dependencies = service.dependencies.map { dependency in
            let condition: DependencyGoal.Condition =
                switch dependency.condition {
                case .started: .started
                case .healthy: .healthy
                case .completedSuccessfully: .completed
                }
            return DependencyGoal(dependency.service, condition, required: dependency.required)
        }
        var goal = ServiceGoal(
            replicas: service.replicas, hash: configHash(of: service), dependencies: dependencies,
            restart: RestartRule(of: service),
            hasHealthcheck: isChecked || service.trice?.ready != nil)
        goal.restartDelay = service.deploy?.restartPolicy?.delay?.pause
        goal.rollout = service.deploy?.updateConfig.map { Rollout($0) }
        goal.restartsUnhealthy = service.trice?.onUnhealthy == .restart
        goal.restartWindow = service.deploy?.restartPolicy?.window?.pause
        return goal
    }

    /// What else a container is made from: its image, and the names of its networks and volumes.
    static func surroundings(of service: Service, image: String, in project: Project) -> String {
        let networks = service.networks.compactMap { project.network($0.network)?.name }
        let volumes = service.mounts.compactMap { mount -> String? in
            guard case .volume(let volume) = mount, let key = volume.source else { return nil }
            return project.volume(key)?.name
        }
        return "/\(image)/\(networks.joined(separator: ","))/\(volumes.joined(separator: ","))"
    }
}

extension RestartRule {
    package init(of service: Service) { self.init(restart: service.restart, policy: service.deploy?.restartPolicy) }

    /// - Parameter policy: `deploy.restart_policy`, which goes before `restart` (Compose Specification, deploy.md).
    init(restart: RestartPolicy?, policy: Deploy.RestartRule?) {
        if let policy {
            switch policy.condition?.known {
            case .some(.none), .no: self = .no
            case .onFailure: self = .onFailure(policy.maxAttempts)
            case .unlessStopped: self = .unlessStopped
            case .any, .always, nil: self = policy.maxAttempts.map { .atMost($0) } ?? .always
            }
            return
        }
        switch restart {
        case .no, .unknown, nil: self = .no
        case .always: self = .always
        case .unlessStopped: self = .unlessStopped
        case .onFailure(let attempts): self = .onFailure(attempts)
        }
    }
}

extension Rollout {
    /// `update_config` and `rollback_config`, with the defaults of Docker's swarm where the specification has none.
    package init(_ config: Deploy.Rollout) {
        self.init(
            parallelism: config.parallelism ?? 1, delay: config.delay?.pause ?? 0,
            monitor: config.monitor?.pause ?? 5_000_000_000, maxFailureRatio: config.maxFailureRatio ?? 0,
            order: config.order == .startFirst ? .startFirst : .stopFirst)
        switch config.failureAction?.known {
        case .rollback: failureAction = .rollBack
        case .continue: failureAction = .goOn
        case .pause, nil: failureAction = .pause
        }
    }
}
