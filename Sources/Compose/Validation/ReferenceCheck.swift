// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Checks that what services refer to exists.
struct ReferenceCheck {
    private let enabled: [ServiceDraft]
    private let disabled: [ServiceDraft]
    private let declared: ProjectDraft
    private(set) var diagnostics = Diagnostics()

    init(enabled: [ServiceDraft], disabled: [ServiceDraft], declared: ProjectDraft) {
        self.enabled = enabled
        self.disabled = disabled
        self.declared = declared
    }

    mutating func run() {
        let enabledNames = indices(of: enabled)
        let disabledNames = indices(of: disabled)
        let names = Names(declared)
        for draft in enabled {
            checkDependencies(draft, enabledNames, disabledNames)
            checkContexts(draft, enabledNames)
            checkDeclared(draft, draft.service, "", names)
            for (index, step) in draft.service.preStart.enumerated() {
                checkDeclared(draft, step.container, "pre_start[\(index)].", names)
            }
        }
        checkContainerNames()
        for item in dependencyCycles(enabled, enabledNames) { diagnostics.add(item) }
    }

    /// What the top level declares, by kind.
    private struct Names {
        var networks: [String: Int]
        var volumes: [String: Int]
        var configs: [String: Int]
        var secrets: [String: Int]
        var models: [String: Int]

        init(_ declared: ProjectDraft) {
            func positions(_ keys: [String]) -> [String: Int] {
                Dictionary(keys.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            }
            networks = positions(declared.networks.map(\.resource.key))
            volumes = positions(declared.volumes.map(\.resource.key))
            configs = positions(declared.configs.map(\.resource.key))
            secrets = positions(declared.secrets.map(\.resource.key))
            models = positions(declared.models.map(\.resource.key))
        }
    }

    private func indices(of drafts: [ServiceDraft]) -> [String: Int] {
        Dictionary(drafts.enumerated().map { ($1.service.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private mutating func report(
        _ code: String, _ message: String, at node: YAMLNode, notes: [Diagnostic.Note] = [], hint: String? = nil
    ) {
        diagnostics.add(Diagnostic(code: code, message, at: node.place, notes: notes, hint: hint))
    }

    /// The nearest of the known names. After many mistakes none is looked for: that takes time.
    private func suggestion(
        _ name: String, _ known: [String: Int], _ more: [String: Int] = [:], except: String? = nil
    ) -> String? {
        guard diagnostics.items.count < 50 else { return nil }
        let candidates = (Array(known.keys) + Array(more.keys)).filter { $0 != except }.sorted()
        return nearestName(to: name, among: candidates).map { "did you mean '\($0)'?" }
    }

    /// Reports a name that the top level does not declare.
    private mutating func check(
        _ name: String, _ kind: String, _ draft: ServiceDraft, _ known: [String: Int], at key: String, section: String
    ) {
        guard known[name] == nil else { return }
        let word = kind.split(separator: " ").last.map(String.init) ?? kind
        let otherwise =
            kind == "volume" && name.contains("/")
            ? "a path of the host starts with './' or '/'" : "declare it under the top-level key \(section)"
        report(
            "undefined-\(word)", "service \"\(draft.service.name)\" refers to undefined \(kind) \(name)",
            at: draft.node(key), hint: suggestion(name, known) ?? otherwise)
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
                report(
                    "undefined-service", "service \"\(name)\" depends on undefined service \"\(dependency.service)\"",
                    at: node,
                    hint: suggestion(dependency.service, enabledNames, disabledNames, except: name))
            }
        }
    }

    /// What a container has of what the top level declares.
    ///
    /// - Parameter prefix: where in the service its keys stand.
    private mutating func checkDeclared(_ draft: ServiceDraft, _ container: Service, _ prefix: String, _ names: Names) {
        func check(_ name: String, _ kind: String, _ known: [String: Int], at key: String, _ section: String) {
            self.check(name, kind, draft, known, at: prefix + key, section: section)
        }
        for attachment in container.networks where attachment.network != "default" {
            let name = attachment.network
            check(name, "network", names.networks, at: "networks.\(name)", "networks")
        }
        for (index, mount) in container.mounts.enumerated() {
            guard case .volume(let volume) = mount, let source = volume.source else { continue }
            let key = "volumes[\(index)]"
            let hasSource = draft.nodes["\(prefix)\(key).source"] != nil
            check(source, "volume", names.volumes, at: hasSource ? "\(key).source" : key, "volumes")
        }
        for (index, config) in container.configs.enumerated() {
            check(config.source, "config", names.configs, at: "configs[\(index)]", "configs")
        }
        for (index, secret) in container.secrets.enumerated() {
            check(secret.source, "secret", names.secrets, at: "secrets[\(index)]", "secrets")
        }
        for (index, secret) in (container.build?.secrets ?? []).enumerated() {
            check(secret.source, "build secret", names.secrets, at: "build.secrets[\(index)]", "secrets")
        }
        for model in container.models {
            check(model.model, "model", names.models, at: "models.\(model.model)", "models")
        }
    }

    /// `additional_contexts` of the kind `service:NAME`.
    private mutating func checkContexts(_ draft: ServiceDraft, _ names: [String: Int]) {
        for context in draft.service.build?.additionalContexts ?? [] {
            guard let target = Build.service(ofContext: context.value) else { continue }
            let node = draft.node("build.additional_contexts.\(context.name)")
            if let index = names[target] {
                guard enabled[index].service.build == nil else { continue }
                report(
                    "no-build",
                    "service \"\(draft.service.name)\" has service \"\(target)\" as additional context \(context.name), which is not built",
                    at: node, notes: [Diagnostic.Note("\"\(target)\" has no build", at: enabled[index].node.place)])
            } else {
                report(
                    "undefined-service",
                    "service \"\(draft.service.name)\" has unknown service \"\(target)\" as additional context \(context.name)",
                    at: node, hint: suggestion(target, names))
            }
        }
    }

    private mutating func checkContainerNames() {
        var containers: [String: ServiceDraft] = [:]
        for draft in enabled {
            guard let name = draft.service.containerName else { continue }
            if let other = containers[name] {
                report(
                    "container-name-conflict",
                    "service \"\(draft.service.name)\": container name \"\(name)\" is already in use by service \"\(other.service.name)\"",
                    at: draft.node("container_name"),
                    notes: [Diagnostic.Note("it is first given here", at: other.node("container_name").place)])
            } else {
                containers[name] = draft
            }
        }
    }
}
