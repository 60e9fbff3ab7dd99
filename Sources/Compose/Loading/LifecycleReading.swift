// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Keys about the life of a container: dependencies, health, restarts, pulls.
extension TreeReader {
    /// Compose Specification, 05-services.md, `depends_on`.
    mutating func dependencies(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) -> [Dependency] {
        if case .mapping(let pairs) = node.content {
            return pairs.compactMap { pair in
                draft.place("depends_on.\(pair.name)", pair.key)
                return dependency(pair, "\(path).\(pair.name)")
            }
        }
        var seen: [String: YAMLNode] = [:]
        var result: [Dependency] = []
        for (index, item) in items(node, path).enumerated() {
            guard let name = string(item, "\(path)[\(index)]") else { continue }
            if let first = seen[name] {
                report(
                    "duplicate-item", "\(path): '\(name)' is listed twice", at: item,
                    notes: [Diagnostic.Note("it is first listed here", at: first.place)])
                continue
            }
            seen[name] = item
            draft.place("depends_on.\(name)", item)
            result.append(Dependency(service: name))
        }
        return result
    }

    private mutating func dependency(_ pair: YAMLPair, _ path: String) -> Dependency? {
        guard case .mapping = pair.value.content else {
            report("wrong-type", "\(path) must be a mapping, not \(pair.value.kind)", at: pair.key)
            return nil
        }
        var dependency = Dependency(service: pair.name)
        for field in fields(pair.value, path, known: ["condition", "restart", "required"]) ?? [] {
            switch field.name {
            case "condition": dependency.condition = word(field.value, field.path) ?? .started
            case "restart": dependency.restart = bool(field.value, field.path) ?? false
            default: dependency.required = bool(field.value, field.path) ?? true
            }
        }
        if pair.value["condition"] == nil { missing("condition", path, pair.key) }
        return dependency
    }

    /// Compose Specification, 05-services.md, `healthcheck`.
    mutating func healthcheck(_ node: YAMLNode, _ path: String) -> Healthcheck? {
        guard let fields = fields(node, path, known: SpecificationKeys.healthcheck) else { return nil }
        var check = Healthcheck()
        for field in fields {
            switch field.name {
            case "test": check.test = healthTest(field.value, field.path)
            case "interval": check.interval = timeSpan(field.value, field.path)
            case "timeout": check.timeout = timeSpan(field.value, field.path)
            case "start_period": check.startPeriod = timeSpan(field.value, field.path)
            case "start_interval": check.startInterval = timeSpan(field.value, field.path)
            case "retries": check.retries = count(field.value, field.path)
            default: check.disable = bool(field.value, field.path) ?? false
            }
        }
        return check
    }

    private mutating func healthTest(_ node: YAMLNode, _ path: String) -> Healthcheck.Test? {
        if case .scalar = node.content { return string(node, path).map { .shell($0) } }
        let words = strings(node, path)
        switch (words.first, words.count) {
        case (nil, _): return nil
        case ("NONE"?, 1): return Healthcheck.Test.none
        case ("CMD"?, 2...): return .exec(Array(words.dropFirst()))
        case ("CMD-SHELL"?, 2): return .shell(words[1])
        case ("CMD"?, _), ("CMD-SHELL"?, _):
            report("bad-value", "\(path): a command must follow \(words[0])", at: node)
        default:
            report("bad-value", "\(path) must start with \"CMD\", \"CMD-SHELL\" or \"NONE\"", at: node)
        }
        return nil
    }

    /// Compose Specification, 05-services.md, `restart`.
    mutating func restart(_ node: YAMLNode, _ path: String) -> RestartPolicy? {
        guard case .string(let text)? = node.value else {
            mismatch(node, path, "a string")
            if case .bool(false)? = node.value { diagnostics.hintLast("write it as \"no\"") }
            return nil
        }
        switch text {
        case "": return nil
        case "no": return .no
        case "always": return .always
        case "unless-stopped": return .unlessStopped
        case "on-failure": return .onFailure(attempts: nil)
        default: break
        }
        if text.hasPrefix("on-failure:"), let attempts = Int(text.dropFirst(11)), attempts >= 0 {
            return .onFailure(attempts: attempts)
        }
        let words = ["no", "always", "on-failure[:MAX]", "unless-stopped"]
        doubt(text, among: words, node, path)
        return .unknown(text)
    }

    /// Compose Specification, 05-services.md, `pull_policy`.
    mutating func pullPolicy(_ node: YAMLNode, _ path: String) -> PullPolicy? {
        guard let text = string(node, path) else { return nil }
        switch text {
        case "always": return .always
        case "never": return .never
        case "missing": return .missing
        // The old name of the same.
        case "if_not_present": return steps.contains(.normalization) ? .missing : .ifNotPresent
        case "build": return .build
        case "refresh": return .refresh
        case "daily": return .daily
        case "weekly": return .weekly
        default: break
        }
        if text.hasPrefix("every_") {
            let every = String(text.dropFirst(6))
            if let first = every.utf8.first, first.isASCIIDigit, let span = TimeSpan(every) {
                return .every(every, span)
            }
        }
        let words = ["always", "never", "missing", "if_not_present", "build", "refresh", "daily", "weekly"]
        report(
            "bad-value", "\(path): '\(text)' is none of \(words.joined(separator: ", ")), every_TIME", at: node,
            hint: nearestName(to: text, among: words).map { "did you mean '\($0)'?" })
        return nil
    }
}

extension Diagnostics {
    /// Gives the way out to the mistake noted last.
    mutating func hintLast(_ hint: String) {
        guard var last = removeLast() else { return }
        last.hint = hint
        add(last)
    }
}
