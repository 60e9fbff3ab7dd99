// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Compose Specification, deploy.md.
extension TreeReader {
    mutating func deploy(_ node: YAMLNode, _ path: String) -> Deploy? {
        if node.isNull { return nil }
        guard let fields = fields(node, path, known: SpecificationKeys.deploy) else { return nil }
        var deploy = Deploy()
        for field in fields {
            switch field.name {
            case "mode": deploy.mode = choice(field.value, field.path)
            case "replicas": deploy.replicas = count(field.value, field.path)
            case "labels": deploy.labels = labels(field.value, field.path)
            case "endpoint_mode": deploy.endpointMode = choice(field.value, field.path)
            case "resources": deploy.resources = resources(field.value, field.path)
            case "restart_policy": deploy.restartPolicy = restartRule(field.value, field.path)
            case "update_config": deploy.updateConfig = rollout(field.value, field.path)
            case "rollback_config": deploy.rollbackConfig = rollout(field.value, field.path)
            default: deploy.placement = placement(field.value, field.path)
            }
        }
        return deploy
    }

    private mutating func resources(_ node: YAMLNode, _ path: String) -> Deploy.Resources {
        var resources = Deploy.Resources()
        for field in fields(node, path, known: ["limits", "reservations"]) ?? [] {
            if field.name == "limits" {
                resources.limits = amounts(field.value, field.path, known: ["cpus", "memory", "pids"])
            } else {
                resources.reservations = amounts(
                    field.value, field.path, known: ["cpus", "memory", "devices", "generic_resources"])
            }
        }
        return resources
    }

    private mutating func amounts(_ node: YAMLNode, _ path: String, known: [String]) -> Deploy.Amounts? {
        guard let fields = fields(node, path, known: known) else { return nil }
        var amounts = Deploy.Amounts()
        for field in fields {
            switch field.name {
            case "cpus": amounts.cpus = number(field.value, field.path, in: 0 ... .infinity)
            case "memory":
                guard case .string? = field.value.value else {
                    mismatch(field.value, field.path, "a string")
                    continue
                }
                amounts.memory = byteSize(field.value, field.path)
            case "pids": amounts.pids = int(field.value, field.path, in: -1 ... .max)
            case "devices":
                amounts.devices = deviceRequests(field.value, field.path, needsCapabilities: true)
            default:
                for (index, item) in items(field.value, field.path).enumerated() {
                    if let resource = genericResource(item, "\(field.path)[\(index)]") {
                        amounts.genericResources.append(resource)
                    }
                }
            }
        }
        return amounts
    }

    private mutating func genericResource(_ node: YAMLNode, _ path: String) -> Deploy.GenericResource? {
        for field in fields(node, path, known: ["discrete_resource_spec"]) ?? [] {
            var resource = Deploy.GenericResource(kind: "", value: 0)
            for part in fields(field.value, field.path, known: ["kind", "value"]) ?? [] {
                if part.name == "kind" {
                    resource.kind = string(part.value, part.path) ?? ""
                } else {
                    resource.value = int(part.value, part.path) ?? 0
                }
            }
            return resource
        }
        return nil
    }

    private mutating func restartRule(_ node: YAMLNode, _ path: String) -> Deploy.RestartRule? {
        guard let fields = fields(node, path, known: ["condition", "delay", "max_attempts", "window"]) else {
            return nil
        }
        var rule = Deploy.RestartRule()
        for field in fields {
            switch field.name {
            case "condition": rule.condition = choice(field.value, field.path)
            case "delay": rule.delay = timeSpan(field.value, field.path)
            case "max_attempts": rule.maxAttempts = count(field.value, field.path)
            default: rule.window = timeSpan(field.value, field.path)
            }
        }
        return rule
    }

    private mutating func rollout(_ node: YAMLNode, _ path: String) -> Deploy.Rollout? {
        let known = ["parallelism", "delay", "failure_action", "monitor", "max_failure_ratio", "order"]
        guard let fields = fields(node, path, known: known) else { return nil }
        var rollout = Deploy.Rollout()
        for field in fields {
            switch field.name {
            case "parallelism": rollout.parallelism = count(field.value, field.path)
            case "delay": rollout.delay = timeSpan(field.value, field.path)
            case "failure_action": rollout.failureAction = choice(field.value, field.path)
            case "monitor": rollout.monitor = timeSpan(field.value, field.path)
            case "max_failure_ratio": rollout.maxFailureRatio = number(field.value, field.path, in: 0...1)
            default: rollout.order = word(field.value, field.path)
            }
        }
        return rollout
    }

    private mutating func placement(_ node: YAMLNode, _ path: String) -> Deploy.Placement {
        var placement = Deploy.Placement()
        for field in fields(node, path, known: ["constraints", "preferences", "max_replicas_per_node"]) ?? [] {
            switch field.name {
            case "constraints": placement.constraints = strings(field.value, field.path)
            case "preferences":
                for (index, item) in items(field.value, field.path).enumerated() {
                    for part in fields(item, "\(field.path)[\(index)]", known: ["spread"]) ?? [] {
                        if let label = string(part.value, part.path) { placement.preferences.append(label) }
                    }
                }
            default: placement.maxReplicasPerNode = count(field.value, field.path)
            }
        }
        return placement
    }
}
