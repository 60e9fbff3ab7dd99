// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

extension TreeReader {
    /// Compose Specification, 05-services.md, `post_start` and `pre_stop`.
    mutating func hooks(_ node: YAMLNode, _ path: String) -> [Hook] {
        var result: [Hook] = []
        for (index, item) in items(node, path).enumerated() {
            record("\(path)[\(index)]", item)
            if let hook = hook(item, "\(path)[\(index)]") { result.append(hook) }
        }
        return result
    }

    mutating func hook(_ node: YAMLNode, _ path: String) -> Hook? {
        let known = ["command", "user", "privileged", "working_dir", "environment"]
        guard let fields = fields(node, path, known: known) else { return nil }
        var hook = Hook(command: nil)
        for field in fields {
            switch field.name {
            case "command": hook.command = command(field.value, field.path, field.key)
            case "user": hook.user = string(field.value, field.path)
            case "privileged": hook.privileged = bool(field.value, field.path) ?? false
            case "working_dir": hook.workingDirectory = string(field.value, field.path)
            default:
                hook.environment = namedVariables(field.value, field.path).map {
                    EnvironmentVariable(name: $0.name, value: $0.value)
                }
            }
        }
        if node["command"] == nil {
            missing("command", path, node)
            return nil
        }
        return hook
    }

    /// Compose Specification, develop.md.
    mutating func develop(_ node: YAMLNode, _ path: String) -> Develop? {
        if node.isNull { return nil }
        guard let fields = fields(node, path, known: ["watch"]) else { return nil }
        var develop = Develop()
        for field in fields {
            for (index, item) in items(field.value, field.path).enumerated() {
                if let trigger = trigger(item, "\(field.path)[\(index)]") { develop.watch.append(trigger) }
            }
        }
        return develop
    }

    private mutating func trigger(_ node: YAMLNode, _ path: String) -> Develop.Trigger? {
        let known = ["path", "action", "target", "exec", "include", "ignore", "initial_sync", "x-initialSync"]
        guard let fields = fields(node, path, known: known) else { return nil }
        var trigger = Develop.Trigger(path: "", action: .rebuild)
        for field in fields {
            switch field.name {
            case "path":
                guard let text = string(field.value, field.path) else { continue }
                if text.isEmpty { report("bad-value", "\(field.path): value can't be blank", at: field.value) }
                trigger.path = hostPath(text, field.value)
            case "action": trigger.action = word(field.value, field.path) ?? .rebuild
            case "target": trigger.target = string(field.value, field.path)
            case "exec": trigger.exec = hook(field.value, field.path)
            case "include": trigger.include = oneOrMore(field.value, field.path)
            case "ignore": trigger.ignore = oneOrMore(field.value, field.path)
            // `x-initialSync` is its name from before the specification had it.
            default: trigger.initialSync = bool(field.value, field.path) ?? false
            }
        }
        for key in ["path", "action"] where node[key] == nil { missing(key, path, node) }
        if trigger.action.needsTarget, trigger.target?.isEmpty ?? true {
            missing("target", path, node, hint: "'\(trigger.action.rawValue)' needs the path in the container")
        }
        return trigger
    }
}
