// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc
import Linux

/// What a volume of the driver `local` is mounted from: `type`, `device` and `o`, as for mount(8).
package struct VolumeFileSystem: Codable, Hashable, Sendable {
    package var type: String
    package var device: String
    package var options: String

    /// - Parameter values: `driver_opts`; nil where none says what to mount.
    package init?(_ values: [(name: String, value: String)]) {
        guard values.contains(where: { VolumeFileSystem.served.contains($0.name) }) else { return nil }
        func value(_ name: String) -> String { values.last { $0.name == name }?.value ?? "" }
        (type, device, options) = (value("type"), value("device"), value("o"))
    }

    /// Names of `driver_opts` that say what to mount.
    package static let served: Set<String> = ["type", "device", "o"]

    private var words: [Substring] { options.split(separator: ",") }

    /// The directory of the host that the volume is, for `o: bind`; nil for a file system of its own.
    package var boundDirectory: String? { words.contains("bind") || words.contains("rbind") ? device : nil }

    /// Whether it has nothing but what its containers write. It is as `o` says then: Docker copies what the image has when a
    /// container is made, and unmounts the volume after it, with which the copy goes, and the image's mode and owner with it.
    package var isInMemory: Bool { type == "tmpfs" || type == "ramfs" }

    /// Mounts the file system at a directory of the host, unless something is mounted there.
    func mount(at directory: String) throws(SystemError) {
        if try isMountPoint(directory) { return }
        var flags: UInt = 0
        var data: [Substring] = []
        for word in words {
            if let flag = VolumeFileSystem.flags[String(word)] { flags |= flag } else { data.append(word) }
        }
        try check("mount", "\(device) (\(type))") {
            Glibc.mount(device, directory, type, flags, data.joined(separator: ","))
        }
    }

    /// mount(8)'s words for mount(2)'s flags, by their values in linux/mount.h.
    private static let flags: [String: UInt] = [
        "defaults": 0, "rw": 0, "ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "sync": 16, "dirsync": 128,
        "noatime": 1024, "nodiratime": 2048, "relatime": 1 << 21, "strictatime": 1 << 24,
    ]
}
