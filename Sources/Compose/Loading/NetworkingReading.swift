// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Keys about how a service is on the network, `ports` apart.
extension TreeReader {
    /// Compose Specification, 05-services.md, `networks`.
    mutating func attachments(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) -> [NetworkAttachment] {
        guard case .mapping(let pairs) = node.content else {
            var seen: Set<String> = []
            var result: [NetworkAttachment] = []
            for (index, item) in items(node, path).enumerated() {
                guard let name = string(item, "\(path)[\(index)]"), seen.insert(name).inserted else { continue }
                draft.place("networks.\(name)", item)
                result.append(NetworkAttachment(network: name))
            }
            return result
        }
        return pairs.filter { !$0.name.hasPrefix("x-") }.map { pair in
            let at = "\(path).\(pair.name)"
            draft.place("networks.\(pair.name)", pair.key)
            var attachment = NetworkAttachment(network: pair.name)
            guard !pair.value.isNull else { return attachment }
            attachment.hasOptions = true
            for field in fields(pair.value, at, known: SpecificationKeys.attachment) ?? [] { read(field, &attachment) }
            return attachment
        }
    }

    private mutating func read(_ field: Field, _ attachment: inout NetworkAttachment) {
        let (node, at) = (field.value, field.path)
        switch field.name {
        case "aliases": attachment.aliases = uniqueStrings(node, at)
        case "ipv4_address": attachment.ipv4Address = string(node, at)
        case "ipv6_address": attachment.ipv6Address = string(node, at)
        case "link_local_ips": attachment.linkLocalAddresses = uniqueStrings(node, at)
        case "mac_address": attachment.macAddress = string(node, at)
        case "priority": attachment.priority = int(node, at).map { Int($0) }
        case "gw_priority": attachment.gatewayPriority = int(node, at).map { Int($0) }
        case "interface_name": attachment.interfaceName = string(node, at)
        default: attachment.driverOptions = options(node, at)
        }
    }

    /// Compose Specification, 05-services.md, `network_mode`.
    mutating func networkMode(_ node: YAMLNode, _ path: String) -> NetworkMode? {
        guard let text = string(node, path) else { return nil }
        switch text {
        case "": return nil
        case "none": return NetworkMode.none
        case "host": return .host
        case "bridge", "default": return .bridge
        default: break
        }
        if text.hasPrefix("service:"), text.utf8.count > 8 { return .service(String(text.dropFirst(8))) }
        if text.hasPrefix("container:"), text.utf8.count > 10 { return .container(String(text.dropFirst(10))) }
        doubt(text, among: ["none", "host", "bridge", "service:NAME", "container:NAME"], node, path)
        return .other(text)
    }

    /// Compose Specification, 05-services.md, `extra_hosts`: `NAME=ADDRESS` (or `NAME:ADDRESS`), or a mapping.
    mutating func extraHosts(_ node: YAMLNode, _ path: String) -> [ExtraHost] {
        var result: [ExtraHost] = []
        var seen: Set<ExtraHost> = []
        func add(_ name: String, _ addresses: String, _ node: YAMLNode) {
            if addresses.isEmpty {
                report(
                    "bad-value", "\(path): invalid additional host, missing IP: \(name)", at: node,
                    hint: "write it as NAME=ADDRESS")
            }
            for address in addresses.split(separator: ",") {
                let isBracketed = address.hasPrefix("[") && address.hasSuffix("]")
                let host = ExtraHost(
                    name: name, address: String(isBracketed ? address.dropFirst().dropLast() : address))
                if seen.insert(host).inserted { result.append(host) }
            }
        }
        if case .mapping(let pairs) = node.content {
            for pair in pairs where !pair.name.hasPrefix("x-") {
                let addresses = pair.value.sequence == nil ? [pair.value] : items(pair.value, "\(path).\(pair.name)")
                for address in addresses {
                    if let text = string(address, "\(path).\(pair.name)") { add(pair.name, text, address) }
                }
            }
            return result
        }
        for (index, item) in items(node, path).enumerated() {
            guard let text = string(item, "\(path)[\(index)]") else { continue }
            guard let cut = text.firstIndex(of: "=") ?? text.firstIndex(of: ":"), cut != text.startIndex else {
                report(
                    "bad-value", "\(path)[\(index)]: invalid additional host, missing IP: \(text)", at: item,
                    hint: "write it as NAME=ADDRESS")
                continue
            }
            add(String(text[..<cut]), String(text[text.index(after: cut)...]), item)
        }
        return result
    }
}
