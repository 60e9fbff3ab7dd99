// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// A service as its mapping says, before references are checked and names filled in.
struct ServiceDraft {
    var service: Service
    var node: YAMLNode
    /// False also for an empty one; true for one of the wrong type, which is a mistake of its own.
    var hasImage: Bool
    /// The nodes behind `Service.places`, for diagnostics that quote the line.
    var nodes: [String: YAMLNode] = [:]
    /// Those behind `Service.environmentFiles`; read when the service is known to be enabled.
    var environmentFileNodes: [YAMLNode] = []
    /// Those behind `Service.labelFiles`; read when the service is known to be enabled.
    var labelFileNodes: [YAMLNode] = []

    init(_ pair: YAMLPair) {
        service = Service(name: pair.name, image: "", location: pair.key.location)
        node = pair.key
        hasImage = false
    }

    mutating func place(_ path: String, _ node: YAMLNode) {
        nodes[path] = node
    }

    /// The node of a key path, or the service's own key.
    func node(_ path: String) -> YAMLNode { nodes[path] ?? node }
}

extension TreeReader {
    mutating func service(_ pair: YAMLPair) -> ServiceDraft? {
        let path = "services.\(pair.name)"
        guard case .mapping(let pairs) = pair.value.content else {
            let belongsAbove = SpecificationKeys.service.contains(pair.name)
            report(
                "wrong-type", "\(path) must be a mapping, not \(pair.value.kind)",
                at: pair.value.isNull ? pair.key : pair.value,
                hint: belongsAbove ? "if '\(pair.name)' belongs to the service above, indent it further" : nil)
            return nil
        }
        var draft = ServiceDraft(pair)
        recordedPrefix = path.utf8.count + 1
        for field in pairs {
            let at = "\(path).\(field.name)"
            draft.place(field.name, field.value.isNull ? field.key : field.value)
            read(field, at, &draft)
        }
        draft.nodes.merge(recorded) { explicit, _ in explicit }
        recorded.removeAll(keepingCapacity: true)
        recordedPrefix = nil
        return draft
    }

    private mutating func read(_ field: YAMLPair, _ at: String, _ draft: inout ServiceDraft) {
        let node = field.value
        switch field.name {
        // What is left of it could not be resolved, which has been said.
        case "extends": break
        case "image":
            let image = string(node, at)
            draft.hasImage = image != ""
            draft.service.image = image ?? ""
        case "platform": draft.service.platform = string(node, at)
        case "pull_policy": draft.service.pullPolicy = pullPolicy(node, at)
        case "container_name": draft.service.containerName = containerName(node, at)
        case "command": draft.service.command = command(node, at, field.key)
        case "entrypoint": draft.service.entrypoint = command(node, at, field.key)
        case "environment": environment(node, at, &draft)
        case "env_file": environmentFiles(node, at, &draft)
        case "working_dir": draft.service.workingDirectory = string(node, at)
        case "user": draft.service.user = string(node, at)
        case "group_add":
            distinct(node, at)
            draft.service.groupAdd = namesOrNumbers(node, at)
        case "hostname": draft.service.hostname = string(node, at)
        case "domainname": draft.service.domainname = string(node, at)
        case "depends_on": draft.service.dependencies = dependencies(node, at, &draft)
        case "healthcheck": draft.service.healthcheck = healthcheck(node, at)
        case "restart": draft.service.restart = restart(node, at)
        case "volumes": draft.service.mounts = mounts(node, at, &draft)
        case "tmpfs": draft.service.tmpfs = tmpfs(node, at, &draft)
        case "ports": draft.service.ports = ports(node, at, &draft)
        case "expose": draft.service.expose = expose(node, at)
        case "networks": draft.service.networks = attachments(node, at, &draft)
        case "network_mode": draft.service.networkMode = networkMode(node, at)
        case "init": draft.service.initProcess = bool(node, at)
        case "stop_signal": draft.service.stopSignal = string(node, at)
        case "stop_grace_period": draft.service.stopGracePeriod = timeSpan(node, at)
        case "labels": draft.service.labels = labels(node, at)
        case "profiles": draft.service.profiles = uniqueStrings(node, at)
        case "scale": draft.service.scale = int(node, at, in: 0 ... .max).map { Int($0) }
        case "deploy": draft.service.deploy = deploy(node, at)
        case "extra_hosts": draft.service.extraHosts = extraHosts(node, at)
        // A variable that is not set leaves an empty one.
        case "dns": draft.service.dns = oneOrMore(node, at).filter { !$0.isEmpty }
        case "dns_search": draft.service.dnsSearch = oneOrMore(node, at)
        case "dns_opt": draft.service.dnsOptions = uniqueStrings(node, at)
        default: readParts(field, at, &draft)
        }
    }

    /// The keys that name other things: files, hooks, links, models, what builds or provides the service.
    private mutating func readParts(_ field: YAMLPair, _ at: String, _ draft: inout ServiceDraft) {
        let node = field.value
        switch field.name {
        case "build": draft.service.build = build(node, at)
        case "provider": draft.service.provider = provider(node, at, field.key)
        case "develop": draft.service.develop = develop(node, at)
        case "x-trice": draft.service.trice = triceExtension(node, at)
        case "configs": draft.service.configs = fileReferences(node, at, directory: "/")
        case "secrets": draft.service.secrets = fileReferences(node, at, directory: "/run/secrets/")
        case "models": draft.service.models = modelUses(node, at)
        case "pre_start": preStart(node, at, &draft)
        case "post_start": draft.service.postStart = hooks(node, at)
        case "pre_stop": draft.service.preStop = hooks(node, at)
        case "links": draft.service.links = links(node, at)
        case "external_links":
            distinct(node, at)
            draft.service.externalLinks = links(node, at)
        case "volumes_from":
            distinct(node, at)
            draft.service.volumesFrom = volumesFrom(node, at)
        case "label_file": labelFiles(node, at, &draft)
        case "annotations": draft.service.annotations = labels(node, at)
        case "logging": draft.service.logging = logging(node, at)
        case "mac_address": draft.service.macAddress = string(node, at)
        case "pull_refresh_after": draft.service.pullRefreshAfter = string(node, at)
        default: readIsolation(field, at, &draft)
        }
    }

    /// The keys that say how far the container is from the host.
    private mutating func readIsolation(_ field: YAMLPair, _ at: String, _ draft: inout ServiceDraft) {
        let node = field.value
        switch field.name {
        case "cap_add": draft.service.capabilitiesAdded = uniqueStrings(node, at)
        case "cap_drop": draft.service.capabilitiesDropped = uniqueStrings(node, at)
        case "read_only": draft.service.readOnly = bool(node, at) ?? false
        case "privileged": draft.service.privileged = bool(node, at) ?? false
        case "tty": draft.service.tty = bool(node, at) ?? false
        case "stdin_open": draft.service.stdinOpen = bool(node, at) ?? false
        case "attach": draft.service.attach = bool(node, at)
        case "userns_mode": draft.service.userNamespaceMode = userNamespace(node, at)
        case "sysctls": draft.service.sysctls = keyValues(node, at).map { Sysctl(name: $0.name, value: $0.value ?? "") }
        case "ulimits": draft.service.ulimits = ulimits(node, at)
        case "shm_size": draft.service.shmSize = byteSize(node, at)
        case "oom_score_adj":
            draft.service.oomScoreAdjustment = int(node, at, in: -1000...1000).map { Int($0) }
        case "security_opt": draft.service.securityOptions = securityOptions(node, at)
        case "pid": draft.service.pid = namespace(node, at, ["host", "service:", "container:"])
        case "ipc":
            draft.service.ipc = namespace(node, at, ["host", "private", "shareable", "service:", "container:"])
        case "uts": draft.service.uts = namespace(node, at, ["host"])
        case "cgroup": draft.service.cgroup = namespace(node, at, ["host", "private"], isChecked: true)
        case "cgroup_parent": draft.service.cgroupParent = string(node, at)
        case "devices": draft.service.devices = devices(node, at)
        case "device_cgroup_rules":
            distinct(node, at)
            draft.service.deviceRules = uniqueStrings(node, at)
        case "gpus": draft.service.gpus = gpus(node, at)
        case "credential_spec": draft.service.credentialSpec = credentialSpec(node, at)
        case "isolation": draft.service.isolation = string(node, at)
        case "runtime": draft.service.runtime = string(node, at)
        case "use_api_socket": draft.service.useAPISocket = bool(node, at) ?? false
        case "storage_opt": draft.service.storageOptions = options(node, at, allowsNull: true)
        case "blkio_config": draft.service.blockIO = blockIO(node, at)
        case "oom_kill_disable": draft.service.oomKillDisable = bool(node, at) ?? false
        default:
            if readLimit(field.name, node, at, &draft.service.limits) { return }
            unknown(field, "services.\(draft.service.name)", known: SpecificationKeys.service)
        }
    }

    private mutating func containerName(_ node: YAMLNode, _ path: String) -> String? {
        guard let name = string(node, path) else { return nil }
        let isRight =
            name.utf8.count >= 2 && name.utf8.first.map { $0.isASCIILetter || $0.isASCIIDigit } == true
            && name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "_.-".utf8.contains($0) }
        guard isRight else {
            report("bad-value", "\(path): '\(name)' does not match [a-zA-Z0-9][a-zA-Z0-9_.-]+", at: node)
            return nil
        }
        return name
    }

    /// `expose` and `group_add` take numbers as well as words.
    private mutating func namesOrNumbers(_ node: YAMLNode, _ path: String) -> [String] {
        var seen: Set<String> = []
        var result: [String] = []
        for (index, item) in items(node, path).enumerated() {
            switch item.value {
            case .int, .float, .string:
                if let text = text(item, path), let text, seen.insert(text).inserted { result.append(text) }
            default: mismatch(item, "\(path)[\(index)]", "a string or a number")
            }
        }
        return result
    }

    private mutating func expose(_ node: YAMLNode, _ path: String) -> [String] {
        namesOrNumbers(node, path)
    }

    /// Compose Specification, 05-services.md, `pre_start`: containers with most of the keys of a service.
    private mutating func preStart(_ node: YAMLNode, _ path: String, _ owner: inout ServiceDraft) {
        for (index, item) in items(node, path).enumerated() {
            let at = "\(path)[\(index)]"
            record(at, item)
            var draft = ServiceDraft(YAMLPair(key: owner.node, name: owner.service.name, value: item))
            var perReplica = false
            for field in fields(item, at, known: SpecificationKeys.preStart) ?? [] {
                if field.name == "per_replica" {
                    perReplica = bool(field.value, field.path) ?? false
                } else {
                    read(YAMLPair(key: field.key, name: field.name, value: field.value), field.path, &draft)
                }
            }
            var step = PreStart(container: draft.service)
            step.perReplica = perReplica
            owner.service.preStart.append(step)
            for (key, node) in draft.nodes { owner.place("pre_start[\(index)].\(key)", node) }
        }
    }

    private mutating func links(_ node: YAMLNode, _ path: String) -> [Link] {
        var result: [Link] = []
        var seen: Set<String> = []
        for (index, item) in items(node, path).enumerated() {
            guard let text = string(item, "\(path)[\(index)]"), seen.insert(text).inserted else { continue }
            record("\(path)[\(result.count)]", item)
            result.append(Link(text))
        }
        return result
    }

    private mutating func volumesFrom(_ node: YAMLNode, _ path: String) -> [VolumesFrom] {
        var result: [VolumesFrom] = []
        for (index, item) in items(node, path).enumerated() {
            guard let text = string(item, "\(path)[\(index)]") else { continue }
            record("\(path)[\(result.count)]", item)
            result.append(VolumesFrom(text))
        }
        return result
    }

    /// `label_file`: a path, or a list of paths.
    private mutating func labelFiles(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) {
        for (index, item) in (node.sequence ?? [node]).enumerated() {
            guard let file = string(item, node.sequence == nil ? path : "\(path)[\(index)]") else { continue }
            let path = hostPath(file, item)
            guard !draft.service.labelFiles.contains(path) else { continue }
            draft.service.labelFiles.append(path)
            draft.labelFileNodes.append(item)
        }
    }
}
