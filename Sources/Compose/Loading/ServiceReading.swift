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
    /// Read when the service is known to be enabled.
    var environmentFiles: [EnvironmentFile] = []

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

/// An item of `env_file`.
struct EnvironmentFile {
    /// As written.
    var path: String
    var isRequired: Bool
    var isRaw: Bool
    var node: YAMLNode
}

extension TreeReader {
    mutating func service(_ pair: YAMLPair) -> ServiceDraft? {
        let path = "services.\(pair.name)"
        guard case .mapping(let pairs) = pair.value.content else {
            report(
                "wrong-type", "\(path) must be a mapping, not \(pair.value.kind)",
                at: pair.value.isNull ? pair.key : pair.value)
            return nil
        }
        var draft = ServiceDraft(pair)
        for field in pairs {
            let at = "\(path).\(field.name)"
            draft.place(field.name, field.value.isNull ? field.key : field.value)
            read(field, at, &draft)
        }
        return draft
    }

    private mutating func read(_ field: YAMLPair, _ at: String, _ draft: inout ServiceDraft) {
        let node = field.value
        switch field.name {
        case "image":
            let image = string(node, at)
            draft.hasImage = image != ""
            draft.service.image = image ?? ""
        case "platform": draft.service.platform = string(node, at)
        case "pull_policy": draft.service.pullPolicy = pullPolicy(node, at)
        case "container_name": draft.service.containerName = containerName(node, at)
        case "command": draft.service.command = command(node, at)
        case "entrypoint": draft.service.entrypoint = command(node, at)
        case "environment": environment(node, at, &draft)
        case "env_file": draft.environmentFiles = environmentFiles(node, at)
        case "working_dir": draft.service.workingDirectory = string(node, at)
        case "user": draft.service.user = string(node, at)
        case "group_add": draft.service.groupAdd = namesOrNumbers(node, at)
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
        case "deploy": draft.service.deploy = deploy(node, at, &draft)
        case "extra_hosts": draft.service.extraHosts = extraHosts(node, at)
        case "dns": draft.service.dns = oneOrMore(node, at)
        case "dns_search": draft.service.dnsSearch = oneOrMore(node, at)
        case "dns_opt": draft.service.dnsOptions = uniqueStrings(node, at)
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
        case "userns_mode": draft.service.usesHostUserNamespace = usernsMode(node, at)
        case "sysctls": draft.service.sysctls = keyValues(node, at).map { Sysctl(name: $0.name, value: $0.value ?? "") }
        case "ulimits": draft.service.ulimits = ulimits(node, at, &draft)
        case "shm_size": draft.service.shmSize = byteSize(node, at)
        case "oom_score_adj":
            draft.service.oomScoreAdjustment = int(node, at, in: -1000...1000).map { Int($0) }
        case "security_opt": draft.service.securityOptions = securityOptions(node, at)
        case "pid": draft.service.pid = namespace(node, at, ["host", "service:"])
        case "ipc": draft.service.ipc = namespace(node, at, ["host", "private", "shareable", "service:"])
        case "uts": draft.service.uts = namespace(node, at, ["host"])
        case "cgroup": draft.service.cgroup = namespace(node, at, ["host", "private"])
        default:
            unknown(field, "services.\(draft.service.name)", known: ServiceKeys.known, later: ServiceKeys.later)
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

    /// Compose Specification, deploy.md: so far `replicas`, and `mode: replicated`.
    private mutating func deploy(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) -> Deploy? {
        if node.isNull { return nil }
        guard let pairs = pairs(node, path) else { return nil }
        var deploy = Deploy()
        for field in pairs {
            let at = "\(path).\(field.name)"
            switch field.name {
            case "replicas":
                draft.place("deploy.replicas", field.value)
                deploy.replicas = int(field.value, at, in: 0 ... .max).map { Int($0) }
            // What `config` prints for the parts that say nothing.
            case "resources" where field.value.mapping?.isEmpty == true,
                "placement" where field.value.mapping?.isEmpty == true:
                break
            default:
                unknown(
                    field, path, known: ["replicas"],
                    later: [
                        "mode", "endpoint_mode", "labels", "resources", "placement", "restart_policy", "update_config",
                        "rollback_config",
                    ])
            }
        }
        return deploy
    }
}
