// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// A network, volume or the like as the file declares it, with the node of its key.
struct ResourceDraft<Resource> {
    var resource: Resource
    var node: YAMLNode
}

extension TreeReader {
    /// Compose Specification, 06-networks.md.
    mutating func network(_ pair: YAMLPair, project: String) -> ResourceDraft<Network>? {
        let path = "networks.\(pair.name)"
        var network = Network(key: pair.name, name: resourceName(pair.name, project), location: pair.key.location)
        var draft = ResourceDraft(resource: network, node: pair.key)
        guard let fields = pair.value.isNull ? [] : fields(pair.value, path, known: SpecificationKeys.network) else {
            return nil
        }
        var external: (isExternal: Bool, name: String?) = (false, nil)
        var name: String?
        for field in fields {
            let (node, at) = (field.value, field.path)
            network.places[field.name] = node.location
            switch field.name {
            case "name": name = string(node, at)
            case "driver": network.driver = string(node, at)
            case "driver_opts": network.driverOptions = options(node, at)
            case "internal": network.isInternal = bool(node, at) ?? false
            case "external": external = self.external(node, at)
            case "attachable": network.isAttachable = bool(node, at) ?? false
            case "enable_ipv4": network.enableIPv4 = bool(node, at)
            case "enable_ipv6": network.enableIPv6 = bool(node, at)
            case "labels": network.labels = labels(node, at)
            default: ipam(node, at, &network)
            }
        }
        checkNames(name, external.name, path, pair.key)
        network.isExternal = external.isExternal
        network.name = external.name ?? name ?? (external.isExternal ? externalName(pair.name) : network.name)
        draft.resource = network
        return draft
    }

    private mutating func ipam(_ node: YAMLNode, _ path: String, _ network: inout Network) {
        if node.isNull { return }
        for field in fields(node, path, known: ["driver", "config", "options"]) ?? [] {
            switch field.name {
            case "driver": network.ipamDriver = string(field.value, field.path)
            case "options": network.ipamOptions = options(field.value, field.path)
            default:
                for (index, item) in items(field.value, field.path).enumerated() {
                    network.subnets.append(subnet(item, "\(field.path)[\(index)]"))
                }
            }
        }
    }

    private mutating func subnet(_ node: YAMLNode, _ path: String) -> Network.Subnet {
        var subnet = Network.Subnet(subnet: nil, gateway: nil)
        for field in fields(node, path, known: ["subnet", "ip_range", "gateway", "aux_addresses"]) ?? [] {
            switch field.name {
            case "subnet": subnet.subnet = string(field.value, field.path)
            case "ip_range": subnet.ipRange = string(field.value, field.path)
            case "gateway": subnet.gateway = string(field.value, field.path)
            default: subnet.auxiliaryAddresses = options(field.value, field.path)
            }
        }
        return subnet
    }

    /// Compose Specification, 07-volumes.md.
    mutating func volume(_ pair: YAMLPair, project: String) -> ResourceDraft<Volume>? {
        let path = "volumes.\(pair.name)"
        var volume = Volume(key: pair.name, name: resourceName(pair.name, project), location: pair.key.location)
        var draft = ResourceDraft(resource: volume, node: pair.key)
        guard let fields = pair.value.isNull ? [] : fields(pair.value, path, known: SpecificationKeys.volume) else {
            return nil
        }
        var external: (isExternal: Bool, name: String?) = (false, nil)
        var name: String?
        for field in fields {
            let (node, at) = (field.value, field.path)
            volume.places[field.name] = node.location
            switch field.name {
            case "name": name = string(node, at)
            case "driver": volume.driver = string(node, at)
            case "driver_opts": volume.driverOptions = options(node, at)
            case "external": external = self.external(node, at)
            default: volume.labels = labels(node, at)
            }
        }
        resolveDevice(of: &volume, pair.value["driver_opts"] ?? pair.value)
        if external.isExternal,
            let field = fields.first(where: { ["driver", "driver_opts", "labels"].contains($0.name) })
        {
            report(
                "conflict", "\(path): conflicting parameters \"external\" and \"\(field.name)\" specified",
                at: field.key)
        }
        checkNames(name, external.name, path, pair.key)
        volume.isExternal = external.isExternal
        volume.name = external.name ?? name ?? (external.isExternal ? externalName(pair.name) : volume.name)
        draft.resource = volume
        return draft
    }

    /// A local volume with `o: bind` is a directory of the host, whose path is meant as all others are.
    private func resolveDevice(of volume: inout Volume, _ node: YAMLNode) {
        guard volume.driver == "local", volume.driverOptions.contains(KeyValue(name: "o", value: "bind")),
            let index = volume.driverOptions.firstIndex(where: { $0.name == "device" })
        else { return }
        volume.driverOptions[index].value = hostPath(volume.driverOptions[index].value, node)
    }

    /// What the system calls a thing of the project that has no name of its own.
    func resourceName(_ key: String, _ project: String) -> String {
        steps.contains(.normalization) ? "\(project)_\(key)" : ""
    }

    /// What the system calls a thing from outside that has no name of its own.
    func externalName(_ key: String) -> String {
        steps.contains(.normalization) ? key : ""
    }

    /// A Boolean, or the old form `external: {name: …}`.
    mutating func external(_ node: YAMLNode, _ path: String) -> (isExternal: Bool, name: String?) {
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

    /// The old form's name and that of the thing itself must agree.
    mutating func checkNames(_ name: String?, _ external: String?, _ path: String, _ node: YAMLNode) {
        guard let name, let external, name != external else { return }
        report("conflict", "\(path): name and external.name conflict", at: node, hint: "give the name only")
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
