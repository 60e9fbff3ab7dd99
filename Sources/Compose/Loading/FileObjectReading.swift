// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Configs and secrets: what a service has of them, and what the top level declares.
extension TreeReader {
    /// Compose Specification, 05-services.md, `configs` and `secrets`. Of those with the same target the last counts.
    ///
    /// - Parameter directory: where those without a target are: `/` or `/run/secrets/`.
    mutating func fileReferences(_ node: YAMLNode, _ path: String, directory: String) -> [FileReference] {
        var result: [FileReference] = []
        var positions: [String: Int] = [:]
        for (index, item) in items(node, path).enumerated() {
            guard let reference = fileReference(item, "\(path)[\(index)]") else { continue }
            let target = reference.target ?? directory + reference.source
            let position = positions[target] ?? result.count
            record("\(path)[\(position)]", item["source"] ?? item)
            if position == result.count {
                positions[target] = position
                result.append(reference)
            } else {
                result[position] = reference
            }
        }
        return result
    }

    private mutating func fileReference(_ node: YAMLNode, _ path: String) -> FileReference? {
        guard case .mapping = node.content else { return string(node, path).map { FileReference(source: $0) } }
        guard let fields = fields(node, path, known: ["source", "target", "uid", "gid", "mode"]) else { return nil }
        var reference = FileReference(source: "")
        for field in fields {
            switch field.name {
            case "source": reference.source = string(field.value, field.path) ?? ""
            case "target": reference.target = string(field.value, field.path)
            case "uid": reference.uid = string(field.value, field.path)
            case "gid": reference.gid = string(field.value, field.path)
            default: reference.mode = fileMode(field.value, field.path)
            }
        }
        if node["source"] == nil { missing("source", path, node) }
        return reference.source.isEmpty ? nil : reference
    }

    /// Permission bits: a number, or octal digits as a string.
    private mutating func fileMode(_ node: YAMLNode, _ path: String) -> UInt32? {
        guard case .string(let text)? = node.value else {
            return int(node, path, in: 0...0o7777).map { UInt32($0) }
        }
        let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
        guard let mode = UInt32(digits, radix: 8), mode <= 0o7777 else {
            report("bad-value", "\(path): invalid mode: \(text)", at: node, hint: "write it in octal, as \"0444\"")
            return nil
        }
        return mode
    }

    /// Compose Specification, 08-configs.md.
    mutating func config(_ pair: YAMLPair, project: String) -> ResourceDraft<FileObject>? {
        fileObject(pair, project: project, section: "configs", sources: ["file", "environment", "content"])
    }

    /// Compose Specification, 09-secrets.md.
    mutating func secret(_ pair: YAMLPair, project: String) -> ResourceDraft<FileObject>? {
        fileObject(
            pair, project: project, section: "secrets", sources: ["file", "environment"])
    }

    private mutating func fileObject(
        _ pair: YAMLPair, project: String, section: String, sources: [String]
    ) -> ResourceDraft<FileObject>? {
        let path = "\(section).\(pair.name)"
        let foreign = section == "configs" ? ["driver", "driver_opts"] : ["content"]
        let known = SpecificationKeys.file.filter { !foreign.contains($0) }
        guard let fields = fields(pair.value, path, known: known) else { return nil }
        var object = FileObject(
            key: pair.name, name: resourceName(pair.name, project), content: .elsewhere, location: pair.key.location)
        var draft = ResourceDraft(resource: object, node: pair.key)
        var external: (isExternal: Bool, name: String?) = (false, nil)
        var name: String?
        for field in fields {
            object.places[field.name] = field.value.location
            switch field.name {
            case "name": name = string(field.value, field.path)
            case "external": external = self.external(field.value, field.path)
            case "labels": object.labels = labels(field.value, field.path)
            case "template_driver": object.templateDriver = string(field.value, field.path)
            case "driver": object.driver = string(field.value, field.path)
            case "driver_opts": object.driverOptions = options(field.value, field.path)
            default: object.content = content(field) ?? .elsewhere
            }
        }
        let given = sources.filter { pair.value[$0] != nil }
        if given.count > 1 {
            report(
                "conflict", "\(path): \(sources.joined(separator: "|")) attributes are mutually exclusive",
                at: pair.key)
        }
        if given.isEmpty, !external.isExternal {
            report(
                "missing-key", "\(path): one of \(sources.joined(separator: "|")) must be set", at: pair.key)
        }
        object.isExternal = external.isExternal
        object.name = external.name ?? name ?? (external.isExternal ? externalName(pair.name) : object.name)
        draft.resource = object
        return draft
    }

    private mutating func content(_ field: Field) -> FileObject.Content? {
        guard let text = string(field.value, field.path) else { return nil }
        switch field.name {
        case "file": return .file(hostPath(text, field.value))
        case "environment": return .environment(text, value: variable(text, field.value))
        default: return .inline(text)
        }
    }
}
