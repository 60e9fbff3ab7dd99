// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Language models and providers.
extension TreeReader {
    /// Compose Specification, 05-services.md, `models`: names, or a mapping.
    mutating func modelUses(_ node: YAMLNode, _ path: String) -> [ModelUse] {
        guard case .mapping(let pairs) = node.content else {
            var result: [ModelUse] = []
            var seen: Set<String> = []
            for (index, item) in items(node, path).enumerated() {
                guard let name = string(item, "\(path)[\(index)]"), seen.insert(name).inserted else { continue }
                record("\(path).\(name)", item)
                result.append(ModelUse(model: name))
            }
            return result
        }
        return pairs.map { pair in
            let at = "\(path).\(pair.name)"
            record(at, pair.key)
            var use = ModelUse(model: pair.name)
            guard !pair.value.isNull else { return use }
            use.hasOptions = true
            for field in fields(pair.value, at, known: ["endpoint_var", "model_var"]) ?? [] {
                if field.name == "endpoint_var" {
                    use.endpointVariable = string(field.value, field.path)
                } else {
                    use.modelVariable = string(field.value, field.path)
                }
            }
            return use
        }
    }

    /// Compose Specification, the top-level `models`.
    mutating func model(_ pair: YAMLPair) -> ResourceDraft<LanguageModel>? {
        let path = "models.\(pair.name)"
        guard let fields = fields(pair.value, path, known: ["name", "model", "context_size", "runtime_flags"]) else {
            return nil
        }
        var model = LanguageModel(key: pair.name, model: "", location: pair.key.location)
        for field in fields {
            switch field.name {
            case "name": model.name = string(field.value, field.path)
            case "model": model.model = string(field.value, field.path) ?? ""
            case "context_size": model.contextSize = count(field.value, field.path)
            default: model.runtimeFlags = strings(field.value, field.path)
            }
        }
        if pair.value["model"] == nil { missing("model", path, pair.key) }
        return ResourceDraft(resource: model, node: pair.key)
    }

    /// Compose Specification, 05-services.md, `provider`.
    mutating func provider(_ node: YAMLNode, _ path: String, _ key: YAMLNode) -> Provider? {
        guard let fields = fields(node, path, known: ["type", "options"]) else { return nil }
        var provider = Provider(type: "")
        for field in fields {
            if field.name == "type" {
                provider.type = string(field.value, field.path) ?? ""
                continue
            }
            for pair in pairs(field.value, field.path) ?? [] {
                let at = "\(field.path).\(pair.name)"
                let values = (pair.value.sequence ?? [pair.value]).compactMap { text($0, at) ?? nil }
                provider.options.append(Provider.Option(name: pair.name, values: values))
            }
        }
        if node["type"] == nil { missing("type", path, key) }
        return provider
    }

    /// Compose Specification, 05-services.md, `credential_spec`.
    mutating func credentialSpec(_ node: YAMLNode, _ path: String) -> CredentialSpec? {
        guard let fields = fields(node, path, known: ["config", "file", "registry"]) else { return nil }
        var spec = CredentialSpec()
        for field in fields {
            let text = string(field.value, field.path)
            switch field.name {
            case "config": spec.config = text
            case "file": spec.file = text
            default: spec.registry = text
            }
        }
        return spec
    }

    /// Compose Specification, 05-services.md, `logging`.
    mutating func logging(_ node: YAMLNode, _ path: String) -> Logging? {
        guard let fields = fields(node, path, known: ["driver", "options"]) else { return nil }
        var logging = Logging()
        for field in fields {
            if field.name == "driver" {
                logging.driver = string(field.value, field.path)
            } else {
                logging.options = options(field.value, field.path, allowsNull: true)
            }
        }
        return logging
    }
}
