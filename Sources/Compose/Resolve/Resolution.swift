// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Fills in what the files imply: the default network, dependencies of shared namespaces, places.
enum Resolution {
    /// What shares something with another service depends on it (Compose Specification, 05-services.md, `links`,
    /// `network_mode: service:x` and its like, `volumes_from`).
    static func addImpliedDependencies(_ draft: inout ServiceDraft) {
        var implied: [(service: String, key: String)] = []
        for (index, link) in draft.service.links.enumerated() { implied.append((link.target, "links[\(index)]")) }
        if case .service(let name)? = draft.service.networkMode { implied.append((name, "network_mode")) }
        if case .service(let name)? = draft.service.ipc { implied.append((name, "ipc")) }
        if case .service(let name)? = draft.service.pid { implied.append((name, "pid")) }
        for (index, other) in draft.service.volumesFrom.enumerated() {
            if case .service(let name) = other.source { implied.append((name, "volumes_from[\(index)]")) }
        }
        var known = Set(draft.service.dependencies.map(\.service))
        for (name, key) in implied where known.insert(name).inserted {
            draft.place("depends_on.\(name)", draft.node(key))
            draft.service.dependencies.append(Dependency(service: name, restart: !key.hasPrefix("volumes_from")))
        }
    }

    /// `scale` is `deploy.replicas` too, where there is a `deploy`.
    static func unifyScale(_ service: inout Service) {
        if let scale = service.scale { service.deploy?.replicas = scale }
    }

    static func addDefaultNetwork(_ draft: inout ServiceDraft) {
        if draft.service.networkMode == nil, draft.service.networks.isEmpty, draft.service.provider == nil {
            draft.service.networks = [NetworkAttachment(network: "default")]
        }
    }

    /// The containers of `pre_start` have the service's image, and are on its networks.
    static func completePreStart(_ service: inout Service) {
        for index in service.preStart.indices {
            var container = service.preStart[index].container
            if container.image.isEmpty { container.image = service.image }
            if container.networkMode == nil, container.networks.isEmpty { container.networkMode = service.networkMode }
            if container.networkMode == nil {
                let own = Set(container.networks.map(\.network))
                container.networks += service.networks.filter { !own.contains($0.network) }.map {
                    NetworkAttachment(network: $0.network)
                }
            }
            service.preStart[index].container = container
        }
    }

    /// The service with the places of all its keys.
    static func finished(_ draft: ServiceDraft) -> Service {
        var service = draft.service
        service.places.reserveCapacity(draft.nodes.count)
        for (path, node) in draft.nodes { service.places[path] = node.location }
        return service
    }

    /// Sorts what the files declare into used and unused, and adds the implied `default` network.
    static func addResources(_ draft: ProjectDraft, to project: inout Project, addsDefault: Bool) {
        let services = project.services.flatMap { [$0] + $0.preStart.map(\.container) }
        func sort<Resource>(_ drafts: [ResourceDraft<Resource>], used: Set<String>, _ key: (Resource) -> String)
            -> (used: [Resource], unused: [Resource])
        {
            var result: (used: [Resource], unused: [Resource]) = ([], [])
            for draft in drafts {
                if used.contains(key(draft.resource)) {
                    result.used.append(draft.resource)
                } else {
                    result.unused.append(draft.resource)
                }
            }
            return result
        }
        let usedNetworks = Set(services.flatMap { $0.networks.map(\.network) })
        (project.networks, project.unusedNetworks) = sort(draft.networks, used: usedNetworks, \.key)
        if addsDefault, usedNetworks.contains("default"), project.network("default") == nil {
            project.networks.insert(Network(key: "default", name: "\(project.name)_default", location: nil), at: 0)
        }
        (project.volumes, project.unusedVolumes) = sort(
            draft.volumes, used: Set(services.flatMap { $0.mounts.compactMap(\.volumeKey) }), \.key)
        (project.configs, project.unusedConfigs) = sort(
            draft.configs, used: Set(services.flatMap { $0.configs.map(\.source) }), \.key)
        (project.secrets, project.unusedSecrets) = sort(
            draft.secrets,
            used: Set(services.flatMap { ($0.secrets + ($0.build?.secrets ?? [])).map(\.source) }), \.key)
        (project.models, project.unusedModels) = sort(
            draft.models, used: Set(services.flatMap { $0.models.map(\.model) }), \.key)
    }
}

extension Mount {
    /// The volume of the project that it shows.
    fileprivate var volumeKey: String? {
        if case .volume(let volume) = self { volume.source } else { nil }
    }
}
