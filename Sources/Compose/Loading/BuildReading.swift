// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Compose Specification, build.md.
extension TreeReader {
    /// A directory or URL, or a mapping.
    mutating func build(_ node: YAMLNode, _ path: String) -> Build? {
        if case .scalar = node.content {
            guard let text = string(node, path) else { return nil }
            var build = Build(context: buildContext(text, node))
            if steps.contains(.normalization) { build.dockerfile = "Dockerfile" }
            return build
        }
        guard let fields = fields(node, path, known: SpecificationKeys.build) else { return nil }
        var build = Build(context: steps.contains(.pathResolution) ? contexts.context(of: node).projectDirectory : ".")
        for field in fields { read(field, &build) }
        if build.dockerfile == nil, build.dockerfileInline == nil, steps.contains(.normalization) {
            build.dockerfile = "Dockerfile"
        }
        return build
    }

    private mutating func read(_ field: Field, _ build: inout Build) {
        let (node, at) = (field.value, field.path)
        switch field.name {
        case "context": if let text = string(node, at) { build.context = buildContext(text, node) }
        case "dockerfile": build.dockerfile = string(node, at)
        case "dockerfile_inline": build.dockerfileInline = string(node, at)
        case "args": build.args = buildArguments(node, at)
        case "ssh": build.ssh = sshKeys(node, at)
        case "labels": build.labels = labels(node, at)
        case "cache_from": build.cacheFrom = strings(node, at)
        case "cache_to": build.cacheTo = strings(node, at)
        case "no_cache": build.noCache = bool(node, at) ?? false
        case "no_cache_filter": build.noCacheFilter = oneOrMore(node, at)
        case "additional_contexts": build.additionalContexts = additionalContexts(node, at)
        case "entitlements": build.entitlements = strings(node, at)
        case "extra_hosts": build.extraHosts = extraHosts(node, at)
        case "isolation": build.isolation = string(node, at)
        case "network": build.network = string(node, at)
        case "platforms": build.platforms = strings(node, at)
        case "privileged": build.privileged = bool(node, at) ?? false
        case "provenance": build.provenance = wordOrBoolean(node, at)
        case "sbom": build.sbom = wordOrBoolean(node, at)
        case "pull": build.pull = bool(node, at) ?? false
        case "secrets": build.secrets = fileReferences(node, at, directory: "/run/secrets/")
        case "shm_size": build.shmSize = byteSize(node, at)
        case "tags": build.tags = uniqueStrings(node, at)
        case "target": build.target = string(node, at)
        default: build.ulimits = ulimits(node, at)
        }
    }

    /// A directory, absolute; or what names something elsewhere.
    private func buildContext(_ text: String, _ node: YAMLNode) -> String {
        let isElsewhere =
            text.contains("://") || ["service:", "git@", "github.com/"].contains(where: text.hasPrefix)
        return isElsewhere ? text : hostPath(text, node)
    }

    /// Those with a value; one without is taken from the project's environment.
    private mutating func buildArguments(_ node: YAMLNode, _ path: String) -> [KeyValue] {
        keyValues(node, path).compactMap { name, value, node in
            (value ?? variable(name, node)).map { KeyValue(name: name, value: $0) }
        }
    }

    private mutating func additionalContexts(_ node: YAMLNode, _ path: String) -> [KeyValue] {
        keyValues(node, path).map { name, value, node in
            record("\(path).\(name)", node)
            return KeyValue(name: name, value: buildContext(value ?? "", node))
        }
    }

    private mutating func sshKeys(_ node: YAMLNode, _ path: String) -> [Build.SSHKey] {
        keyValues(node, path).compactMap { name, value, node in
            if value?.isEmpty ?? true, name != "default" {
                report(
                    "bad-value", "\(path): invalid ssh key '\(name)': it has no path", at: node,
                    hint: "write it as NAME=PATH; only 'default' stands alone")
                return nil
            }
            return Build.SSHKey(id: name, path: value.flatMap { $0.isEmpty ? nil : hostPath($0, node) })
        }
    }

    private mutating func wordOrBoolean(_ node: YAMLNode, _ path: String) -> String? {
        if case .bool(let flag)? = node.value { return flag ? "true" : "false" }
        return string(node, path)
    }
}
