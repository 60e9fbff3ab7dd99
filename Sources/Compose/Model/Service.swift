// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// One service (Compose Specification, 05-services.md). What the file leaves out is nil or empty, and not a guess.
package struct Service: Codable, Hashable, Sendable {
    package var name: String
    /// Empty where `build` makes it or a `provider` stands for it.
    package var image: String
    package var build: Build?
    package var provider: Provider?
    package var platform: String?
    package var pullPolicy: PullPolicy?
    /// As written: `24h`.
    package var pullRefreshAfter: String?
    package var containerName: String?
    /// Nil: the image's; empty: none.
    package var command: [String]?
    /// Nil: the image's; empty: none.
    package var entrypoint: [String]?
    /// From `env_file`, `environment` and the project's environment, each name once.
    @Sparse package var environment: [EnvironmentVariable] = []
    /// Those that have not been read into `environment`.
    @Sparse package var environmentFiles: [EnvironmentFile] = []
    package var workingDirectory: String?
    package var user: String?
    @Sparse package var groupAdd: [String] = []
    package var hostname: String?
    package var domainname: String?
    /// By name of the service depended on; those that `network_mode: service:x` and its like imply included.
    @Sparse package var dependencies: [Dependency] = []
    package var healthcheck: Healthcheck?
    package var restart: RestartPolicy?
    @Sparse package var preStart: [PreStart] = []
    @Sparse package var postStart: [Hook] = []
    @Sparse package var preStop: [Hook] = []
    @Sparse package var mounts: [Mount] = []
    @Sparse package var volumesFrom: [VolumesFrom] = []
    @Sparse package var configs: [FileReference] = []
    @Sparse package var secrets: [FileReference] = []
    @Sparse package var tmpfs: [TmpfsPath] = []
    @Sparse package var ports: [PortMapping] = []
    /// As written: `3000`, `8080-8085/tcp`.
    @Sparse package var expose: [String] = []
    /// In the order of the file; empty where `networkMode` says otherwise.
    @Sparse package var networks: [NetworkAttachment] = []
    package var networkMode: NetworkMode?
    package var macAddress: String?
    @Sparse package var links: [Link] = []
    @Sparse package var externalLinks: [Link] = []
    @Sparse package var models: [ModelUse] = []
    package var initProcess: Bool?
    package var stopSignal: String?
    package var stopGracePeriod: TimeSpan?
    @Sparse package var labels: [Label] = []
    /// The files that some of `labels` come from, absolute.
    @Sparse package var labelFiles: [String] = []
    @Sparse package var annotations: [Label] = []
    package var logging: Logging?
    @Sparse package var profiles: [String] = []
    package var scale: Int?
    package var deploy: Deploy?
    package var develop: Develop?
    /// `x-trice`
    package var trice: TriceExtension?
    @Sparse package var extraHosts: [ExtraHost] = []
    @Sparse package var dns: [String] = []
    @Sparse package var dnsSearch: [String] = []
    @Sparse package var dnsOptions: [String] = []
    @Sparse package var capabilitiesAdded: [String] = []
    @Sparse package var capabilitiesDropped: [String] = []
    @Sparse package var securityOptions: [SecurityOption] = []
    @Sparse package var privileged = false
    @Sparse package var readOnly = false
    @Sparse package var tty = false
    @Sparse package var stdinOpen = false
    package var attach: Bool?
    /// `userns_mode`; only `host` has a meaning.
    package var userNamespaceMode: String?
    package var pid: NamespaceMode?
    package var ipc: NamespaceMode?
    package var uts: NamespaceMode?
    package var cgroup: NamespaceMode?
    @Sparse package var sysctls: [Sysctl] = []
    @Sparse package var ulimits: [Ulimit] = []
    package var shmSize: ByteSize?
    @Sparse package var storageOptions: [KeyValue] = []
    @Sparse package var limits = ResourceLimits()
    package var blockIO: BlockIO?
    @Sparse package var oomKillDisable = false
    package var oomScoreAdjustment: Int?
    @Sparse package var devices: [DeviceMapping] = []
    /// `device_cgroup_rules`, as written: `c 1:3 rwm`.
    @Sparse package var deviceRules: [String] = []
    @Sparse package var gpus: [DeviceRequest] = []
    package var credentialSpec: CredentialSpec?
    /// Of effect on Windows only.
    package var isolation: String?
    package var runtime: String?
    package var cgroupParent: String?
    @Sparse package var useAPISocket = false
    /// The place of the service's own key, and of what it says: see `Places`.
    package var location: SourceLocation
    @PlaceList package var places: Places = [:]

    package init(name: String, image: String, location: SourceLocation) {
        self.name = name
        self.image = image
        self.location = location
    }

    /// How many containers it has.
    package var replicas: Int { scale ?? deploy?.replicas ?? 1 }

    package var noNewPrivileges: Bool { securityOptions.contains { $0.kind == .noNewPrivileges(true) } }

    /// The place of a key path, or of the nearest one above it that has a place.
    package func place(_ path: String) -> SourceLocation {
        var path = path[...]
        while true {
            if let place = places[String(path)] { return place }
            guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return location }
            path = path[..<cut]
        }
    }
}

extension Service {
    /// A service has some eighty attributes, of which a file gives a few: those that are there are read, and the others not asked
    /// for, which took most of the time.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name), image: try values.decode(String.self, forKey: .image),
            location: try values.decode(SourceLocation.self, forKey: .location))
        for key in values.allKeys { try read(key, of: values) }
    }

    private mutating func read(_ key: CodingKeys, of values: KeyedDecodingContainer<CodingKeys>) throws {
        switch key {
        case .name, .image, .location: break
        case .build: try values.read(key, into: &build)
        case .provider: try values.read(key, into: &provider)
        case .platform: try values.read(key, into: &platform)
        case .pullPolicy: try values.read(key, into: &pullPolicy)
        case .pullRefreshAfter: try values.read(key, into: &pullRefreshAfter)
        case .containerName: try values.read(key, into: &containerName)
        case .command: try values.read(key, into: &command)
        case .entrypoint: try values.read(key, into: &entrypoint)
        case .environment: try values.read(key, into: &environment)
        case .environmentFiles: try values.read(key, into: &environmentFiles)
        case .workingDirectory: try values.read(key, into: &workingDirectory)
        case .user: try values.read(key, into: &user)
        case .groupAdd: try values.read(key, into: &groupAdd)
        case .hostname: try values.read(key, into: &hostname)
        case .domainname: try values.read(key, into: &domainname)
        case .dependencies: try values.read(key, into: &dependencies)
        case .healthcheck: try values.read(key, into: &healthcheck)
        case .restart: try values.read(key, into: &restart)
        case .preStart: try values.read(key, into: &preStart)
        case .postStart: try values.read(key, into: &postStart)
        case .preStop: try values.read(key, into: &preStop)
        case .mounts: try values.read(key, into: &mounts)
        case .volumesFrom: try values.read(key, into: &volumesFrom)
        case .configs: try values.read(key, into: &configs)
        case .secrets: try values.read(key, into: &secrets)
        case .tmpfs: try values.read(key, into: &tmpfs)
        case .ports: try values.read(key, into: &ports)
        case .expose: try values.read(key, into: &expose)
        case .networks: try values.read(key, into: &networks)
        case .networkMode: try values.read(key, into: &networkMode)
        case .macAddress: try values.read(key, into: &macAddress)
        case .links: try values.read(key, into: &links)
        case .externalLinks: try values.read(key, into: &externalLinks)
        case .models: try values.read(key, into: &models)
        case .initProcess: try values.read(key, into: &initProcess)
        case .stopSignal: try values.read(key, into: &stopSignal)
        case .stopGracePeriod: try values.read(key, into: &stopGracePeriod)
        case .labels: try values.read(key, into: &labels)
        case .labelFiles: try values.read(key, into: &labelFiles)
        case .annotations: try values.read(key, into: &annotations)
        case .logging: try values.read(key, into: &logging)
        case .profiles: try values.read(key, into: &profiles)
        case .scale: try values.read(key, into: &scale)
        case .deploy: try values.read(key, into: &deploy)
        case .develop: try values.read(key, into: &develop)
        case .trice: try values.read(key, into: &trice)
        case .extraHosts: try values.read(key, into: &extraHosts)
        case .dns: try values.read(key, into: &dns)
        case .dnsSearch: try values.read(key, into: &dnsSearch)
        case .dnsOptions: try values.read(key, into: &dnsOptions)
        case .capabilitiesAdded: try values.read(key, into: &capabilitiesAdded)
        case .capabilitiesDropped: try values.read(key, into: &capabilitiesDropped)
        case .securityOptions: try values.read(key, into: &securityOptions)
        case .privileged: try values.read(key, into: &privileged)
        case .readOnly: try values.read(key, into: &readOnly)
        case .tty: try values.read(key, into: &tty)
        case .stdinOpen: try values.read(key, into: &stdinOpen)
        case .attach: try values.read(key, into: &attach)
        case .userNamespaceMode: try values.read(key, into: &userNamespaceMode)
        case .pid: try values.read(key, into: &pid)
        case .ipc: try values.read(key, into: &ipc)
        case .uts: try values.read(key, into: &uts)
        case .cgroup: try values.read(key, into: &cgroup)
        case .sysctls: try values.read(key, into: &sysctls)
        case .ulimits: try values.read(key, into: &ulimits)
        case .shmSize: try values.read(key, into: &shmSize)
        case .storageOptions: try values.read(key, into: &storageOptions)
        case .limits: try values.read(key, into: &limits)
        case .blockIO: try values.read(key, into: &blockIO)
        case .oomKillDisable: try values.read(key, into: &oomKillDisable)
        case .oomScoreAdjustment: try values.read(key, into: &oomScoreAdjustment)
        case .devices: try values.read(key, into: &devices)
        case .deviceRules: try values.read(key, into: &deviceRules)
        case .gpus: try values.read(key, into: &gpus)
        case .credentialSpec: try values.read(key, into: &credentialSpec)
        case .isolation: try values.read(key, into: &isolation)
        case .runtime: try values.read(key, into: &runtime)
        case .cgroupParent: try values.read(key, into: &cgroupParent)
        case .useAPISocket: try values.read(key, into: &useAPISocket)
        case .places: try values.read(key, into: &_places)
        }
    }
}

/// A variable of the container. A nil value means: not set, even if the image or an `env_file` sets it.
package struct EnvironmentVariable: Codable, Hashable, Sendable {
    package var name: String
    package var value: String?

    package init(name: String, value: String?) {
        self.name = name
        self.value = value
    }
}

package struct Label: Codable, Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

package struct Sysctl: Codable, Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A resource limit as for `setrlimit(2)`; -1 is no limit.
package struct Ulimit: Codable, Hashable, Sendable {
    package var name: String
    package var soft: Int64
    package var hard: Int64
    /// Given as one number for both.
    package var isSingle: Bool

    package init(name: String, soft: Int64, hard: Int64, isSingle: Bool) {
        self.name = name
        self.soft = soft
        self.hard = hard
        self.isSingle = isSingle
    }
}

/// A line of `/etc/hosts`; the address may be `host-gateway`.
package struct ExtraHost: Codable, Hashable, Sendable {
    package var name: String
    package var address: String

    package init(name: String, address: String) {
        self.name = name
        self.address = address
    }
}
