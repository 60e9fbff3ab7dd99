// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux

/// What the builder writes an image into, and the way from there into the store.
///
/// The builder writes the directory form of containers/image: `manifest.json`, and each blob under its digest's hexadecimal
/// digits. A layer that is there already it does not write. So the directory begins with an empty file for every layer that
/// the store has, named by the digest of the uncompressed layer, as the builder knows it: those are neither packed nor copied
/// again.
package struct BuildResult {
    package let directory: String
    private let store: ImageStore
    /// By the digest of the uncompressed layer.
    private var known: [String: ContentDescriptor] = [:]

    /// - Parameter directory: made anew, on the store's file system.
    package init(_ store: ImageStore, in directory: String) throws {
        (self.store, self.directory) = (store, directory)
        try removeTree(directory)
        try makeDirectories(directory, mode: 0o700)
        for entry in try store.readIndex().images {
            let manifest = try decodeJSON(Manifest.self, from: readFile(store.blob(entry.manifest)))
            let config = try decodeJSON(ConfigFile.self, from: readFile(store.blob(entry.config)))
            for (descriptor, diffID) in zip(manifest.layers, try config.diffIDs()) where known["\(diffID)"] == nil {
                var descriptor = descriptor
                descriptor.mediaType = store.ociType(descriptor.mediaType)
                known["\(diffID)"] = descriptor
                _ = try Descriptor.open("\(directory)/\(diffID.hex)", O_WRONLY | O_CREAT, mode: 0o600)
            }
        }
        // A directory without it, but with files, is refused.
        try Descriptor.open("\(directory)/version", O_WRONLY | O_CREAT, mode: 0o600).writeAll(
            Array("Directory Transport Version: 1.1\n".utf8))
    }

    /// Makes what was written images of the store, under all these names.
    ///
    /// - Returns: the image's id.
    package func take(as references: [Reference]) throws -> String {
        let intake = try ImageIntake(store)
        do {
            let id = try take(as: references, intake)
            try intake.end()
            return id
        } catch {
            try intake.end()
            throw error
        }
    }

    private func take(as references: [Reference], _ intake: ImageIntake) throws -> String {
        guard let first = references.first else { throw Failure("an image that is built has a name") }
        var manifest = try decodeJSON(Manifest.self, from: readFile("\(directory)/manifest.json", limit: 16 << 20))
        guard let configDigest = Digest(manifest.config.digest) else {
            throw Failure("\(manifest.config.digest) is no digest")
        }
        let configBytes = try readFile("\(directory)/\(configDigest.hex)", limit: 16 << 20)
        guard Digest(of: configBytes) == configDigest else { throw Failure("the builder's configuration is cut off") }
        try intake.add(configBytes, as: configDigest)
        let diffIDs = try decodeJSON(ConfigFile.self, from: configBytes).diffIDs()
        guard diffIDs.count == manifest.layers.count else { throw Failure("the builder's manifest has other layers") }
        var unpacked: [Int: LayerUnpacking] = [:]
        let chain = ImageIntake.chain(diffIDs)
        for place in manifest.layers.indices {
            if let descriptor = known["\(diffIDs[place])"] {
                manifest.layers[place] = descriptor
            } else {
                guard let digest = Digest(manifest.layers[place].digest) else {
                    throw Failure("\(manifest.layers[place].digest) is no digest")
                }
                try intake.adopt("\(directory)/\(digest.hex)", as: digest)
                manifest.layers[place].mediaType = store.ociType(manifest.layers[place].mediaType)
            }
            if intake.hasLayer(chain[place]) { continue }
            let unpacking = try intake.unpack()
            try unpacking.feed(contentsOf: store.blob(manifest.layers[place].digest))
            unpacking.closeInput()
            unpacked[place] = unpacking
        }
        manifest.config.mediaType = Manifest.configType
        manifest.mediaType = Manifest.mediaType
        let text = try encodeJSON(manifest)
        try intake.add(text, as: Digest(of: text))
        var parts = ImageIntake.Parts(reference: first, manifest: Digest(of: text))
        parts.unpacked = unpacked
        let id = try intake.finish(parts)
        for reference in references.dropFirst() { try store.tag(id, as: reference) }
        return id
    }
}
