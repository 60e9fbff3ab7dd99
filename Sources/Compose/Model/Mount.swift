// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// What a service sees at a path (Compose Specification, 05-services.md, `volumes`).
package enum Mount: Codable, Hashable, Sendable {
    case bind(BindMount)
    case volume(VolumeMount)
    case tmpfs(TmpfsMount)
    case image(ImageMount)
    case other(OtherMount)

    /// The path in the container, cleaned.
    package var target: String {
        switch self {
        case .bind(let mount): mount.target
        case .volume(let mount): mount.target
        case .tmpfs(let mount): mount.target
        case .image(let mount): mount.target
        case .other(let mount): mount.target
        }
    }

    package var readOnly: Bool {
        switch self {
        case .bind(let mount): mount.readOnly
        case .volume(let mount): mount.readOnly
        case .tmpfs(let mount): mount.readOnly
        case .image(let mount): mount.readOnly
        case .other(let mount): mount.readOnly
        }
    }
}

package struct BindMount: Codable, Hashable, Sendable {
    /// Whether mounts made later on one side appear on the other: mount_namespaces(7).
    package enum Propagation: String, Codable, Hashable, Sendable, CaseIterable {
        case `private`, rprivate, shared, rshared, slave, rslave
    }

    /// What becomes of the mounts below the source; `readonly` refuses where the kernel cannot make them read-only.
    package enum Recursion: String, Codable, Hashable, Sendable, CaseIterable {
        case enabled, disabled, writable, readonly
    }

    /// Absolute.
    package var source: String
    package var target: String
    package var readOnly: Bool
    /// Make a directory where the source is missing. True for the short syntax, and unless the file says otherwise.
    package var createHostPath: Bool?
    /// `z` or `Z`; of no effect where SELinux is off.
    package var selinux: String?
    package var propagation: Choice<Propagation>?
    package var recursive: Recursion?
    /// `x-trice.owner`; nil: the service's.
    package var owner: TriceExtension.Owner?
    /// Of no effect on Linux.
    package var consistency: String?
    /// Whether a `bind` mapping was given or implied by the short syntax, which `config` shows.
    package var hasOptions: Bool

    package init(source: String, target: String, readOnly: Bool = false, hasOptions: Bool = true) {
        self.source = source
        self.target = target
        self.readOnly = readOnly
        self.hasOptions = hasOptions
    }

    package var createsHostPath: Bool { createHostPath ?? true }
}

package struct VolumeMount: Codable, Hashable, Sendable {
    /// The key of the volume in the project; nil is an anonymous volume.
    package var source: String?
    package var target: String
    package var readOnly: Bool
    /// Do not fill an empty volume with what the image has at the path.
    package var noCopy: Bool
    /// The directory of the volume that is mounted, instead of its root.
    package var subpath: String?
    /// `z` or `Z`; of no effect where SELinux is off.
    package var selinux: String?
    package var propagation: Choice<BindMount.Propagation>?
    /// Of an anonymous volume.
    package var labels: [Label] = []
    /// Of no effect on Linux.
    package var consistency: String?
    /// Whether a `volume` mapping was given or implied by the short syntax, which `config` shows.
    package var hasOptions: Bool

    package init(source: String?, target: String, readOnly: Bool = false, noCopy: Bool = false, hasOptions: Bool = true)
    {
        self.source = source
        self.target = target
        self.readOnly = readOnly
        self.noCopy = noCopy
        self.hasOptions = hasOptions
    }
}

package struct TmpfsMount: Codable, Hashable, Sendable {
    package var target: String
    package var readOnly: Bool
    package var size: ByteSize?
    /// Permission bits.
    package var mode: UInt32?
    /// Of no effect on Linux.
    package var consistency: String?
    /// Whether a `tmpfs` mapping was given, which `config` shows.
    package var hasOptions: Bool

    package init(
        target: String, readOnly: Bool = false, size: ByteSize? = nil, mode: UInt32? = nil, hasOptions: Bool = false
    ) {
        self.target = target
        self.readOnly = readOnly
        self.size = size
        self.mode = mode
        self.hasOptions = hasOptions
    }
}

/// What an image holds, read-only.
package struct ImageMount: Codable, Hashable, Sendable {
    /// The image's name.
    package var source: String?
    package var target: String
    package var readOnly: Bool
    package var subpath: String?
    /// Of no effect on Linux.
    package var consistency: String?
    /// Whether an `image` mapping was given, which `config` shows.
    package var hasOptions: Bool
}

/// Of the kinds `npipe` and `cluster`, which this platform does not have.
package struct OtherMount: Codable, Hashable, Sendable {
    package var type: String
    package var source: String?
    package var target: String
    package var readOnly: Bool
    package var consistency: String?
}

/// An item of the service's `tmpfs`: a path, and mount options after a colon.
package struct TmpfsPath: Codable, Hashable, Sendable {
    package var target: String
    /// As for mount(8): `size=64m`, `mode=755`, `noexec`.
    package var options: [String]

    package init(target: String, options: [String] = []) {
        self.target = target
        self.options = options
    }
}
