// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// A network or volume as the file declares it, with the nodes behind its places.
struct ResourceDraft<Resource> {
    var resource: Resource
    var node: YAMLNode
    var nodes: [String: YAMLNode] = [:]
}

extension TreeReader {
    /// Compose Specification, 06-networks.md.
    mutating func network(_ pair: YAMLPair, project: String) -> ResourceDraft<Network>? {
        let path = "networks.\(pair.name)"
        var network = Network(key: pair.name, name: "\(project)_\(pair.name)", location: pair.key.location)
        var draft = ResourceDraft(resource: network, node: pair.key)
        guard let fields = pair.value.isNull ? [] : pairs(pair.value, path) else { return nil }
        var external: (isExternal: Bool, name: String?) = (false, nil)
        var name: String?
        for field in fields {
            let at = "\(path).\(field.name)"
            draft.nodes[field.name] = field.value
            switch field.name {
            case "name": name = string(field.value, at)
            case "driver":
                network.driver = string(field.value, at)
                if let driver = network.driver, driver != "bridge", driver != "default", driver != "" {
                    report(
                        "unsupported-value", "\(at): '\(driver)' is not supported, only 'bridge' is", at: field.value)
                }
            case "internal": network.isInternal = bool(field.value, at) ?? false
            case "external": external = self.external(field.value, at)
            case "labels": network.labels = labels(field.value, at)
            case "ipam": network.subnets = subnets(field.value, at)
            case "enable_ipv6":
                if bool(field.value, at) == true {
                    report("unsupported-value", "\(at): IPv6 networks are not supported yet", at: field.value)
                }
            default:
                unknown(
                    field, path, known: ["name", "driver", "internal", "external", "labels", "ipam", "enable_ipv6"],
                    later: ["attachable", "driver_opts", "enable_ipv4"])
            }
        }
        network.isExternal = external.isExternal
        network.name = external.name ?? name ?? (external.isExternal ? pair.name : network.name)
        draft.resource = network
        return draft
    }

    private mutating func subnets(_ node: YAMLNode, _ path: String) -> [Network.Subnet] {
        if node.isNull { return [] }
        var result: [Network.Subnet] = []
        for field in pairs(node, path) ?? [] {
            guard field.name == "config" else {
                let isDefault = field.name == "driver" && field.value.scalar?.text == "default"
                if !isDefault { unknown(field, path, known: ["config"], later: ["driver", "options"]) }
                continue
            }
            for (index, item) in items(field.value, "\(path).config").enumerated() {
                let at = "\(path).config[\(index)]"
                var subnet = Network.Subnet(subnet: nil, gateway: nil)
                for field in pairs(item, at) ?? [] {
                    switch field.name {
                    case "subnet": subnet.subnet = string(field.value, "\(at).subnet")
                    case "gateway": subnet.gateway = string(field.value, "\(at).gateway")
                    default: unknown(field, at, known: ["subnet", "gateway"], later: ["ip_range", "aux_addresses"])
                    }
                }
                result.append(subnet)
            }
        }
        return result
    }

    /// Compose Specification, 07-volumes.md.
    mutating func volume(_ pair: YAMLPair, project: String) -> ResourceDraft<Volume>? {
        let path = "volumes.\(pair.name)"
        var volume = Volume(key: pair.name, name: "\(project)_\(pair.name)", location: pair.key.location)
        var draft = ResourceDraft(resource: volume, node: pair.key)
        guard let fields = pair.value.isNull ? [] : pairs(pair.value, path) else { return nil }
        var external: (isExternal: Bool, name: String?) = (false, nil)
        var name: String?
        for field in fields {
            let at = "\(path).\(field.name)"
            draft.nodes[field.name] = field.value
            switch field.name {
            case "name": name = string(field.value, at)
            case "driver":
                volume.driver = string(field.value, at)
                if let driver = volume.driver, driver != "local", driver != "default", driver != "" {
                    report("unsupported-value", "\(at): '\(driver)' is not supported, only 'local' is", at: field.value)
                }
            case "external": external = self.external(field.value, at)
            case "labels": volume.labels = labels(field.value, at)
            default: unknown(field, path, known: ["name", "driver", "external", "labels"], later: ["driver_opts"])
            }
        }
        if external.isExternal,
            let field = fields.first(where: { ["driver", "driver_opts", "labels"].contains($0.name) })
        {
            report(
                "conflict", "\(path): conflicting parameters \"external\" and \"\(field.name)\" specified",
                at: field.key)
        }
        volume.isExternal = external.isExternal
        volume.name = external.name ?? name ?? (external.isExternal ? pair.name : volume.name)
        draft.resource = volume
        return draft
    }

    /// A Boolean, or the old form `external: {name: …}`.
    private mutating func external(_ node: YAMLNode, _ path: String) -> (isExternal: Bool, name: String?) {
        guard case .mapping(let fields) = node.content else { return (bool(node, path) ?? false, nil) }
        var name: String?
        for field in fields {
            switch field.name {
            case "name": name = string(field.value, "\(path).name")
            default: unknown(field, path, known: ["name"])
            }
        }
        return (true, name)
    }

    /// An extension field's value as it is.
    func document(_ node: YAMLNode) -> Document {
        switch node.content {
        case .sequence(let items): return .array(items.map(document))
        case .mapping(let pairs): return .object(pairs.map { Document.Field($0.name, document($0.value)) })
        case .scalar(let scalar):
            switch node.value {
            case .null?: return .null
            case .bool(let value)?: return .bool(value)
            case .int(let value)?: return .int(value)
            case .unsigned(let value)?: return .unsigned(value)
            case .float(let value)? where value.isFinite: return .double(value)
            case .timestamp(let text)?: return .string(text.utf8.count == 10 ? text + "T00:00:00Z" : text)
            case .string(let text)?: return .string(text)
            case .float?, nil: return .string(scalar.text)
            }
        }
    }
}
