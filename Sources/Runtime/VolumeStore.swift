// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Linux

/// The named and anonymous volumes of a root: `<root>/volumes/<name>/` with `volume.json` and the files in `_data`.
package struct VolumeStore: Sendable {
    /// What is known of a volume.
    package struct Record: Codable, Hashable, Sendable {
        package var name: String
        /// The project that made it; empty for one made by hand.
        package var project: String
        /// What the project's services call it; empty for an anonymous volume.
        package var key: String
        package var labels: [String: String]
        /// Nanoseconds since 1970.
        package var created: UInt64
        /// What it is mounted from; nil for a directory of the store.
        package var mount: VolumeFileSystem?
        /// What a directory of the store has room for, in bytes; nil for no limit but the disk's.
        package var size: Int64?

        package init(
            name: String, project: String, key: String, labels: [String: String], created: UInt64,
            mount: VolumeFileSystem? = nil, size: Int64? = nil
        ) {
            (self.name, self.project, self.key) = (name, project, key)
            (self.labels, self.created, self.mount, self.size) = (labels, created, mount, size)
        }
    }

    private let root: String

    package init(_ roots: Roots) { root = "\(roots.root)/volumes" }

    /// The directory that a container sees.
    package func data(_ name: String) -> String { "\(root)/\(name)/_data" }

    /// What is mounted in a container: the volume's directory, or the host's that it stands for.
    package func source(_ name: String) throws -> String { source(try record(name)) }

    package func source(_ record: Record) -> String { record.mount?.boundDirectory ?? data(record.name) }

    /// Mounts a volume that is a file system of its own on the host, until `unmount`. A second call changes nothing.
    package func mount(_ name: String) throws {
        let record = try record(name)
        if record.size != nil { return try BoundedDirectory(data(name)).mount() }
        guard let mount = record.mount, mount.boundDirectory == nil else { return }
        try mount.mount(at: data(name))
    }

    /// Takes the volume's own file system off the host, if it has one that is mounted. Containers that still have it keep
    /// it.
    package func unmount(_ name: String) throws {
        guard exists(name) else { return }
        let record = try record(name)
        if record.size != nil { return try BoundedDirectory(data(name)).unmount() }
        guard let mount = record.mount, mount.boundDirectory == nil else { return }
        if umount2(data(name), Int32(MNT_DETACH)) != 0 && errno != EINVAL { throw SystemError("umount", data(name)) }
    }

    package func record(_ name: String) throws -> Record {
        try decodeJSON(Record.self, from: readFile("\(root)/\(name)/volume.json"))
    }

    package func exists(_ name: String) -> Bool { Linux.exists("\(root)/\(name)/volume.json") }

    /// Makes the volume where it is not there. Its record comes last, so a kill on the way leaves no half volume.
    package func create(_ record: Record) throws {
        if exists(record.name) { return }
        // A container's root can leave setuid programs in a volume: nobody else of the host's comes there.
        try makeDirectories(root, mode: 0o700)
        try makeDirectories(data(record.name))
        if let size = record.size { try BoundedDirectory(data(record.name)).make(bytes: size) }
        try writeAtomically("\(root)/\(record.name)/volume.json", encodeJSON(record))
    }

    /// Removes the volume with all its files; its record goes first. One that is not there is no error.
    package func remove(_ name: String) throws {
        guard Linux.exists("\(root)/\(name)") else { return }
        try unmount(name)
        try removeTree("\(root)/\(name)/volume.json")
        try BoundedDirectory(data(name)).release()
        try removeTree("\(root)/\(name)")
    }

    /// All volumes, by name.
    package func list() throws -> [Record] {
        guard Linux.exists(root) else { return [] }
        return try listDirectory(root).filter { exists($0) }.map {
            try record($0)
        }
    }
}
