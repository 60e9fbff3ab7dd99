// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

extension TreeReader {
    /// Compose Specification, 05-services.md, `devices`. Of those with the same target the last counts.
    mutating func devices(_ node: YAMLNode, _ path: String) -> [DeviceMapping] {
        var result: [DeviceMapping] = []
        var positions: [String: Int] = [:]
        for (index, item) in items(node, path).enumerated() {
            let at = "\(path)[\(index)]"
            guard let device = item.mapping == nil ? shortDevice(item, at) : longDevice(item, at) else { continue }
            let position = positions[device.target] ?? result.count
            record("\(path)[\(position)]", item)
            if position == result.count {
                positions[device.target] = position
                result.append(device)
            } else {
                result[position] = device
            }
        }
        return result
    }

    /// `SOURCE[:TARGET[:PERMISSIONS]]`
    private mutating func shortDevice(_ node: YAMLNode, _ path: String) -> DeviceMapping? {
        guard let text = string(node, path) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 3, !parts[0].isEmpty else {
            report(
                "bad-device", "\(path): confusing device mapping: \(text)", at: node,
                hint: "write it as SOURCE[:TARGET[:PERMISSIONS]], or as a mapping")
            return nil
        }
        let target = parts.count > 1 && !parts[1].isEmpty ? parts[1] : parts[0]
        return DeviceMapping(source: parts[0], target: target, permissions: parts.count > 2 ? parts[2] : "rwm")
    }

    private mutating func longDevice(_ node: YAMLNode, _ path: String) -> DeviceMapping? {
        guard let fields = fields(node, path, known: ["source", "target", "permissions"]) else { return nil }
        var device = DeviceMapping(source: "", target: "", permissions: nil)
        for field in fields {
            let text = string(field.value, field.path)
            switch field.name {
            case "source": device.source = text ?? ""
            case "target": device.target = text ?? ""
            default: device.permissions = text
            }
        }
        for key in ["source", "target"] where node[key] == nil {
            missing(key, path, node)
            return nil
        }
        return device
    }

    /// Compose Specification, 05-services.md, `gpus`: `all`, or a list.
    mutating func gpus(_ node: YAMLNode, _ path: String) -> [DeviceRequest] {
        guard case .scalar = node.content else { return deviceRequests(node, path, needsCapabilities: false) }
        guard let text = string(node, path) else { return [] }
        guard text == "all" else {
            report("bad-value", "\(path): '\(text)' is neither 'all' nor a list", at: node)
            return []
        }
        var all = DeviceRequest()
        all.count = -1
        return [all]
    }

    mutating func deviceRequests(_ node: YAMLNode, _ path: String, needsCapabilities: Bool) -> [DeviceRequest] {
        var result: [DeviceRequest] = []
        for (index, item) in items(node, path).enumerated() {
            let at = "\(path)[\(index)]"
            if let request = deviceRequest(item, at) { result.append(request) }
            if needsCapabilities, item.mapping != nil, item["capabilities"] == nil { missing("capabilities", at, item) }
        }
        return result
    }

    private mutating func deviceRequest(_ node: YAMLNode, _ path: String) -> DeviceRequest? {
        let known = ["capabilities", "driver", "count", "device_ids", "options"]
        guard let fields = fields(node, path, known: known) else { return nil }
        var request = DeviceRequest()
        for field in fields {
            switch field.name {
            case "capabilities": request.capabilities = uniqueStrings(field.value, field.path)
            case "driver": request.driver = string(field.value, field.path)
            case "count":
                request.count =
                    field.value.value == .string("all")
                    ? -1 : int(field.value, field.path, in: -1 ... .max).map { Int($0) }
            case "device_ids": request.deviceIDs = uniqueStrings(field.value, field.path)
            default:
                request.options = keyValues(field.value, field.path).map {
                    KeyValue(name: $0.name, value: $0.value ?? "")
                }
            }
        }
        if node["count"] != nil, node["device_ids"] != nil {
            report("conflict", "\(path): \"count\" and \"device_ids\" attributes are exclusive", at: node)
        }
        if node["count"] == nil, node["device_ids"] == nil { request.count = -1 }
        return request
    }
}
