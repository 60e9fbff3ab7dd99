// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Reconciler

/// What a user asks of services that are there, made into goals. Pure: the supervisor goes by it, and so does a dry run.
package struct ServiceChange {
    /// The goals, as they are changed.
    package private(set) var saved: SavedProject?
    private let containers: [ContainerState]

    package init(_ saved: SavedProject?, beside containers: [ContainerState]) {
        (self.saved, self.containers) = (saved, containers)
    }

    /// The services named, or all that there are.
    ///
    /// - Throws: `Failure` for one that neither has a container, nor a goal, nor stands in the file.
    package func select(_ services: [String]) throws(Failure) -> Set<String> {
        let known = Set(saved?.desired.services.keys.map { $0 } ?? []).union(containers.map(\.service))
        for name in services where !known.contains(name) && saved?.project.service(name) == nil {
            throw Failure("no such service: \(name)")
        }
        return services.isEmpty ? known : Set(services)
    }

    /// Each returns the services that it is about.
    package mutating func start(_ services: [String], at now: UInt64) throws(Failure) -> Set<String> {
        let names = try select(services)
        for name in services where !containers.contains(where: { $0.service == name && !$0.isOneOff }) {
            throw Failure("service \"\(name)\" has no container to start")
        }
        change(names) { $0.start(at: now) }
        return names
    }

    package mutating func stop(_ services: [String]) throws(Failure) -> Set<String> {
        let names = try select(services)
        change(names) { $0.intent = .stopped }
        return names
    }

    /// - Parameter alone: whether those that asked to follow a dependency stay as they are.
    package mutating func restart(
        _ services: [String], alone: Bool, at now: UInt64
    ) throws(Failure) -> Set<String> {
        var names = try select(services)
        if !alone {
            // Who asked to follow its dependency does, through any number of steps.
            var grew = true
            while grew {
                let followers = (saved?.project.services ?? []).filter { service in
                    !names.contains(service.name) && saved?.desired.services[service.name]?.intent == .running
                        && service.dependencies.contains { $0.restart && names.contains($0.service) }
                }
                grew = !followers.isEmpty
                names.formUnion(followers.map(\.name))
            }
        }
        change(names) { $0.restart(at: now) }
        return names
    }

    /// - Parameter stops: whether those that run go, too.
    package mutating func remove(_ services: [String], stops: Bool) throws(Failure) -> Set<String> {
        let names = try select(services)
        if stops {
            // Of a service that is in no file any more, too.
            for name in names where saved?.desired.services[name] == nil {
                saved?.desired.services[name] = ServiceGoal(replicas: 0, hash: "")
            }
            change(names) { $0.intent = .removed }
        } else {
            // One that is removed is not made again.
            change(Set(containers.filter { names.contains($0.service) && !$0.isLive }.map(\.service))) {
                $0.intent = .stopped
            }
        }
        return names
    }

    private mutating func change(_ names: Set<String>, _ body: (inout ServiceGoal) -> Void) {
        for name in names {
            guard var goal = saved?.desired.services[name] else { continue }
            body(&goal)
            saved?.desired.services[name] = goal
        }
    }
}
