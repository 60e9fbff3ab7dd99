// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Fills in what the files imply: the default network, dependencies of shared namespaces, places.
enum Resolution {
    /// `network_mode: service:x` and its like imply a dependency (Compose Specification, 05-services.md).
    static func addImpliedDependencies(_ draft: inout ServiceDraft) {
        var implied: [(String, String)] = []
        if case .service(let name)? = draft.service.networkMode { implied.append((name, "network_mode")) }
        if case .service(let name)? = draft.service.ipc { implied.append((name, "ipc")) }
        if case .service(let name)? = draft.service.pid { implied.append((name, "pid")) }
        for (name, key) in implied where !draft.service.dependencies.contains(where: { $0.service == name }) {
            draft.place("depends_on.\(name)", draft.node(key))
            draft.service.dependencies.append(Dependency(service: name, restart: true))
        }
    }

    static func addDefaultNetwork(_ draft: inout ServiceDraft) {
        if draft.service.networkMode == nil, draft.service.networks.isEmpty {
            draft.service.networks = [NetworkAttachment(network: "default")]
        }
    }

    /// The service with the places of all its keys.
    static func finished(_ draft: ServiceDraft) -> Service {
        var service = draft.service
        service.places.reserveCapacity(draft.nodes.count)
        for (path, node) in draft.nodes { service.places[path] = node.location }
        return service
    }

    /// Sorts the declared networks and volumes into used and unused ones, and adds the implied `default` network.
    static func addResources(_ draft: ProjectDraft, to project: inout Project) {
        let usedNetworks = Set(project.services.flatMap { $0.networks.map(\.network) })
        let usedVolumes = Set(
            project.services.flatMap { service in
                service.mounts.compactMap { mount in
                    if case .volume(let volume) = mount { volume.source } else { nil }
                }
            })
        for var network in draft.networks {
            network.resource.places = network.nodes.mapValues(\.location)
            if usedNetworks.contains(network.resource.key) {
                project.networks.append(network.resource)
            } else {
                project.unusedNetworks.append(network.resource)
            }
        }
        if usedNetworks.contains("default"), project.network("default") == nil {
            project.networks.insert(Network(key: "default", name: "\(project.name)_default", location: nil), at: 0)
        }
        for var volume in draft.volumes {
            volume.resource.places = volume.nodes.mapValues(\.location)
            if usedVolumes.contains(volume.resource.key) {
                project.volumes.append(volume.resource)
            } else {
                project.unusedVolumes.append(volume.resource)
            }
        }
    }
}
