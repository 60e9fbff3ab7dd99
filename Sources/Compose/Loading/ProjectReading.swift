// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// A project as its files say, before references are checked and profiles applied.
struct ProjectDraft {
    var services: [ServiceDraft] = []
    var networks: [ResourceDraft<Network>] = []
    var volumes: [ResourceDraft<Volume>] = []
    var configs: [ResourceDraft<FileObject>] = []
    var secrets: [ResourceDraft<FileObject>] = []
    var models: [ResourceDraft<LanguageModel>] = []
    var extensions: [ExtensionField] = []
}

extension TreeReader {
    private static let serviceLimit = 10_000

    private static let topLevelKeys = [
        "name", "version", "services", "networks", "volumes", "configs", "secrets", "models", "include",
    ]

    /// The top level (Compose Specification, 03-compose-file.md).
    mutating func project(_ root: YAMLNode, name: String) -> ProjectDraft {
        var draft = ProjectDraft()
        for field in root.mapping ?? [] {
            switch field.name {
            case "name": _ = string(field.value, "name")
            case "version": version(field.value)
            case "services":
                let entries = section(field)
                if entries.count > Self.serviceLimit {
                    report(
                        "too-many-services", "more than \(Self.serviceLimit) services",
                        at: entries[Self.serviceLimit].key)
                }
                draft.services = entries.prefix(Self.serviceLimit).compactMap { service($0) }
            case "include": break
            case "networks": draft.networks = section(field).compactMap { network($0, project: name) }
            case "volumes": draft.volumes = section(field).compactMap { volume($0, project: name) }
            case "configs": draft.configs = section(field).compactMap { config($0, project: name) }
            case "secrets": draft.secrets = section(field).compactMap { secret($0, project: name) }
            case "models": draft.models = section(field).compactMap { model($0) }
            default:
                if field.name.hasPrefix("x-") {
                    draft.extensions.append(ExtensionField(name: field.name, value: document(field.value)))
                } else {
                    unknown(field, "", known: Self.topLevelKeys)
                }
            }
        }
        return draft
    }

    /// The entries of `services`, `networks` and their like with a right name.
    private mutating func section(_ field: YAMLPair) -> [YAMLPair] {
        guard case .mapping(let pairs) = field.value.content else {
            let node = field.value.isNull ? field.key : field.value
            if !field.value.isNull || field.name == "services" { mismatch(node, field.name, "a mapping") }
            return []
        }
        return pairs.filter { pair in
            let isRight =
                !pair.name.isEmpty
                && pair.name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "._-".utf8.contains($0) }
            if !isRight {
                report(
                    "bad-name", "'\(pair.name)' is no name for one of \(field.name)", at: pair.key,
                    hint: "use letters, digits, '.', '_' and '-'")
            }
            // Resources may be extension fields; a service may be called x-…
            return isRight && (field.name == "services" || !pair.name.hasPrefix("x-"))
        }
    }

    private mutating func version(_ node: YAMLNode) {
        guard string(node, "version") != nil else { return }
        diagnostics.add(
            Diagnostic(
                .warning, code: "obsolete-version",
                "the attribute `version` is obsolete, it will be ignored, please remove it to avoid potential confusion",
                at: node.place))
    }
}
