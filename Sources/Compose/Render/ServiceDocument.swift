// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension Service {
    /// The service in docker compose's shape: long forms, defaults that docker compose shows, nothing that says nothing.
    package var document: Document {
        var fields = Fields()
        if !image.isEmpty { fields.add("image", .string(image)) }
        if let build { fields.add("build", build.document) }
        if let provider { fields.add("provider", provider.document) }
        fields.add("platform", platform)
        fields.add("pull_policy", pullPolicy?.text)
        fields.add("pull_refresh_after", pullRefreshAfter)
        fields.add("container_name", containerName)
        fields.add("hostname", hostname)
        fields.add("domainname", domainname)
        fields.add("entrypoint", entrypoint.map { .array($0.map { .string($0) }) } ?? .null)
        fields.add("command", command.map { .array($0.map { .string($0) }) } ?? .null)
        fields.add("working_dir", workingDirectory)
        fields.add("user", user)
        fields.add("group_add", groupAdd)
        fields.addUnlessEmpty("env_file", environmentFiles.map(\.document))
        fields.add("environment", environment)
        fields.addUnlessEmpty("depends_on", dependencies.map { Document.Field($0.service, $0.document) })
        fields.add("restart", restart?.text)
        if let healthcheck { fields.add("healthcheck", healthcheck.document) }
        fields.add("init", initProcess)
        fields.add("stop_signal", stopSignal)
        fields.add("stop_grace_period", stopGracePeriod)
        fields.addUnlessEmpty("pre_start", preStart.map(\.document))
        fields.addUnlessEmpty("post_start", postStart.map(\.document))
        fields.addUnlessEmpty("pre_stop", preStop.map(\.document))
        addNetworking(&fields)
        fields.addUnlessEmpty("volumes", mounts.map(\.document))
        fields.add("volumes_from", volumesFrom.map(\.text))
        fields.add("tmpfs", tmpfs.map(\.text))
        fields.addUnlessEmpty("configs", configs.map { $0.document() })
        fields.addUnlessEmpty("secrets", secrets.map { $0.document(defaultTarget: "/run/secrets/\($0.source)") })
        fields.addUnlessEmpty("models", models.map { Document.Field($0.model, $0.document) })
        fields.add("label_file", labelFiles)
        fields.add("labels", labels)
        fields.add("annotations", annotations)
        if let logging { fields.add("logging", logging.document) }
        fields.add("profiles", profiles)
        fields.add("scale", scale)
        if let deploy { fields.add("deploy", deploy.document) }
        if let develop { fields.add("develop", develop.document) }
        addIsolation(&fields)
        trice?.add(to: &fields)
        return fields.document
    }

    private func addNetworking(_ fields: inout Fields) {
        fields.add("network_mode", networkMode?.text)
        fields.addUnlessEmpty("networks", networks.map { Document.Field($0.network, $0.document) })
        fields.addUnlessEmpty("ports", ports.map(\.document))
        fields.add("expose", expose)
        fields.add("extra_hosts", extraHosts.map { "\($0.name)=\($0.address)" }.sorted())
        fields.add("mac_address", macAddress)
        fields.add("links", links.map(\.text))
        fields.add("external_links", externalLinks.map(\.text))
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
        fields.add("userns_mode", userNamespaceMode)
        fields.add("pid", pid?.text)
        fields.add("ipc", ipc?.text)
        fields.add("uts", uts?.text)
        fields.add("cgroup", cgroup?.text)
        fields.addUnlessEmpty("sysctls", sysctls.map { Document.Field($0.name, .string($0.value)) })
        fields.addUnlessEmpty("ulimits", ulimits.map { Document.Field($0.name, $0.document) })
        limits.add(to: &fields)
        if let shmSize, shmSize.bytes != 0 { fields.add("shm_size", shmSize) }
        fields.add("storage_opt", storageOptions)
        if let blockIO { fields.add("blkio_config", blockIO.document) }
        fields.addIfTrue("oom_kill_disable", oomKillDisable)
        if oomScoreAdjustment != 0 { fields.add("oom_score_adj", oomScoreAdjustment) }
        fields.addUnlessEmpty("devices", devices.map(\.document))
        fields.add("device_cgroup_rules", deviceRules)
        fields.addUnlessEmpty("gpus", gpus.map(\.document))
        if let credentialSpec { fields.add("credential_spec", credentialSpec.document) }
        fields.add("isolation", isolation)
        fields.add("runtime", runtime)
        fields.add("cgroup_parent", cgroupParent)
        fields.addIfTrue("use_api_socket", useAPISocket)
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

extension PreStart {
    fileprivate var document: Document {
        guard case .object(var fields) = container.document else { return .null }
        if perReplica { fields.append(Document.Field("per_replica", .bool(true))) }
        return .object(fields)
    }
}

extension EnvironmentFile {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("path", .string(path))
        if !isRequired { fields.add("required", false) }
        if isRaw { fields.add("format", "raw") }
        return fields.document
    }
}

extension DeviceMapping {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("source", .string(source))
        fields.add("target", .string(target))
        fields.add("permissions", permissions)
        return fields.document
    }
}

extension Logging {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("driver", driver)
        fields.add("options", options)
        return fields.document
    }
}

extension CredentialSpec {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("config", config)
        fields.add("file", file)
        fields.add("registry", registry)
        return fields.document
    }
}

extension NetworkAttachment {
    fileprivate var document: Document {
        guard hasOptions else { return .null }
        var fields = Fields()
        fields.add("aliases", aliases)
        fields.add("ipv4_address", ipv4Address)
        fields.add("ipv6_address", ipv6Address)
        fields.add("link_local_ips", linkLocalAddresses)
        fields.add("mac_address", macAddress)
        if priority != 0 { fields.add("priority", priority) }
        if gatewayPriority != 0 { fields.add("gw_priority", gatewayPriority) }
        fields.add("interface_name", interfaceName)
        fields.add("driver_opts", driverOptions)
        return fields.document
    }
}

extension PortMapping {
    var document: Document {
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

extension Ulimit {
    var document: Document {
        if isSingle, soft != 0 { return .int(soft) }
        var fields = Fields()
        fields.add("soft", .int(soft))
        fields.add("hard", .int(hard))
        return fields.document
    }
}

extension TmpfsPath {
    fileprivate var text: String { options.isEmpty ? target : "\(target):\(options.joined(separator: ","))" }
}
