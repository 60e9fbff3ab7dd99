// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Keys about namespaces, limits and rights.
extension TreeReader {
    /// Compose Specification, 05-services.md, `userns_mode`.
    mutating func userNamespace(_ node: YAMLNode, _ path: String) -> String? {
        guard let text = string(node, path), !text.isEmpty else { return nil }
        if text != "host" { doubt(text, among: ["host"], node, path) }
        return text
    }

    /// `pid`, `ipc`, `uts`, `cgroup`. docker compose checks none of them but `cgroup`.
    mutating func namespace(
        _ node: YAMLNode, _ path: String, _ allowed: [String], isChecked: Bool = false
    ) -> NamespaceMode? {
        guard let text = string(node, path), !text.isEmpty else { return nil }
        if allowed.contains(text) {
            switch text {
            case "host": return .host
            case "private": return .private
            case "shareable": return .shareable
            default: break
            }
        }
        if text.hasPrefix("service:"), allowed.contains("service:"), text.utf8.count > 8 {
            return .service(String(text.dropFirst(8)))
        }
        if text.hasPrefix("container:"), allowed.contains("container:"), text.utf8.count > 10 {
            return .container(String(text.dropFirst(10)))
        }
        let words = allowed.map { $0.hasSuffix(":") ? $0 + "NAME" : $0 }
        guard !isChecked else {
            report("bad-value", "\(path): '\(text)' is none of \(words.joined(separator: ", "))", at: node)
            return nil
        }
        doubt(text, among: words, node, path)
        return .other(text)
    }

    /// Compose Specification, 05-services.md, `ulimits`.
    mutating func ulimits(_ node: YAMLNode, _ path: String) -> [Ulimit] {
        var result: [Ulimit] = []
        for pair in pairs(node, path) ?? [] where !pair.name.hasPrefix("x-") {
            let at = "\(path).\(pair.name)"
            record(at, pair.value)
            guard case .mapping = pair.value.content else {
                guard let limit = int(pair.value, at, in: -1 ... .max) else { continue }
                result.append(Ulimit(name: pair.name, soft: limit, hard: limit, isSingle: true))
                continue
            }
            var soft: Int64?
            var hard: Int64?
            for field in fields(pair.value, at, known: ["soft", "hard"]) ?? [] {
                let limit = int(field.value, field.path, in: -1 ... .max)
                if field.name == "soft" { soft = limit } else { hard = limit }
            }
            guard pair.value["soft"] != nil, pair.value["hard"] != nil else {
                report("missing-key", "\(at) needs both soft and hard", at: pair.key)
                continue
            }
            if let soft, let hard { result.append(Ulimit(name: pair.name, soft: soft, hard: hard, isSingle: false)) }
        }
        return result
    }

    /// Compose Specification, 05-services.md, `security_opt`.
    mutating func securityOptions(_ node: YAMLNode, _ path: String) -> [SecurityOption] {
        var result: [SecurityOption] = []
        var seen: Set<String> = []
        for (index, item) in items(node, path).enumerated() {
            guard let text = string(item, "\(path)[\(index)]"), seen.insert(text).inserted else { continue }
            record("\(path)[\(result.count)]", item)
            result.append(SecurityOption(text: text, kind: securityOption(text, item)))
        }
        return result
    }

    /// `NAME=VALUE`, or in the old form `NAME:VALUE`.
    private func securityOption(_ text: String, _ node: YAMLNode) -> SecurityOption.Kind {
        let cut = text.firstIndex(of: "=") ?? text.firstIndex(of: ":") ?? text.endIndex
        let value = String(text[cut...].dropFirst())
        switch (text[..<cut], value) {
        case ("no-new-privileges", ""), ("no-new-privileges", "true"): return .noNewPrivileges(true)
        case ("no-new-privileges", "false"): return .noNewPrivileges(false)
        case ("seccomp", "unconfined"): return .seccomp(.unconfined)
        case ("seccomp", "builtin"): return .seccomp(.builtin)
        case ("seccomp", _) where !value.isEmpty: return .seccomp(.file(hostPath(value, node)))
        case ("apparmor", _) where !value.isEmpty: return .appArmor(value)
        case ("label", _) where !value.isEmpty: return .label(value)
        case ("systempaths", "unconfined"): return .unconfinedSystemPaths
        default: return .other
        }
    }
}
