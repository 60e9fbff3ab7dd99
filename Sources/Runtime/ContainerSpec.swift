// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Linux

/// Everything that the launcher's child needs to become the container's process. Words as in the OCI runtime spec's
/// config.json where it has them.
///
/// Paths of sources are the host's, paths of destinations the container's.
package struct ContainerSpec: Codable, Hashable, Sendable {
    package var id: String
    package var process: ProcessSpec
    package var root: Root
    /// In the order to mount: a parent before what lies below it.
    @Sparse package var mounts: [MountSpec] = []
    package var hostname = ""
    package var domainname = ""
    package var namespaces = Namespaces()
    /// Names in `/proc/sys` with dots, for the namespaces that the container owns.
    package var sysctls: [String: String] = [:]
    @Sparse package var maskedPaths: [String] = []
    @Sparse package var readonlyPaths: [String] = []
    /// `privileged`: `/sys` and the cgroup file system may be written, and the host's devices are there.
    @Sparse package var privileged = false
    /// Beside those that every container has.
    @Sparse package var devices: [DeviceNode] = []
    /// Size of `/dev/shm` in bytes.
    package var sharedMemorySize: UInt64 = 64 << 20
    /// Whether trice's own init is PID 1, which reaps orphans and forwards signals.
    @Sparse package var initProcess = false
    /// Whether it ends when its mounts are filled (`copiesUp`), and runs nothing.
    @Sparse package var fillsVolumes = false

    package init(id: String, process: ProcessSpec, root: Root) {
        (self.id, self.process, self.root) = (id, process, root)
    }

    /// The overlay that is the container's root.
    package struct Root: Codable, Hashable, Sendable {
        /// Directories of unpacked layers, the topmost first.
        package var layers: [String]
        /// Where what it writes is kept: in `upper`, with `work` beside it for the kernel's use.
        package var directory: String
        package var readOnly: Bool
        package init(layers: [String], directory: String, readOnly: Bool = false) {
            (self.layers, self.directory, self.readOnly) = (layers, directory, readOnly)
        }
    }

    package struct MountSpec: Codable, Hashable, Sendable {
        package enum Kind: Codable, Hashable, Sendable {
            case bind, tmpfs
            /// What an image holds: directories of its layers, the topmost first.
            case image([String])
            /// What another container, that of this process, has at the source's path.
            case shared(Int32)
        }
        package var kind: Kind
        package var source: String
        package var destination: String
        package var readOnly: Bool
        /// mount(2) data of a tmpfs: `size=64m,mode=1777`.
        package var data: String
        /// Whether its files have the host's ids of the container's users already.
        package var hasOwnIDs = false
        /// Whom its files belong to on the host, where that is not who has them inside: uid and gid.
        package var owner: [UInt32]?
        /// Whether the source, where it is empty, gets what the image has at the destination.
        package var copiesUp = false
        /// The key in the Compose file, such as `volumes[0]`: an error names its place.
        package var key: String
        package init(
            _ kind: Kind, source: String, destination: String, readOnly: Bool = false, data: String = "",
            key: String = "volumes"
        ) {
            (self.kind, self.source, self.destination) = (kind, source, destination)
            (self.readOnly, self.data, self.key) = (readOnly, data, key)
        }
    }

    /// Which namespaces are the container's own; the rest is joined or the host's.
    package struct Namespaces: Codable, Hashable, Sendable {
        package enum Source: Codable, Hashable, Sendable {
            case own, host
            /// That of a running process.
            case process(Int32)
        }
        package var network = Source.own
        package var pid = Source.own
        package var ipc = Source.own
        package var uts = Source.own
        package var cgroup = Source.own
        /// Nil: the host's.
        package var user: IDMapping?
        package init() {}
    }
}

/// A process in a container: its first one, or one that `exec` starts.
package struct ProcessSpec: Codable, Hashable, Sendable {
    /// The program, looked up in the environment's PATH, and its arguments.
    package var arguments: [String]
    /// `NAME=VALUE`.
    package var environment: [String]
    package var workingDirectory: String
    /// `uid[:gid]` or names from the container's `/etc/passwd` and `/etc/group`; empty for root.
    package var user: String
    @Sparse package var additionalGroups: [String] = []
    /// Names without `CAP_`: bounding, permitted and effective set of a root process.
    package var capabilities: [String]
    @Sparse package var noNewPrivileges = false
    /// The AppArmor profile that it is under; nil for none.
    package var appArmorProfile: String?
    /// Whether the process gets a terminal of the container's own devpts.
    @Sparse package var terminal = false
    /// The terminal's size: rows and columns.
    @Sparse package var terminalSize: [UInt16] = []
    package var oomScoreAdjustment: Int?
    @Sparse package var limits: [ResourceLimit] = []
    /// v1 cgroups that limit the container.
    @Sparse package var controlGroups: [ControlGroup.Membership] = []
    /// Whether the container has a user namespace of its own.
    @Sparse package var userNamespace = false

    package init(
        arguments: [String], environment: [String], workingDirectory: String, user: String, capabilities: [String]
    ) {
        (self.arguments, self.environment) = (arguments, environment)
        (self.workingDirectory, self.user, self.capabilities) = (workingDirectory, user, capabilities)
    }

    /// setrlimit(2), named as in a Compose file: `nofile`.
    package struct ResourceLimit: Codable, Hashable, Sendable {
        package var name: String
        package var soft: Int64
        package var hard: Int64
        package init(name: String, soft: Int64, hard: Int64) { (self.name, self.soft, self.hard) = (name, soft, hard) }
    }
}

/// Why a container's process could not be started: the step, the errno, and the key of the Compose file to blame.
package struct SetupFailure: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    /// What was being done: `mount /proc`, `look up user "app"`.
    package var step: String
    /// errno(3); 0 where no system call failed.
    package var errno: Int32
    /// Why, where no errno says it.
    package var reason: String
    /// The key of the service that asked for it: `command`, `user`, `volumes[1]`.
    package var key: String
    /// 126 where the program cannot be executed, 127 where it is not found, else 128 (as dockerd has it).
    package var exitCode: Int32

    package init(_ step: String, errno: Int32 = 0, reason: String = "", key: String = "", exitCode: Int32 = 128) {
        (self.step, self.errno, self.reason, self.key, self.exitCode) = (step, errno, reason, key, exitCode)
    }

    package init(_ error: SystemError, key: String = "", exitCode: Int32 = 128) {
        self.init(
            "\(error.call)\(error.subject.isEmpty ? "" : " \(error.subject)")", errno: error.errno, key: key,
            exitCode: exitCode)
    }

    package var description: String {
        errno == 0 ? "\(step): \(reason)" : "\(step): \(errnoText(errno)) (\(errnoName(errno)))"
    }
}
