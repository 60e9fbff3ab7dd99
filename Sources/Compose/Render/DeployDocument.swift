// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension Deploy {
    var document: Document {
        var fields = Fields()
        fields.add("mode", mode?.text)
        fields.add("replicas", replicas)
        fields.add("labels", labels)
        fields.add("endpoint_mode", endpointMode?.text)
        fields.add("resources", resources.document)
        if let restartPolicy { fields.add("restart_policy", restartPolicy.document) }
        if let updateConfig { fields.add("update_config", updateConfig.document) }
        if let rollbackConfig { fields.add("rollback_config", rollbackConfig.document) }
        fields.add("placement", placement.document)
        return fields.document
    }
}

extension Deploy.Resources {
    fileprivate var document: Document {
        var fields = Fields()
        if let limits { fields.add("limits", limits.document) }
        if let reservations { fields.add("reservations", reservations.document) }
        return fields.document
    }
}

extension Deploy.Amounts {
    fileprivate var document: Document {
        var fields = Fields()
        fields.addUnlessZero("cpus", cpus)
        if let memory, memory.bytes != 0 { fields.add("memory", memory) }
        if let pids, pids != 0 { fields.add("pids", .int(pids)) }
        fields.addUnlessEmpty("devices", devices.map(\.document))
        fields.addUnlessEmpty(
            "generic_resources",
            genericResources.map { resource in
                var spec = Fields()
                spec.add("kind", resource.kind)
                spec.add("value", .int(resource.value))
                return .object([Document.Field("discrete_resource_spec", spec.document)])
            })
        return fields.document
    }
}

extension Deploy.RestartRule {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("condition", condition?.text)
        fields.add("delay", delay)
        fields.add("max_attempts", maxAttempts)
        fields.add("window", window)
        return fields.document
    }
}

extension Deploy.Rollout {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("parallelism", parallelism)
        if let delay, delay.nanoseconds != 0 { fields.add("delay", delay) }
        fields.add("failure_action", failureAction?.text)
        if let monitor, monitor.nanoseconds != 0 { fields.add("monitor", monitor) }
        fields.addUnlessZero("max_failure_ratio", maxFailureRatio)
        fields.add("order", order?.rawValue)
        return fields.document
    }
}

extension Deploy.Placement {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("constraints", constraints)
        fields.addUnlessEmpty("preferences", preferences.map { .object([Document.Field("spread", .string($0))]) })
        if let maxReplicasPerNode, maxReplicasPerNode > 0 { fields.add("max_replicas_per_node", maxReplicasPerNode) }
        return fields.document
    }
}

extension DeviceRequest {
    var document: Document {
        var fields = Fields()
        fields.add("capabilities", capabilities)
        fields.add("driver", driver)
        fields.add("count", count)
        fields.add("device_ids", deviceIDs)
        fields.add("options", options)
        return fields.document
    }
}
