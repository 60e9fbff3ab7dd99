// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Runtime

extension Service {
    /// What the container may write beside its volumes, `storage_opt.size`, in bytes; nil for no limit but the disk's.
    ///
    /// - Throws: `Failure` at an option that is not `size`, or a size that cannot be.
    func diskLimit() throws(Failure) -> Int64? {
        if let other = storageOptions.first(where: { $0.name != "size" }) {
            throw Failure(
                "service \(name): storage_opt.\(other.name) is not supported: only size is",
                at: place("storage_opt.\(other.name)"))
        }
        guard let size = storageOptions.first else { return nil }
        return try diskSize(size.value, "service \(name): storage_opt.size", at: place("storage_opt.size"))
    }
}

extension ContainerConfig {
    /// Where the overlay's `upper` and `work` are.
    package func writes(in paths: ProjectPaths) throws(Failure) -> String {
        try definition.diskLimit() == nil ? paths.container(id) : paths.disk(id)
    }
}

extension Volume {
    /// What the file has it mounted from; nil for a directory of the store.
    var fileSystem: VolumeFileSystem? { VolumeFileSystem(driverOptions.map { ($0.name, $0.value) }) }

    /// What a directory of the store has room for, `driver_opts.size`, in bytes; nil for no limit but the disk's.
    ///
    /// - Throws: `Failure` at a size that cannot be.
    func diskLimit() throws(Failure) -> Int64? {
        guard let size = driverOptions.first(where: { $0.name == "size" }) else { return nil }
        let place = places["driver_opts.size"] ?? location
        if driverOptions.contains(where: { VolumeFileSystem.served.contains($0.name) }) {
            throw Failure(
                "volume \(key): driver_opts.size limits a directory of trice's own, and this volume is something else",
                at: place, hint: "say how large it may be in o, where its type has a word for that: o: size=64m")
        }
        return try diskSize(size.value, "volume \(key): driver_opts.size", at: place)
    }

    /// Names of `driver_opts` that are served.
    static let servedOptions = VolumeFileSystem.served.union(["size"])
}

/// - Parameter text: a size as `ByteSize` reads it.
package func diskSize(_ text: String, _ subject: String, at place: SourceLocation?) throws(Failure) -> Int64 {
    let size: ByteSize
    do { size = try ByteSize(parsing: text) } catch {
        throw Failure("\(subject): '\(text)' is no size", at: place, hint: "write it as 64m, 1.5gb or 1048576")
    }
    guard size.bytes >= BoundedDirectory.leastBytes else {
        throw Failure(
            "\(subject): \(size.bytes) bytes of disk are less than the \(BoundedDirectory.leastBytes >> 20) MiB that are needed",
            at: place)
    }
    return size.bytes
}
