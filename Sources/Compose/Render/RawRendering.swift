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
        if ["networks", "network_mode", "provider"].allSatisfy({ node[$0] == nil }) {
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
        case "environment", "labels", "annotations", "sysctls", "expose", "profiles", "links", "cap_add", "cap_drop", "dns_opt",
            "dns_search", "tmpfs":
            return once(reader.document(node))
        case "develop": return develop(node)
        default: return reader.document(node)
        }
    }

    private func build(_ node: YAMLNode) -> Document {
        var fields = (node.mapping ?? []).map {
            Document.Field($0.name, $0.name == "context" ? context($0.value) : reader.document($0.value))
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

    private func dependencies(_ node: YAMLNode) -> Document {
        let required = Document.Field("required", .bool(true))
        guard case .mapping(let pairs) = node.content else {
            return names(node) { _ in .object([.init("condition", .string("service_started")), required]) }
        }
        return .object(
            pairs.map { pair in
                let value = reader.document(pair.value)
                guard case .object(let fields) = value, value["required"] == nil else { return .init(pair.name, value) }
                return .init(pair.name, .object(fields + [required]))
            })
    }

    private func environmentFile(_ node: YAMLNode) -> Document {
        guard case .mapping(let pairs) = node.content else {
            return .object([.init("path", path(node)), .init("required", .bool(true))])
        }
        var fields = pairs.map { Document.Field($0.name, $0.name == "path" ? path($0.value) : reader.document($0.value)) }
        if node["required"] == nil { fields.append(.init("required", .bool(true))) }
        return .object(fields)
    }

    private func grant(_ node: YAMLNode) -> Document {
        node.scalar.map { .object([.init("source", .string($0.text))]) } ?? reader.document(node)
    }

    private func secret(_ node: YAMLNode) -> Document {
        let document = grant(node)
        guard case .object(let fields) = document, case .string(let source)? = document["source"] else { return document }
        guard document["target"] == nil else { return document }
        return .object(fields + [.init("target", .string("/run/secrets/\(source)"))])
    }

    private func device(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return reader.document(node) }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 3 else { return .string(text) }
        return .object([
            .init("source", .string(parts[0])), .init("target", .string(parts.count > 1 ? parts[1] : parts[0])),
            .init("permissions", .string(parts.count > 2 ? parts[2] : "rwm")),
        ])
    }

    private func develop(_ node: YAMLNode) -> Document {
        .object(
            (node.mapping ?? []).map { pair in
                guard pair.name == "watch" else { return .init(pair.name, reader.document(pair.value)) }
                return .init(
                    pair.name,
                    items(pair.value) { trigger in
                        .object(
                            (trigger.mapping ?? []).map { field in
                                switch field.name {
                                case "path": .init(field.name, path(field.value))
                                case "ignore", "include": .init(field.name, items(field.value, reader.document))
                                case "x-initialSync": .init("initial_sync", reader.document(field.value))
                                default: .init(field.name, reader.document(field.value))
                                }
                            })
                    })
            })
    }

    private func volume(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return longVolume(node) }
        let syntax: VolumeSyntax
        do throws(VolumeSyntax.Failure) {
            syntax = try VolumeSyntax(parsing: text)
        } catch {
            return .string(text)
        }
        let type = syntax.isBind ? "bind" : "volume"
        var fields = Fields()
        fields.add("type", type)
        if let source = syntax.source {
            fields.add("source", syntax.isBind ? reader.hostPath(source, node) : source)
        }
        fields.add("target", cleaned(syntax.target))
        fields.addIfTrue("read_only", syntax.options.last { $0 == "ro" || $0 == "rw" } == "ro")
        let selinux = syntax.options.last { $0 == "z" || $0 == "Z" }
        let propagation = syntax.options.last { BindMount.Propagation(rawValue: $0) != nil }
        var bind = Fields()
        if syntax.isBind { bind.add("create_host_path", true) }
        bind.add("selinux", selinux)
        bind.add("propagation", propagation)
        if syntax.isBind || !bind.fields.isEmpty { fields.add("bind", bind.document) }
        if !syntax.isBind {
            var options = Fields()
            options.addIfTrue("nocopy", syntax.options.contains("nocopy"))
            fields.add("volume", options.document)
        }
        return fields.document
    }

    private func cleaned(_ target: String) -> String {
        reader.steps.contains(.normalization) ? Path.cleaned(target) : target
    }

    private func longVolume(_ node: YAMLNode) -> Document {
        guard case .mapping(let pairs) = node.content else { return reader.document(node) }
        let isBind = node["type"]?.scalar?.text == "bind"
        return .object(
            pairs.map { pair in
                let value =
                    switch pair.name {
                    case "source" where isBind: path(pair.value)
                    case "target": pair.value.scalar.map { .string(cleaned($0.text)) } ?? reader.document(pair.value)
                    default: reader.document(pair.value)
                    }
                guard pair.name == "bind", case .object(let fields) = value, value["create_host_path"] == nil else {
                    return .init(pair.name, value)
                }
                return .init(pair.name, .object(fields + [.init("create_host_path", .bool(true))]))
            })
    }

    /// In the long form where all of them can be read without variables; else as written.
    private func ports(_ node: YAMLNode) -> Document {
        var result: [Document] = []
        for item in node.sequence ?? [node] {
            guard let text = item.scalar?.text else {
                result.append(longPort(item))
                continue
            }
            do throws(PortSyntax.Failure) {
                result += try PortSyntax.parse(text).map(\.document)
            } catch {
                return reader.document(node)
            }
        }
        return .array(result)
    }

    private func longPort(_ node: YAMLNode) -> Document {
        let document = reader.document(node)
        guard case .object(var fields) = document else { return document }
        if document["mode"] == nil { fields.append(.init("mode", .string("ingress"))) }
        if document["protocol"] == nil { fields.append(.init("protocol", .string("tcp"))) }
        return .object(fields)
    }

    /// A list of names as a mapping; a mapping as it is.
    private func names(_ node: YAMLNode, _ value: (String) -> Document) -> Document {
        guard case .sequence(let items) = node.content else { return reader.document(node) }
        return .object(items.map { item in Document.Field(item.scalar?.text ?? "", value(item.scalar?.text ?? "")) })
    }

    /// A list, or one item of it. Of those with the same text under `key` the last counts, at the place of the first.
    private func items(_ node: YAMLNode, _ change: (YAMLNode) -> Document, once key: String? = nil) -> Document {
        let list = Document.array((node.sequence ?? [node]).map(change))
        guard let key else { return list }
        return once(list) { if case .string(let text)? = $0[key] { text } else { nil } }
    }

    /// Of the items of a list that mean the same thing, the last at the place of the first: `KEY` and `KEY=VALUE` alike.
    private func once(_ list: Document, by key: (Document) -> String? = Self.keyOfText) -> Document {
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

    private static func keyOfText(_ item: Document) -> String? {
        switch item {
        case .string(let text): String(text.prefix { $0 != "=" })
        case .int(let number): "\(number)"
        default: nil
        }
    }

    private func path(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return reader.document(node) }
        return .string(reader.hostPath(text, node))
    }

    /// A build context. What starts with a variable may become absolute, or no path at all.
    private func context(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return reader.document(node) }
        return .string(text.hasPrefix("$") || text.contains("://") ? text : reader.hostPath(text, node))
    }
}
