// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension Service {
    /// The service in docker compose's shape: long forms, defaults that docker compose shows, nothing that says nothing.
    package var document: Document {
        var fields = Fields()
        fields.add("image", .string(image))
        fields.add("platform", platform)
        fields.add("pull_policy", pullPolicy?.text)
        fields.add("container_name", containerName)
        fields.add("hostname", hostname)
        fields.add("domainname", domainname)
        fields.add("entrypoint", entrypoint.map { .array($0.map { .string($0) }) } ?? .null)
        fields.add("command", command.map { .array($0.map { .string($0) }) } ?? .null)
        fields.add("working_dir", workingDirectory)
        fields.add("user", user)
        fields.add("group_add", groupAdd)
        fields.addUnlessEmpty(
            "environment", environment.map { Document.Field($0.name, $0.value.map { .string($0) } ?? .null) })
        fields.addUnlessEmpty("depends_on", dependencies.map { Document.Field($0.service, $0.document) })
        fields.add("restart", restart?.text)
        if let healthcheck { fields.add("healthcheck", healthcheck.document) }
        fields.add("init", initProcess)
        fields.add("stop_signal", stopSignal)
        fields.add("stop_grace_period", stopGracePeriod)
        addNetworking(&fields)
        fields.addUnlessEmpty("volumes", mounts.map(\.document))
        fields.add("tmpfs", tmpfs.map(\.text))
        fields.add("labels", labels)
        fields.add("profiles", profiles)
        fields.add("scale", scale)
        if let deploy { fields.add("deploy", deploy.document) }
        addIsolation(&fields)
        return fields.document
    }

    private func addNetworking(_ fields: inout Fields) {
        fields.add("network_mode", networkMode?.text)
        fields.addUnlessEmpty("networks", networks.map { Document.Field($0.network, $0.document) })
        fields.addUnlessEmpty("ports", ports.map(\.document))
        fields.add("expose", expose)
        fields.add("extra_hosts", extraHosts.map { "\($0.name)=\($0.address)" }.sorted())
        fields.add("dns", dns)
        fields.add("dns_search", dnsSearch)
        fields.add("dns_opt", dnsOptions)
    }

    private func addIsolation(_ fields: inout Fields) {
        fields.add("cap_add", capabilitiesAdded)
        fields.add("cap_drop", capabilitiesDropped)
        fields.add("security_opt", securityOptions.map(\.text))
        fields.addIfTrue("privileged", privileged)
        fields.addIfTrue("read_only", readOnly)
        fields.addIfTrue("tty", tty)
        fields.addIfTrue("stdin_open", stdinOpen)
        fields.add("attach", attach)
        if usesHostUserNamespace { fields.add("userns_mode", "host") }
        fields.add("pid", pid?.text)
        fields.add("ipc", ipc?.text)
        fields.add("uts", uts?.text)
        fields.add("cgroup", cgroup?.text)
        fields.addUnlessEmpty("sysctls", sysctls.map { Document.Field($0.name, .string($0.value)) })
        fields.addUnlessEmpty("ulimits", ulimits.map { Document.Field($0.name, $0.document) })
        fields.add("shm_size", shmSize)
        fields.add("oom_score_adj", oomScoreAdjustment)
    }
}

extension Dependency {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("condition", condition.rawValue)
        fields.addIfTrue("restart", restart)
        fields.add("required", .bool(required))
        return fields.document
    }
}

extension Healthcheck {
    fileprivate var document: Document {
        var fields = Fields()
        switch test {
        case Test.none?: fields.add("test", ["NONE"])
        case .exec(let words)?: fields.add("test", ["CMD"] + words)
        case .shell(let line)?: fields.add("test", ["CMD-SHELL", line])
        case nil: break
        }
        fields.add("interval", interval)
        fields.add("timeout", timeout)
        fields.add("start_period", startPeriod)
        fields.add("start_interval", startInterval)
        fields.add("retries", retries)
        fields.addIfTrue("disable", disable)
        return fields.document
    }
}

extension Deploy {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("replicas", replicas)
        fields.add("resources", .object([]))
        fields.add("placement", .object([]))
        return fields.document
    }
}

extension NetworkAttachment {
    fileprivate var document: Document {
        guard hasOptions else { return .null }
        var fields = Fields()
        fields.add("aliases", aliases)
        return fields.document
    }
}

extension PortMapping {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("name", name)
        fields.add("mode", mode)
        fields.add("host_ip", hostIP)
        fields.add("target", Int(target))
        fields.add("published", published?.description)
        fields.add("protocol", `protocol`.rawValue)
        fields.add("app_protocol", applicationProtocol)
        return fields.document
    }
}

extension Mount {
    fileprivate var document: Document {
        var fields = Fields()
        var options = Fields()
        switch self {
        case .bind(let mount):
            fields.add("type", "bind")
            fields.add("source", mount.source)
            addShared(&fields, mount.consistency)
            options.add("create_host_path", mount.createHostPath == false ? false : nil)
            options.add("selinux", mount.selinux)
            if mount.hasOptions { fields.add("bind", options.document) }
        case .volume(let mount):
            fields.add("type", "volume")
            fields.add("source", mount.source)
            addShared(&fields, mount.consistency)
            options.addIfTrue("nocopy", mount.noCopy)
            if mount.hasOptions { fields.add("volume", options.document) }
        case .tmpfs(let mount):
            fields.add("type", "tmpfs")
            addShared(&fields, mount.consistency)
            options.add("size", mount.size)
            options.add("mode", mount.mode.map { Int($0) })
            if mount.hasOptions { fields.add("tmpfs", options.document) }
        }
        return fields.document
    }

    private func addShared(_ fields: inout Fields, _ consistency: String?) {
        fields.add("target", target)
        fields.addIfTrue("read_only", readOnly)
        fields.add("consistency", consistency)
    }
}

extension Ulimit {
    fileprivate var document: Document {
        if isSingle { return soft == 0 ? .object([]) : .int(soft) }
        var fields = Fields()
        fields.add("soft", .int(soft))
        fields.add("hard", .int(hard))
        return fields.document
    }
}

extension TmpfsPath {
    fileprivate var text: String { options.isEmpty ? target : "\(target):\(options.joined(separator: ","))" }
}
