// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux

extension ImageStore {
    /// Gives an image one more name, which another one may lose.
    package func tag(_ name: String, as reference: Reference) throws {
        try checkTag(name, as: reference)
        try locked {
            var index = try readIndex()
            guard let entry = try find(name, in: index) else { throw notFound(name, in: index) }
            for place in index.images.indices {
                index.images[place].references.removeAll { $0 == "\(reference)" }
                if index.images[place].config == entry.config { index.images[place].references.append("\(reference)") }
            }
            try write(index)
        }
    }

    /// Refuses what `tag` refuses.
    package func checkTag(_ name: String, as reference: Reference) throws {
        guard reference.digest == nil else { throw Failure("\(reference): a name with a digest cannot be given") }
        _ = try resolve(name)
    }

    /// Removes images without a name, or all that no container was made from, and what is left of interrupted pulls.
    ///
    /// - Parameter inUse: ids of images that containers were made from.
    /// - Returns: what was done, one line each, and how many bytes that freed.
    package func prune(all: Bool, inUse: Set<String>) throws -> (lines: [String], freed: Int64) {
        try locked {
            let index = try readIndex()
            let gone = superfluous(in: index, all: all, inUse: inUse)
            let freed = try drop(gone, from: index, downloads: true)
            return (gone.flatMap { $0.references.map { "Untagged: \($0)" } + ["Deleted: \($0.config)"] }, freed)
        }
    }

    /// Removes those of the images that have no name.
    ///
    /// - Parameter ids: of the images that may go.
    /// - Returns: the ids of those that are gone.
    package func prune(_ ids: [String], inUse: Set<String>) throws -> [String] {
        try locked {
            let index = try readIndex()
            let gone = superfluous(in: index, all: false, inUse: inUse).filter { ids.contains($0.config) }
            if !gone.isEmpty { try drop(gone, from: index) }
            return gone.map(\.config)
        }
    }

    /// Takes the images out of the index, and away what nobody needs then. The caller holds the lock.
    @discardableResult
    private func drop(_ gone: [Entry], from index: Index, downloads: Bool = false) throws -> Int64 {
        var index = index
        index.images.removeAll { gone.contains($0) }
        try write(index)
        return try sweep(index, downloads: downloads)
    }

    private func superfluous(in index: Index, all: Bool, inUse: Set<String>) -> [Entry] {
        index.images.filter { !inUse.contains($0.config) && (all || $0.references.isEmpty) }
    }

    /// The images that `prune` would remove: their names, else their ids.
    package func superfluous(all: Bool, inUse: Set<String>) throws -> [String] {
        superfluous(in: try readIndex(), all: all, inUse: inUse).map {
            $0.references.isEmpty ? $0.config : $0.references.joined(separator: ", ")
        }
    }

    /// What the store takes of the disk, in bytes.
    package struct Usage: Sendable {
        package var total: Int64
        /// What `prune(all: true)` would free.
        package var reclaimable: Int64
        package var images: Int
        package var active: Int
    }

    package func usage(inUse: Set<String>) throws -> Usage {
        let index = try readIndex()
        var active = index
        active.images.removeAll { !inUse.contains($0.config) }
        let kept = try needed(active)
        var usage = Usage(total: 0, reclaimable: 0, images: index.images.count, active: active.images.count)
        for (name, kept) in [("blobs/sha256", kept.blobs), ("layers", kept.layers), ("downloads", []), ("intakes", [])]
        where exists("\(directory)/\(name)") {
            for file in try listDirectory("\(directory)/\(name)") {
                let size = try diskUsage("\(directory)/\(name)/\(file)")
                usage.total += size
                if !kept.contains(file) { usage.reclaimable += size }
            }
        }
        return usage
    }

    /// What is wrong with the store, one line each: parts of images that are not there, or not what their names say.
    ///
    /// - Parameter deep: also whether each blob has the digest that it is named by.
    package func problems(deep: Bool) throws -> [String] {
        var problems: [String] = []
        for entry in try readIndex().images {
            let name = entry.references.first ?? String(entry.config.prefix(19))
            for layer in entry.layers where !exists(self.layer(layer)) {
                problems.append("image \(name): layer \(layer) is not there")
            }
            var digests = [entry.manifest, entry.config]
            do {
                digests += try decodeJSON(Manifest.self, from: readFile(blob(entry.manifest))).layers.map(\.digest)
            } catch { problems.append("image \(name): its manifest cannot be read: \(error)") }
            for digest in digests where !exists(blob(digest)) {
                problems.append("image \(name): blob \(digest) is not there")
            }
        }
        guard deep, exists("\(directory)/blobs/sha256") else { return problems }
        for hex in try listDirectory("\(directory)/blobs/sha256") {
            let found = try Digest(ofFile: "\(directory)/blobs/sha256/\(hex)")
            if found.hex != hex { problems.append("blob sha256:\(hex) has the digest \(found)") }
        }
        return problems
    }

    /// How an image came to be, the last step first (OCI image specification, config.md, `history`).
    package func history(of name: String) throws -> [(step: ConfigFile.Step, size: Int64)] {
        let entry = try resolveEntry(name).entry
        let config = try decodeJSON(ConfigFile.self, from: readFile(blob(entry.config)))
        var layers = try decodeJSON(Manifest.self, from: readFile(blob(entry.manifest))).layers[...]
        let steps = config.history ?? layers.map { _ in ConfigFile.Step() }
        return steps.map { step in
            (step, step.empty_layer == true ? 0 : layers.popFirst()?.size ?? 0)
        }.reversed()
    }

    /// The configuration as it was made, for `image inspect`.
    package func configuration(of name: String) throws -> (image: Image, file: ConfigFile) {
        let (image, entry) = try resolveEntry(name)
        return (image, try decodeJSON(ConfigFile.self, from: readFile(blob(entry.config))))
    }
}
