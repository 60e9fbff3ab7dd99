// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Checks that what services refer to exists, and what no single key can show.
struct ReferenceCheck {
    let enabled: [ServiceDraft]
    let disabled: [ServiceDraft]
    let networks: [ResourceDraft<Network>]
    let volumes: [ResourceDraft<Volume>]
    var diagnostics = Diagnostics()

    init(
        enabled: [ServiceDraft], disabled: [ServiceDraft], networks: [ResourceDraft<Network>],
        volumes: [ResourceDraft<Volume>]
    ) {
        self.enabled = enabled
        self.disabled = disabled
        self.networks = networks
        self.volumes = volumes
    }

    mutating func run() {
        let enabledNames = Dictionary(
            enabled.enumerated().map { ($1.service.name, $0) }, uniquingKeysWith: { a, _ in a })
        let disabledNames = Dictionary(
            disabled.enumerated().map { ($1.service.name, $0) }, uniquingKeysWith: { a, _ in a })
        let networkNames = Set(networks.map(\.resource.key))
        let volumeNames = Set(volumes.map(\.resource.key))
        var containers: [String: Int] = [:]
        for (index, draft) in enabled.enumerated() {
            checkImage(draft)
            checkCount(draft)
            checkDependencies(draft, enabledNames, disabledNames)
            checkNetworks(draft, networkNames)
            checkVolumes(draft, volumeNames)
            checkTargets(draft)
            guard let name = draft.service.containerName else { continue }
            if let other = containers[name] {
                report(
                    "container-name-conflict",
                    "service \"\(draft.service.name)\": container name \"\(name)\" is already in use by service \"\(enabled[other].service.name)\"",
                    at: draft.node("container_name"),
                    notes: [Diagnostic.Note("it is first given here", at: enabled[other].node("container_name").place)])
            } else {
                containers[name] = index
            }
        }
        checkCycles(enabledNames)
    }

    private mutating func report(
        _ code: String, _ message: String, at node: YAMLNode, notes: [Diagnostic.Note] = [], hint: String? = nil
    ) {
        diagnostics.add(Diagnostic(code: code, message, at: node.place, notes: notes, hint: hint))
    }

    private mutating func checkImage(_ draft: ServiceDraft) {
        guard !draft.hasImage else { return }
        // What makes up for an image, or brings one, is said to be unsupported already.
        if ["build", "extends", "provider"].contains(where: { draft.nodes[$0] != nil }) { return }
        report(
            "no-image", "service \"\(draft.service.name)\" has neither an image nor a build context specified",
            at: draft.node("image"))
    }

    private mutating func checkCount(_ draft: ServiceDraft) {
        let service = draft.service
        if let scale = service.scale, let replicas = service.deploy?.replicas, scale != replicas {
            report(
                "conflict", "services.\(service.name): can't set distinct values on 'scale' and 'deploy.replicas'",
                at: draft.node("scale"),
                notes: [
                    Diagnostic.Note("'deploy.replicas' is \(replicas) here", at: draft.node("deploy.replicas").place)
                ])
        }
        if service.containerName != nil, service.replicas > 1 {
            report(
                "conflict",
                "services.\(service.name): container_name must be unique, but there are \(service.replicas) containers",
                at: draft.node("container_name"),
                notes: [
                    Diagnostic.Note(
                        "the number is given here",
                        at: draft.node(service.scale == nil ? "deploy.replicas" : "scale").place)
                ])
        }
        if service.networkMode != nil, !service.networks.isEmpty {
            report(
                "conflict", "service \(service.name) declares mutually exclusive `network_mode` and `networks`",
                at: draft.node("network_mode"),
                notes: [Diagnostic.Note("`networks` is here", at: draft.node("networks").place)])
        }
    }

    private mutating func checkDependencies(
        _ draft: ServiceDraft, _ enabledNames: [String: Int], _ disabledNames: [String: Int]
    ) {
        for dependency in draft.service.dependencies where enabledNames[dependency.service] == nil {
            let name = draft.service.name
            let node = draft.nodes["depends_on.\(dependency.service)"] ?? draft.nodes["network_mode"] ?? draft.node
            if let index = disabledNames[dependency.service] {
                guard dependency.required else { continue }
                let profiles = disabled[index].service.profiles
                report(
                    "disabled-dependency",
                    "service \"\(name)\" depends on service \"\(dependency.service)\", which no active profile enables",
                    at: node,
                    notes: [
                        Diagnostic.Note(
                            "\"\(dependency.service)\" is in profiles \(profiles.joined(separator: ", "))",
                            at: disabled[index].node.place)
                    ],
                    hint: profiles.first.map { "activate it with --profile \($0), or set required: false" })
            } else {
                let names = (enabled + disabled).map(\.service.name).filter { $0 != name }
                report(
                    "undefined-service", "service \"\(name)\" depends on undefined service \"\(dependency.service)\"",
                    at: node,
                    hint: nearestName(to: dependency.service, among: names).map { "did you mean '\($0)'?" })
            }
        }
    }

    private mutating func checkNetworks(_ draft: ServiceDraft, _ names: Set<String>) {
        for attachment in draft.service.networks
        where attachment.network != "default" && !names.contains(attachment.network) {
            report(
                "undefined-network",
                "service \"\(draft.service.name)\" refers to undefined network \(attachment.network)",
                at: draft.node("networks.\(attachment.network)"),
                hint: nearestName(to: attachment.network, among: networks.map(\.resource.key)).map {
                    "did you mean '\($0)'?"
                }
                    ?? "declare it under the top-level key networks")
        }
    }

    private mutating func checkVolumes(_ draft: ServiceDraft, _ names: Set<String>) {
        for (index, mount) in draft.service.mounts.enumerated() {
            guard case .volume(let volume) = mount, let source = volume.source, !names.contains(source) else {
                continue
            }
            let hint =
                nearestName(to: source, among: volumes.map(\.resource.key)).map { "did you mean '\($0)'?" }
                ?? (source.contains("/")
                    ? "a path of the host starts with './' or '/'" : "declare it under the top-level key volumes")
            report(
                "undefined-volume", "service \"\(draft.service.name)\" refers to undefined volume \(source)",
                at: draft.nodes["volumes[\(index)].source"] ?? draft.node("volumes[\(index)]"), hint: hint)
        }
    }

    /// Two things cannot be mounted at one path.
    private mutating func checkTargets(_ draft: ServiceDraft) {
        var taken: [String: String] = [:]
        let paths =
            draft.service.tmpfs.enumerated().map { (Path.cleaned($1.target), "tmpfs[\($0)]") }
            + draft.service.mounts.enumerated().map { ($1.target, "volumes[\($0)]") }
        for (target, key) in paths {
            if let other = taken[target] {
                report(
                    "conflict",
                    "services.\(draft.service.name).\(key): target \(target) already mounted as services.\(draft.service.name).\(other)",
                    at: draft.node(key),
                    notes: [Diagnostic.Note("it is first mounted here", at: draft.node(other).place)])
            } else {
                taken[target] = key
            }
        }
    }

    /// Depth first, without recursion; each way back into the current path is a cycle.
    private mutating func checkCycles(_ names: [String: Int]) {
        enum Mark { case new, open, done }
        var marks = Array(repeating: Mark.new, count: enabled.count)
        for start in enabled.indices where marks[start] == .new {
            var path: [(service: Int, next: Int)] = [(start, 0)]
            marks[start] = .open
            while let (service, next) = path.last {
                let dependencies = enabled[service].service.dependencies
                guard next < dependencies.count else {
                    marks[service] = .done
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                guard let target = names[dependencies[next].service] else { continue }
                switch marks[target] {
                case .done: break
                case .new:
                    marks[target] = .open
                    path.append((target, 0))
                case .open:
                    let from = path.firstIndex { $0.service == target } ?? 0
                    reportCycle(path[from...].map(\.service))
                }
            }
        }
    }

    private mutating func reportCycle(_ services: [Int]) {
        let drafts = services.map { enabled[$0] }
        let names = drafts.map(\.service.name)
        func node(_ step: Int) -> YAMLNode {
            let draft = drafts[step]
            return draft.nodes["depends_on.\(names[(step + 1) % names.count])"] ?? draft.nodes["network_mode"]
                ?? draft.node
        }
        let notes = drafts.indices.dropFirst().map {
            Diagnostic.Note("\(names[$0]) depends on \(names[($0 + 1) % names.count]) here", at: node($0).place)
        }
        let path = (names + [names[0]]).joined(separator: " → ")
        report("dependency-cycle", "dependency cycle: \(path)", at: node(0), notes: Array(notes))
    }
}
