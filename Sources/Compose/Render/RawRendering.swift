// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import YAML

/// A tree as a document whose short forms are written out as far as that needs no value: the rest stays as it is written.
struct RawRendering {
    let reader: TreeReader
    let projectName: String

    /// - Parameter names: the services that are wanted; empty is all.
    func document(_ root: YAMLNode, services names: [String]) -> Document {
        var fields = Fields()
        fields.add("name", .string(projectName))
        let wanted = (root["services"]?.mapping ?? []).filter { names.isEmpty || names.contains($0.name) }
        let services = wanted.map { Document.Field($0.name, service($0.value)) }
        fields.add("services", .object(services))
        for section in ["networks", "volumes", "configs", "secrets"] {
            fields.addUnlessEmpty(section, resources(root[section], section, services))
        }
        for pair in root.mapping ?? [] where pair.name == "models" || pair.name.hasPrefix("x-") {
            fields.add(pair.name, reader.document(pair.value))
        }
        return fields.document
    }

    /// The declared ones with their names, and the default network where a service is on it.
    private func resources(_ node: YAMLNode?, _ section: String, _ services: [Document.Field]) -> [Document.Field] {
        var result: [Document.Field] = []
        let usesDefault = services.contains { $0.value["networks"]?["default"] != nil }
        if section == "networks", usesDefault, node?["default"] == nil {
            result.append(Document.Field("default", named("default", [])))
        }
        for pair in node?.mapping ?? [] {
            var fields = (pair.value.mapping ?? []).map { Document.Field($0.name, reader.document($0.value)) }
            if let file = pair.value["file"], let index = fields.firstIndex(where: { $0.name == "file" }) {
                fields[index].value = path(file)
            }
            if let external = pair.value["external"], case .mapping = external.content,
                let index = fields.firstIndex(where: { $0.name == "external" })
            {
                fields[index].value = .bool(true)
                if let name = external["name"] { fields.append(.init("name", reader.document(name))) }
            }
            result.append(Document.Field(pair.name, named(pair.name, fields)))
        }
        return result
    }

    private func named(_ key: String, _ fields: [Document.Field]) -> Document {
        guard reader.steps.contains(.normalization), !fields.contains(where: { $0.name == "name" }) else {
            return .object(fields)
        }
        let isExternal = fields.contains { $0.name == "external" && $0.value != .bool(false) }
        return .object([Document.Field("name", .string(isExternal ? key : "\(projectName)_\(key)"))] + fields)
    }

    private func service(_ node: YAMLNode) -> Document {
        guard case .mapping(let pairs) = node.content else { return reader.document(node) }
        var fields = pairs.map { Document.Field($0.name, value(of: $0)) }
        guard reader.steps.contains(.normalization) else { return .object(fields) }
        if ["network_mode", "provider"].allSatisfy({ node[$0] == nil }), node["networks"]?.isEmpty ?? true {
            fields.removeAll { $0.name == "networks" }
            fields.append(Document.Field("networks", .object([Document.Field("default", .null)])))
        }
        let index = fields.firstIndex { $0.name == "depends_on" }
        let dependencies = index.map { fields[$0].value } ?? .object([])
        if case .object(let known) = dependencies {
            let all = known + impliedDependencies(node).filter { dependencies[$0.name] == nil }
            if let index {
                fields[index].value = .object(all)
            } else if !all.isEmpty {
                fields.append(Document.Field("depends_on", .object(all)))
            }
        }
        return .object(fields)
    }

    /// Those of `links`, shared namespaces and `volumes_from`.
    private func impliedDependencies(_ node: YAMLNode) -> [Document.Field] {
        func texts(_ key: String) -> [String] { (node[key]?.sequence ?? []).compactMap { $0.scalar?.text } }
        func first(_ text: String) -> String { String(text.prefix { $0 != ":" }) }
        let modes = ["network_mode", "ipc", "pid"].compactMap { node[$0]?.scalar?.text }
        let restarted =
            texts("links").map(first) + modes.filter { $0.hasPrefix("service:") }.map { String($0.dropFirst(8)) }
        let others = texts("volumes_from").filter { !$0.hasPrefix("container:") }.map(first)
        var result: [Document.Field] = []
        for (name, restart) in restarted.map({ ($0, true) }) + others.map({ ($0, false) })
        where !result.contains(where: { $0.name == name }) {
            result.append(
                .init(
                    name,
                    .object([
                        .init("condition", .string("service_started")), .init("required", .bool(true)),
                        .init("restart", .bool(restart)),
                    ])))
        }
        return result
    }

    private func value(of pair: YAMLPair) -> Document {
        let node = pair.value
        switch pair.name {
        case "build": return build(node)
        case "networks", "models": return names(node) { _ in .null }
        case "depends_on": return dependencies(node)
        case "volumes": return items(node, volume, once: "target")
        case "ports": return ports(node)
        case "configs": return items(node, grant, once: "target")
        case "secrets": return items(node, secret, once: "target")
        case "env_file": return items(node, environmentFile, once: "path")
        case "label_file": return items(node, path)
        case "dns": return once(items(node, reader.document))
        case "devices": return items(node, device, once: "target")
        case "environment", "labels", "annotations", "sysctls", "expose", "profiles", "links", "cap_add", "cap_drop",
            "dns_opt",
            "dns_search", "tmpfs":
            return once(reader.document(node))
        case "develop": return develop(node)
        default: return reader.document(node)
        }
    }

    private func build(_ node: YAMLNode) -> Document {
        var fields = (node.mapping ?? []).map { pair in
            switch pair.name {
            case "context": Document.Field(pair.name, context(pair.value))
            case "secrets": Document.Field(pair.name, items(pair.value, grant))
            default: Document.Field(pair.name, reader.document(pair.value))
            }
        }
        if node.mapping == nil { fields.append(Document.Field("context", context(node))) }
        if node.mapping != nil, node["context"] == nil {
            fields.append(Document.Field("context", .string(reader.contexts.context(of: node).projectDirectory)))
        }
        let hasDockerfile = fields.contains { $0.name.hasPrefix("dockerfile") }
        if reader.steps.contains(.normalization), !hasDockerfile {
            fields.append(Document.Field("dockerfile", .string("Dockerfile")))
        }
        return .object(fields)
    }

    /// A list of names as a mapping; a mapping as it is.
    func names(_ node: YAMLNode, _ value: (String) -> Document) -> Document {
        guard case .sequence(let items) = node.content else { return reader.document(node) }
        return .object(items.map { item in Document.Field(item.scalar?.text ?? "", value(item.scalar?.text ?? "")) })
    }

    /// A list, or one item of it. Of those with the same text under `key` the last counts, at the place of the first.
    func items(_ node: YAMLNode, _ change: (YAMLNode) -> Document, once key: String? = nil) -> Document {
        let list = Document.array((node.sequence ?? [node]).map(change))
        guard let key else { return list }
        return once(list) { if case .string(let text)? = $0[key] { text } else { nil } }
    }

    /// Of the items of a list that mean the same thing, the last at the place of the first: `KEY` and `KEY=VALUE` alike.
    func once(_ list: Document, by key: (Document) -> String? = Self.keyOfText) -> Document {
        guard case .array(let items) = list else { return list }
        var result: [Document] = []
        var positions: [String: Int] = [:]
        for item in items {
            let key = key(item)
            if let key, let position = positions[key] {
                result[position] = item
            } else {
                if let key { positions[key] = result.count }
                result.append(item)
            }
        }
        return .array(result)
    }

    static func keyOfText(_ item: Document) -> String? {
        switch item {
        case .string(let text): String(text.prefix { $0 != "=" })
        case .int(let number): "\(number)"
        default: nil
        }
    }

    func path(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return reader.document(node) }
        return .string(reader.hostPath(text, node))
    }

    /// A build context. What starts with a variable may become absolute, or no path at all.
    func context(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return reader.document(node) }
        return .string(text.hasPrefix("$") || text.contains("://") ? text : reader.hostPath(text, node))
    }
}

extension YAMLNode {
    /// Whether it is null, or a list or mapping of nothing.
    fileprivate var isEmpty: Bool {
        switch content {
        case .scalar: isNull
        case .sequence(let items): items.isEmpty
        case .mapping(let pairs): pairs.isEmpty
        }
    }
}
