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
        let isOnNoNetwork = ["networks", "network_mode", "provider"].allSatisfy { node[$0] == nil }
        if reader.steps.contains(.normalization), isOnNoNetwork {
            fields.append(Document.Field("networks", .object([Document.Field("default", .null)])))
        }
        return .object(fields)
    }

    private func value(of pair: YAMLPair) -> Document {
        let node = pair.value
        switch pair.name {
        case "build": return build(node)
        case "networks", "models": return names(node) { _ in .null }
        case "depends_on":
            return names(node) { _ in
                .object([.init("condition", .string("service_started")), .init("required", .bool(true))])
            }
        case "volumes": return items(node, volume)
        case "ports": return ports(node)
        case "configs", "secrets":
            return items(node) { $0.scalar.map { .object([.init("source", .string($0.text))]) } ?? reader.document($0) }
        case "env_file":
            return items(node) { $0.scalar == nil ? reader.document($0) : .object([.init("path", path($0))]) }
        case "label_file": return items(node, path)
        case "dns", "dns_search", "tmpfs": return items(node, reader.document)
        default: return reader.document(node)
        }
    }

    private func build(_ node: YAMLNode) -> Document {
        var fields = (node.mapping ?? []).map {
            Document.Field($0.name, $0.name == "context" ? path($0.value) : reader.document($0.value))
        }
        if node.mapping == nil { fields.append(Document.Field("context", path(node))) }
        if node.mapping != nil, node["context"] == nil {
            fields.append(Document.Field("context", .string(reader.contexts.context(of: node).projectDirectory)))
        }
        let hasDockerfile = fields.contains { $0.name.hasPrefix("dockerfile") }
        if reader.steps.contains(.normalization), !hasDockerfile {
            fields.append(Document.Field("dockerfile", .string("Dockerfile")))
        }
        return .object(fields)
    }

    private func volume(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return reader.document(node) }
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
        fields.add("target", syntax.target)
        fields.addIfTrue("read_only", syntax.options.last { $0 == "ro" || $0 == "rw" } == "ro")
        fields.add(type, .object([]))
        return fields.document
    }

    /// Those that can be read without variables in the long form.
    private func ports(_ node: YAMLNode) -> Document {
        .array(
            (node.sequence ?? [node]).flatMap { item -> [Document] in
                guard let text = item.scalar?.text else { return [reader.document(item)] }
                do throws(PortSyntax.Failure) {
                    return try PortSyntax.parse(text).map(\.document)
                } catch {
                    return [.string(text)]
                }
            })
    }

    /// A list of names as a mapping; a mapping as it is.
    private func names(_ node: YAMLNode, _ value: (String) -> Document) -> Document {
        guard case .sequence(let items) = node.content else { return reader.document(node) }
        return .object(items.map { item in Document.Field(item.scalar?.text ?? "", value(item.scalar?.text ?? "")) })
    }

    private func items(_ node: YAMLNode, _ change: (YAMLNode) -> Document) -> Document {
        .array((node.sequence ?? [node]).map(change))
    }

    private func path(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return reader.document(node) }
        // What starts with a variable may become absolute, or no path at all.
        return .string(text.hasPrefix("$") || text.contains("://") ? text : reader.hostPath(text, node))
    }
}
