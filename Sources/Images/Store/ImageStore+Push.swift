// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux

extension ImageStore {
    /// What must be sent so that a registry has an image.
    package struct PushSource: Sendable {
        /// A manifest or an index.
        package struct Document: Sendable {
            package var digest: String
            package var mediaType: String
            package var bytes: [UInt8]

            package init(digest: String, mediaType: String, bytes: [UInt8]) {
                (self.digest, self.mediaType, self.bytes) = (digest, mediaType, bytes)
            }
        }

        /// Configurations and layers, each once.
        package var blobs: [ContentDescriptor] = []
        /// What refers to others after them: the last is what the name stands for.
        package var documents: [Document] = []
    }

    /// As long as it lives nothing of the store is swept.
    package func lend() throws -> FileLock {
        try makeDirectories(directory, mode: 0o711)
        return try FileLock(lease, shared: true)
    }

    /// Packs the layers of an image that were loaded or built as they are, as a registry wants them; the image is the same
    /// after it, its manifest another one.
    package func compressLayers(of name: String) throws {
        let entry = try resolveEntry(name).entry
        var manifest = try decodeJSON(Manifest.self, from: readFile(blob(entry.manifest)))
        let plain = try manifest.layers.indices.filter { place in
            try manifest.layers[place].mediaType == Manifest.layerType
                && compression(of: blob(manifest.layers[place].digest)).isEmpty
        }
        if plain.isEmpty { return }
        let intake = try ImageIntake(self)
        do {
            for place in plain { manifest.layers[place] = try intake.pack(manifest.layers[place]) }
            let text = try encodeJSON(manifest)
            try intake.add(text, as: Digest(of: text))
            try locked {
                var index = try readIndex()
                for place in index.images.indices where index.images[place].manifest == entry.manifest {
                    index.images[place].manifest = "\(Digest(of: text))"
                }
                try write(index)
            }
            try intake.end()
        } catch {
            try intake.end()
            throw error
        }
    }

    /// What must be sent of an image.
    ///
    /// - Parameter allPlatforms: the index that it was chosen from, with all that it has.
    /// - Throws: `Failure` where not all of it is in the store.
    package func source(of name: String, allPlatforms: Bool) throws -> PushSource {
        let (image, entry) = try resolveEntry(name)
        var source = PushSource()
        guard allPlatforms else {
            try add(entry.manifest, to: &source)
            return source
        }
        guard let index = entry.index else {
            throw Failure("\(name) is for \(image.platform) alone, and came with no index")
        }
        let bytes = try readFile(blob(index))
        let document = try decodeJSON(ManifestIndex.self, from: bytes)
        for descriptor in document.manifests {
            guard exists(blob(descriptor.digest)) else {
                throw Failure(
                    "\(name): of \(descriptor.platform.map { "\($0)" } ?? descriptor.digest) nothing is in the store",
                    hint: "fetch all of it with: trice image pull --all-platforms \(name)")
            }
            try add(descriptor.digest, to: &source)
        }
        source.documents.append(
            PushSource.Document(
                digest: index, mediaType: document.mediaType ?? ManifestIndex.mediaType, bytes: bytes)
        )
        return source
    }

    private func add(_ digest: String, to source: inout PushSource) throws {
        let bytes = try readFile(blob(digest))
        let manifest = try decodeJSON(Manifest.self, from: bytes)
        for descriptor in manifest.blobs
        where !source.blobs.contains(where: { $0.digest == descriptor.digest }) {
            guard exists(blob(descriptor.digest)) else {
                throw Failure("\(descriptor.digest) of manifest \(digest) is not in the store")
            }
            source.blobs.append(descriptor)
        }
        source.documents.append(
            PushSource.Document(digest: digest, mediaType: manifest.mediaType ?? Manifest.mediaType, bytes: bytes))
    }

    /// Notes that a registry has the image under this name and digest.
    package func note(_ digest: String, of reference: Reference) throws {
        try locked {
            var index = try readIndex()
            for place in index.images.indices where index.images[place].references.contains("\(reference)") {
                let name = reference.pinned(to: digest)
                let known = index.images[place].digests ?? []
                if !known.contains(name) { index.images[place].digests = known + [name] }
            }
            try write(index)
        }
    }

    /// For each blob of another image that came from the same registry: the repository that has it there.
    package func neighbours(of reference: Reference) throws -> [String: String] {
        var found: [String: String] = [:]
        for entry in try readIndex().images {
            let names = (entry.digests ?? []).compactMap { try? Reference($0) }
            guard let other = names.first(where: { $0.domain == reference.domain && $0.name != reference.name }) else {
                continue
            }
            let manifest = try decodeJSON(Manifest.self, from: readFile(blob(entry.manifest)))
            for blob in manifest.blobs { found[blob.digest] = other.repository }
        }
        return found
    }

    /// What the media type of a layer says of its compression, by the first bytes (RFC 1952; RFC 8878).
    func compression(of path: String) throws -> String {
        let start = try Descriptor.open(path, O_RDONLY).read(upTo: 4)
        if start.starts(with: [0x1F, 0x8B]) { return "+gzip" }
        return start == [0x28, 0xB5, 0x2F, 0xFD] ? "+zstd" : ""
    }
}
