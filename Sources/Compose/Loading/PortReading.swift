// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

extension TreeReader {
    /// As many as a protocol has, twice.
    private static let portLimit = 131_070

    /// What makes two ports the same one; of such the last counts.
    private struct Publication: Hashable {
        var hostIP: String
        var published: PortRange?
        var target: UInt16
        var transport: PortMapping.TransportProtocol

        init(_ mapping: PortMapping) {
            hostIP = mapping.hostIP ?? "0.0.0.0"
            published = mapping.published
            target = mapping.target
            transport = mapping.protocol
        }
    }

    /// Compose Specification, 05-services.md, `ports`.
    mutating func ports(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) -> [PortMapping] {
        var result: [PortMapping] = []
        var positions: [Publication: Int] = [:]
        var count = 0
        for (index, item) in items(node, path).enumerated() {
            let at = "\(path)[\(index)]"
            let mappings = portMappings(item, at)
            count += mappings.count
            for mapping in mappings {
                let position = positions[Publication(mapping)] ?? result.count
                draft.place("ports[\(position)]", item)
                if position == result.count {
                    positions[Publication(mapping)] = position
                    result.append(mapping)
                } else {
                    result[position] = mapping
                }
            }
            guard count <= Self.portLimit else {
                report("bad-port", "\(at): the service has more than \(Self.portLimit) ports", at: item)
                return result
            }
        }
        return result
    }

    private mutating func portMappings(_ node: YAMLNode, _ path: String) -> [PortMapping] {
        switch node.value {
        case nil where node.mapping != nil: return portMapping(node, path).map { [$0] } ?? []
        case .string?, .int?, .float?: break
        default:
            mismatch(node, path, "a port, as a string, a number or a mapping")
            return []
        }
        guard let text = text(node, path), let text else { return [] }
        do throws(PortSyntax.Failure) {
            return try PortSyntax.parse(text)
        } catch {
            report(
                "bad-port", "\(path): \(error.message)", at: node,
                hint: "write it as [[ADDRESS:]HOST:]CONTAINER[/PROTOCOL] with ports from 1 to 65535")
            return []
        }
    }

    private mutating func portMapping(_ node: YAMLNode, _ path: String) -> PortMapping? {
        let known = ["target", "published", "host_ip", "protocol", "mode", "name", "app_protocol"]
        var mapping = PortMapping(target: 0)
        for field in fields(node, path, known: known) ?? [] {
            switch field.name {
            case "target": mapping.target = UInt16(clamping: int(field.value, field.path, in: 1...65535) ?? 0)
            case "published": mapping.published = published(field.value, field.path)
            case "host_ip": mapping.hostIP = address(field.value, field.path)
            case "protocol": mapping.protocol = transport(field.value, field.path)
            case "mode": mapping.mode = string(field.value, field.path) ?? "ingress"
            case "name": mapping.name = string(field.value, field.path)
            default: mapping.applicationProtocol = string(field.value, field.path)
            }
        }
        guard node["target"] != nil else {
            missing("target", path, node)
            return nil
        }
        return mapping
    }

    private mutating func address(_ node: YAMLNode, _ path: String) -> String? {
        guard let text = string(node, path), !text.isEmpty else { return nil }
        guard PortSyntax.isAddress(text) else {
            report("bad-port", "\(path): invalid IP address: \(text)", at: node)
            return nil
        }
        return text
    }

    private mutating func transport(_ node: YAMLNode, _ path: String) -> PortMapping.TransportProtocol {
        guard let text = string(node, path) else { return .tcp }
        guard let known = PortMapping.TransportProtocol(rawValue: text.lowercased()) else {
            report("bad-port", "\(path): invalid proto: \(text)", at: node, hint: "it is one of tcp, udp, sctp")
            return .tcp
        }
        return known
    }

    private mutating func published(_ node: YAMLNode, _ path: String) -> PortRange? {
        switch node.value {
        case .int?, .string?: break
        default:
            mismatch(node, path, "a port or a range of ports")
            return nil
        }
        guard let text = text(node, path), let text, !text.isEmpty else { return nil }
        guard let range = PortSyntax.range(text) else {
            report("bad-port", "\(path): invalid hostPort: \(text)", at: node)
            return nil
        }
        return range
    }
}
