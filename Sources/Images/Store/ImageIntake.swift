// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CArchive
import CLinux
import Core
import Crypto
import Glibc
import Linux

/// An image on its way into the store from somewhere slow: the store stays usable meanwhile, and has the image when all of it
/// is there, or nothing of it.
///
/// Not thread-safe, but for `PartialBlob` and `LayerUnpacking`, each of which belongs to whom it was given.
package final class ImageIntake {
    private let store: ImageStore
    private let lease: FileLock
    private let own: FileLock
    private let directory: String
    private var count = 0

    /// Begins: from now on nothing that is in the store is swept.
    package init(_ store: ImageStore) throws {
        self.store = store
        try makeDirectories(store.directory, mode: 0o711)
        lease = try FileLock(store.lease, shared: true)
        try makeDirectories(store.intakes, mode: 0o700)
        var name = 0
        while mkdir("\(store.intakes)/\(getpid())-\(name)", 0o700) != 0 {
            guard errno == EEXIST else { throw SystemError("mkdir", store.intakes) }
            name += 1
        }
        directory = "\(store.intakes)/\(getpid())-\(name)"
        own = try FileLock("\(directory)/lock")
    }

    /// Ends: what did not become part of an image goes.
    package func end() throws {
        try removeTree(directory)
    }

    /// Whether the store has a blob.
    package func has(_ digest: Digest) -> Bool { exists(store.blob("\(digest)")) }

    /// The content of a blob of the store.
    package func content(of digest: Digest) throws -> [UInt8] { try readFile(store.blob("\(digest)"), limit: 16 << 20) }

    /// A blob to be fetched, once no other process fetches it.
    ///
    /// - Returns: nil where another one has fetched it meanwhile.
    package func fetch(_ digest: Digest) throws -> PartialBlob? { try PartialBlob.lock(digest, in: store) }

    /// Makes these bytes, which have been verified, a blob of the store.
    package func add(_ bytes: [UInt8], as digest: Digest) throws {
        guard !has(digest) else { return }
        count += 1
        // Aside, so that a kill on the way leaves nothing among the blobs.
        let path = "\(directory)/\(count)"
        try writeAtomically(path, bytes, mode: 0o644)
        try makeDirectories(parentDirectory(store.blob("\(digest)")))
        try check("rename", path) { rename(path, store.blob("\(digest)")) }
    }

    /// Makes a file a blob of the store, if its content is what its name says.
    func adopt(_ path: String, as digest: Digest) throws {
        if has(digest) { return }
        let found = try Digest(ofFile: path)
        guard found == digest else { throw Failure("blob \(digest) has the digest \(found)") }
        try makeDirectories(parentDirectory(store.blob("\(digest)")))
        try check("rename", path) { rename(path, store.blob("\(digest)")) }
    }

    /// A layer of the store, packed.
    func pack(_ layer: ContentDescriptor) throws -> ContentDescriptor {
        count += 1
        let path = "\(directory)/\(count)"
        try Gzip.pack(store.blob(layer.digest), to: path)
        let digest = try Digest(ofFile: path)
        var status = stat()
        try check("stat", path) { stat(path, &status) }
        try adopt(path, as: digest)
        return ContentDescriptor(
            mediaType: Manifest.layerType + "+gzip", digest: "\(digest)", size: Int64(status.st_size))
    }

    /// Begins to unpack a layer.
    package func unpack() throws -> LayerUnpacking {
        count += 1
        return try store.unpacking(into: "\(directory)/\(count)")
    }

    /// The chain ids of layers with these digests: each stands for a layer on top of those below it.
    package static func chain(_ diffIDs: [Digest]) -> [Digest] {
        var chain: [Digest] = []
        for diffID in diffIDs {
            chain.append(chain.last.map { Digest(bytes: SHA256.hash(data: Array("\($0) \(diffID)".utf8))) } ?? diffID)
        }
        return chain
    }

    /// Whether a layer is unpacked already.
    package func hasLayer(_ chainID: Digest) -> Bool { exists(store.layer("\(chainID)")) }

    /// What an image is made of.
    package struct Parts {
        package var reference: Reference
        package var manifest: Digest
        /// The index that the manifest was chosen from.
        package var index: Digest?
        /// The digest that the registry has it under, where it came from one.
        package var pulledDigest: Digest?
        package var fetched: [PartialBlob] = []
        /// Layers that were unpacked here, by their place in the image.
        package var unpacked: [Int: LayerUnpacking] = [:]

        package init(reference: Reference, manifest: Digest) { (self.reference, self.manifest) = (reference, manifest) }
    }

    /// Makes it an image of the store.
    ///
    /// - Returns: its id.
    /// - Throws: `Failure` where a layer is refused, or is not what the configuration says.
    package func finish(_ parts: Parts) throws -> String {
        let manifest = try decodeJSON(Manifest.self, from: content(of: parts.manifest))
        guard let configDigest = Digest(manifest.config.digest) else {
            throw Failure("\(manifest.config.digest) is no digest")
        }
        let config = try decodeJSON(ConfigFile.self, from: content(of: configDigest))
        let diffIDs = try config.diffIDs()
        let chain = ImageIntake.chain(diffIDs)
        // Where each layer is for now, the topmost first.
        var places: [String] = []
        for (place, chainID) in chain.enumerated() {
            let target = store.layer("\(chainID)")
            if let unpacking = parts.unpacked[place], !exists(target) {
                try ImageIntake.named(manifest.layers[place].digest) {
                    let report = try unpacking.finish()
                    guard report.diffID == "\(diffIDs[place])" else {
                        throw Failure("its content has the digest \(report.diffID), not \(diffIDs[place])")
                    }
                    try LayerUnpacking.settle(report, in: unpacking.directory, on: places)
                }
            }
            places.insert(exists(target) ? target : parts.unpacked[place]?.directory ?? target, at: 0)
        }
        try syncFileSystem(directory)
        return try store.locked {
            for blob in parts.fetched { try blob.keep(in: store) }
            for (directory, chainID) in zip(places.reversed(), chain) {
                let target = store.layer("\(chainID)")
                if exists(target) { continue }
                try makeDirectories(parentDirectory(target), mode: 0o711)
                try check("rename", target) { rename(directory, target) }
            }
            var index = try store.readIndex()
            store.add(entry(parts, manifest, config, chain), to: &index)
            try store.write(index)
            return manifest.config.digest
        }
    }

    private func entry(
        _ parts: Parts, _ manifest: Manifest, _ config: ConfigFile, _ chain: [Digest]
    ) -> ImageStore.Entry {
        var entry = ImageStore.Entry(
            references: ["\(parts.reference)"], manifest: "\(parts.manifest)",
            config: manifest.config.digest, layers: chain.map { "\($0)" }, created: config.created,
            size: manifest.layers.map(\.size).reduce(0, +))
        entry.index = parts.index.map { "\($0)" }
        entry.digests = parts.pulledDigest.map { [parts.reference.pinned(to: "\($0)")] }
        if parts.pulledDigest != nil {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            entry.pulled = UInt64(now.tv_sec)
        }
        return entry
    }

    private static func named<T>(_ layer: String, _ body: () throws -> T) throws -> T {
        do { return try body() } catch {
            throw Failure("layer \(layer): \((error as? Failure)?.message ?? "\(error)")")
        }
    }
}
