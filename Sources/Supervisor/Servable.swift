// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images
import Linux
import Runtime

/// What a Compose file may say and this version cannot do: refused at its place when the stack is to come up, as
/// nothing that is accepted is ignored.
enum Servable {
    /// One attribute that is not served yet, and whether it is asked for.
    private struct Attribute<Subject>: Sendable {
        /// The key path within the subject.
        var key: String
        var hint: String?
        var isAsked: @Sendable (Subject) -> Bool

        init(_ key: String, hint: String? = nil, _ isAsked: @escaping @Sendable (Subject) -> Bool) {
            self.key = key
            self.hint = hint
            self.isAsked = isAsked
        }
    }

    /// An entry goes when its attribute is served.
    private static let attributes: [Attribute<Service>] = [
        Attribute("provider") { $0.provider != nil },
        Attribute("models") { !$0.models.isEmpty },

        Attribute("cpu_count") { $0.limits.cpuCount != nil },
        Attribute("cpu_percent") { $0.limits.cpuPercent != nil },
        Attribute("deploy.resources.reservations.devices") {
            $0.deploy?.resources.reservations?.devices.isEmpty == false
        },
        Attribute("deploy.resources.reservations.generic_resources") {
            $0.deploy?.resources.reservations?.genericResources.isEmpty == false
        },
        Attribute("deploy.mode") { ![nil, .known(.replicated)].contains($0.deploy?.mode) },
        Attribute("deploy.endpoint_mode") { $0.deploy?.endpointMode != nil },
        Attribute("deploy.update_config.failure_action") { isOther($0.deploy?.updateConfig?.failureAction) },
        Attribute("deploy.rollback_config.failure_action") {
            isOther($0.deploy?.rollbackConfig?.failureAction)
                || $0.deploy?.rollbackConfig?.failureAction == .known(.rollback)
        },
        Attribute("deploy.placement") { ![nil, Deploy.Placement()].contains($0.deploy?.placement) },

        Attribute("gpus") { !$0.gpus.isEmpty },
        Attribute("credential_spec") { $0.credentialSpec != nil },
        Attribute("isolation") { ![nil, "default"].contains($0.isolation) },
        Attribute("runtime") { $0.runtime != nil },
        Attribute("cgroup_parent") { $0.cgroupParent != nil },
        Attribute("use_api_socket") { $0.useAPISocket },

        Attribute("pre_start") { !$0.preStart.isEmpty },

        Attribute("userns_mode", hint: "leave it out, or write host") {
            ![nil, "host"].contains($0.userNamespaceMode)
        },
        Attribute("pid") { isOther($0.pid) },
        Attribute("ipc") { isOther($0.ipc) },
        Attribute("uts") { isOther($0.uts) },
        Attribute("deploy.restart_policy.condition") {
            if case .other? = $0.deploy?.restartPolicy?.condition { true } else { false }
        },
    ]

    /// Whether it is a namespace mode that the specification does not name.
    private static func isOther(_ mode: NamespaceMode?) -> Bool {
        if case .other? = mode { true } else { false }
    }

    private static func isOther<Word>(_ choice: Choice<Word>?) -> Bool {
        if case .other? = choice { true } else { false }
    }

    /// With `order: start-first` an old and a new container are there at a time, and cannot have what there is once.
    private static func checkOrder(_ service: Service) throws(Failure) {
        guard let once = whatIsThereOnce(service) else { return }
        let configs = [
            ("update_config", service.deploy?.updateConfig), ("rollback_config", service.deploy?.rollbackConfig),
        ]
        for (key, config) in configs where config?.order == .startFirst {
            throw Failure(
                "service \(service.name): deploy.\(key).order start-first: a second container beside the first cannot have \(once), too",
                at: service.place("deploy.\(key).order"), hint: "write stop-first, or leave \(once) to trice")
        }
    }

    private static func whatIsThereOnce(_ service: Service) -> String? {
        if service.containerName != nil { return "container_name" }
        for case let range? in service.ports.map(\.published) where range.first == range.last && range.first > 0 {
            return "a published port"
        }
        let hasAddress = service.networks.contains {
            $0.ipv4Address != nil || $0.ipv6Address != nil || $0.macAddress != nil
        }
        return hasAddress || service.macAddress != nil ? "an address of its own" : nil
    }

    private static let networks: [Attribute<Network>] = [
        Attribute("driver", hint: "leave it out, or write bridge, macvlan, ipvlan, host or none") {
            ![nil, "", "default", "bridge", "macvlan", "ipvlan", "host", "none", "null"].contains($0.driver)
        },
        Attribute("ipam") { ![nil, "default"].contains($0.ipamDriver) || !$0.ipamOptions.isEmpty },
    ]

    private static let volumes: [Attribute<Volume>] = [
        Attribute("driver", hint: "leave it out, or write local") {
            ![nil, "", "default", "local"].contains($0.driver)
        },
        Attribute("driver_opts", hint: "type, device, o and size are supported") { volume in
            volume.driverOptions.contains { !Volume.servedOptions.contains($0.name) }
        },
    ]

    /// Of configs and secrets.
    private static let files: [Attribute<FileObject>] = [
        Attribute("driver") { $0.driver != nil },
        Attribute("driver_opts") { !$0.driverOptions.isEmpty },
        Attribute("template_driver") { $0.templateDriver != nil },
    ]

    /// - Throws: `Failure` at the first such place.
    static func check(_ service: Service) throws(Failure) {
        let name = "service \(service.name)"
        try check(service, attributes, name) { service.place($0) }
        for attachment in service.networks { _ = try EndpointOptions(of: attachment, in: service) }
        for (index, mount) in service.mounts.enumerated() {
            if let key = unserved(mount) {
                throw Failure(
                    "\(name): volumes[\(index)].\(key) is not supported yet",
                    at: service.place("volumes[\(index)].\(key)"))
            }
        }
        for (index, option) in service.securityOptions.enumerated() {
            switch option.kind {
            case .noNewPrivileges, .seccomp, .unconfinedSystemPaths, .appArmor("unconfined"), .label("disable"):
                continue
            case .appArmor where !AppArmor.isThere:
                throw Failure(
                    "\(name): security_opt '\(option.text)': this host does not enforce AppArmor",
                    at: service.place("security_opt[\(index)]"),
                    hint: "a kernel with AppArmor is needed, /sys/kernel/security, and apparmor_parser(8)")
            case .appArmor: continue
            case .label where !exists("/sys/fs/selinux/enforce"):
                throw Failure(
                    "\(name): security_opt '\(option.text)': this kernel does not enforce SELinux",
                    at: service.place("security_opt[\(index)]"))
            case .label, .other: break
            }
            throw Failure(
                "\(name): security_opt '\(option.text)' is not supported yet",
                at: service.place("security_opt[\(index)]"))
        }
        if case .unknown(let text)? = service.restart {
            throw Failure(
                "\(name): restart '\(text)' is none of no, always, on-failure[:MAX], unless-stopped",
                at: service.place("restart"))
        }
        if case .journal? = try LogSettings(of: service).service?.kind, !exists(LogService.journalSocket) {
            throw Failure(
                "service \(service.name): logging.driver journald: no journal listens at \(LogService.journalSocket) (ENOENT)",
                at: service.place("logging.driver"), hint: "is systemd-journald running? Else choose another driver")
        }
        _ = try service.diskLimit()
        try checkImage(service)
        try checkOrder(service)
    }

    static func check(_ network: Network) throws(Failure) {
        if network.isExternal { return }
        _ = try (BridgeOptions(of: network), ParentOptions(of: network))
        try check(network, networks, "network \(network.key)") { network.places[$0] ?? network.location }
    }

    static func check(_ volume: Volume) throws(Failure) {
        if volume.isExternal { return }
        try check(volume, volumes, "volume \(volume.key)") { volume.places[$0] ?? volume.location }
        _ = try volume.diskLimit()
    }

    /// - Parameter kind: `config` or `secret`.
    static func check(_ file: FileObject, _ kind: String) throws(Failure) {
        try check(file, files, "\(kind) \(file.key)") { file.places[$0] ?? file.location }
    }

    private static func check<Subject>(
        _ subject: Subject, _ attributes: [Attribute<Subject>], _ name: String, _ place: (String) -> SourceLocation?
    ) throws(Failure) {
        guard let asked = attributes.first(where: { $0.isAsked(subject) }) else { return }
        throw Failure("\(name): \(asked.key) is not supported yet", at: place(asked.key), hint: asked.hint)
    }

    /// The first key of a mount that is not served yet.
    private static func unserved(_ mount: Mount) -> String? {
        switch mount {
        case .bind(let bind):
            if bind.propagation != nil { return "bind.propagation" }
            return [nil, .enabled].contains(bind.recursive) ? nil : "bind.recursive"
        case .volume(let volume):
            if volume.propagation != nil { return "bind.propagation" }
            if volume.subpath != nil { return "volume.subpath" }
            return volume.labels.isEmpty ? nil : "volume.labels"
        case .tmpfs: return nil
        case .image(let image): return image.source == nil ? "source" : image.subpath == nil ? nil : "image.subpath"
        case .other: return "type"
        }
    }

    private static func checkImage(_ service: Service) throws(Failure) {
        guard let platform = service.platform else { return }
        let parts = platform.split(separator: "/").map(String.init)
        let isHost = parts.contains(hostArchitecture) && (parts.count == 1 || parts[0] == "linux")
        guard isHost else {
            throw Failure(
                "service \(service.name): platform \(platform) does not run here", at: service.place("platform"),
                hint: "this host is linux/\(hostArchitecture)")
        }
    }

    /// The keys that are refused, by section of the specification, for `Specs/support.md`.
    static var refusedKeys: [String: [String]] {
        [
            "services": attributes.map(\.key),
            "networks": networks.map(\.key), "volumes": volumes.map(\.key), "files": files.map(\.key),
        ]
    }

    private static let unnamed = "what the specification does not name"

    /// What is refused of keys that are served else, by section and key, for `Specs/support.md`.
    static let partlyRefused = [
        "networks.driver": "all but `bridge`, `macvlan`, `ipvlan`, `host`, `none`",
        "networks.driver_opts": "all but what [networking.md](networking.md) names",
        "networks.ipam": "drivers and options",
        "services.networks.driver_opts": "all but what [networking.md](networking.md) names",
        "services.isolation": "all but `default`", "services.userns_mode": "all but `host`", "services.pid": unnamed,
        "services.ipc": unnamed,
        "services.deploy.update_config.failure_action": unnamed,
        "services.deploy.rollback_config.failure_action": "`rollback`", "services.uts": unnamed,
        "services.deploy.restart_policy.condition": unnamed,
        "services.logging":
            "drivers but `json-file`, `local`, `none`, `syslog`, `journald`; options but those that [logs.md](logs.md) names",
        "services.platform": "another than the host's",
        "services.restart": unnamed,
        "services.storage_opt": "all but `size`",
        "services.security_opt": "options that the host's kernel does not enforce",
        "services.volumes":
            "`bind.propagation`, `bind.recursive`, `volume.subpath`, `volume.labels`, `image.subpath`, types `npipe`, `cluster`",
        "volumes.driver": "all but `local`", "volumes.driver_opts": "all but `type`, `device`, `o` and `size`",
    ]
}
