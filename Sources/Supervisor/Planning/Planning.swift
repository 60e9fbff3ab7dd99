// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux
import Reconciler

/// Makes goals of a project and of what the user asks for it, or refuses what cannot be served. Changes nothing.
package struct Planning {
    let images: ImageStore
    let hierarchy: ControlGroupHierarchy
    /// Whether images that are not there are to come before the plan is carried out.
    package var expectsImages = false

    package init(images: ImageStore, hierarchy: ControlGroupHierarchy) {
        (self.images, self.hierarchy) = (images, hierarchy)
    }

    /// The goals after `up`.
    ///
    /// - Parameters:
    ///   - before: the goals so far.
    ///   - containers: those that the project has.
    /// - Returns: the services that were asked for, with their dependencies, and all goals.
    package func goals(
        of project: Project, _ options: Request.UpOptions, before: Desired?, beside containers: [ContainerState],
        now: UInt64
    ) throws -> (asked: Set<String>, goals: Goals) {
        let asked = Goals.closure(of: options.services, in: project, ignoringDependencies: options.ignoreDependencies)
        for name in asked { try check(name, in: project, options) }
        for network in project.networks { try Servable.check(network) }
        for volume in project.volumes { try Servable.check(volume) }
        for config in project.configs { try Servable.check(config, "config") }
        for secret in project.secrets { try Servable.check(secret, "secret") }
        let found = try resolveImages(of: project.services.filter { asked.contains($0.name) })
        let checked = Set(
            project.services.filter { found[$0.image]?.config.healthcheck?.isEnabled ?? false }.map(\.name))
        var goals = Goals.up(project, options, before: before, hasImageHealthcheck: checked, now: now)
        for service in project.services where asked.contains(service.name) {
            guard let image = found[service.image] else { continue }
            goals.desired.services[service.name]?.hash +=
                Goals.surroundings(of: service, image: image.id, in: project)
                + (try mountedImages(of: service).map { "/\($0)" }.joined())
                + (try GrantedFiles.fingerprint(of: service, in: project))
        }
        for name in asked {
            let own = containers.filter { $0.service == name && !$0.isOneOff }
            goals.desired.services[name]?.beginRollout(own, before?.services[name], now: now)
            goals.desired.services[name]?.keepRequest(of: before?.services[name], beside: own)
        }
        restartFollowers(of: project, &goals.desired, containers, now: now)
        return (asked, goals)
    }

    private func check(_ name: String, in project: Project, _ options: Request.UpOptions) throws {
        guard let service = project.service(name) else { throw Failure("no such service: \(name)") }
        try Servable.check(service)
        try ServiceLimits(service: service).check(on: hierarchy)
        let replicas = options.scale[name] ?? service.replicas
        if replicas > 1, let containerName = service.containerName {
            throw Failure(
                "service \(name) cannot have \(replicas) containers: they would all be named \(containerName)",
                at: service.place("container_name"), hint: "leave container_name out, or have one container")
        }
    }

    private func resolveImages(of services: [Service]) throws -> [String: Image] {
        var found: [String: Image] = [:]
        for service in services where found[service.image] == nil {
            if try expectsImages && images.find(service.image) == nil { continue }
            do { found[service.image] = try images.resolve(service.image) } catch let failure as Failure {
                throw Failure(
                    failure.message, at: service.place("image"), hint: failure.hint, exitCode: failure.exitCode)
            }
        }
        return found
    }

    /// Their ids.
    private func mountedImages(of service: Service) throws -> [String] {
        let isWhole = try !expectsImages || service.mountedImages.allSatisfy { try images.find($0.name) != nil }
        return isWhole ? try images.mounted(by: service).map(\.image.id) : []
    }

    /// Who asked to be restarted with its dependency is, where the dependency's container is made again.
    private func restartFollowers(
        of project: Project, _ desired: inout Desired, _ containers: [ContainerState], now: UInt64
    ) {
        for service in project.services {
            let follows = service.dependencies.contains { dependency in
                guard dependency.restart, let goal = desired.services[dependency.service], goal.intent == .running
                else { return false }
                return containers.contains { container in
                    container.service == dependency.service && !container.isOneOff && goal.isStale(container)
                }
            }
            if follows && desired.services[service.name]?.intent == .running {
                desired.services[service.name]?.restartBefore = now
            }
        }
    }
}
