// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import Linux
import Registry

/// Copies an image, with all platforms that its index has, from the repository that it is in to another one: as it is, so that
/// it has the same digest there. A registry takes from itself what it has; the rest passes through this machine, and through
/// no store.
struct ImageCopy {
    /// As it was asked for.
    let name: String
    let image: Reference
    let target: RegistryConnection
    let registries: Registries
    let push: Push
    /// For files that are gone when they are sent.
    let directory: String

    /// - Returns: what describes it in an index.
    func run() async throws -> ContentDescriptor {
        let (document, source) = try await registries.first(image, actions: "pull") { connection in
            (try await registries.document(image, connection), connection)
        }
        try await copy(document, from: source, depth: 0)
        return ContentDescriptor(
            mediaType: document.mediaType, digest: "\(document.digest)", size: Int64(document.bytes.count))
    }

    /// What a manifest or an index refers to, and then itself.
    private func copy(_ document: Registries.Document, from source: RegistryConnection, depth: Int) async throws {
        if document.isIndex {
            if depth > 3 { throw Failure("\(image): its indexes are nested too deeply") }
            for descriptor in try decodeJSON(ManifestIndex.self, from: document.bytes).manifests {
                let digest = try digest(descriptor)
                let part = try await asked(source) { try await registries.document(image, digest: digest, source) }
                try await copy(part, from: source, depth: depth + 1)
            }
        } else {
            try await copyBlobs(decodeJSON(Manifest.self, from: document.bytes), from: source)
        }
        let sent = ImageStore.PushSource.Document(
            digest: "\(document.digest)", mediaType: document.mediaType, bytes: document.bytes)
        try await push.put(sent, at: sent.digest, target.reference, target)
    }

    private func copyBlobs(_ manifest: Manifest, from source: RegistryConnection) async throws {
        let blobs = manifest.blobs
        let isNear = image.domain == target.reference.domain
        let neighbours = isNear ? Dictionary(uniqueKeysWithValues: blobs.map { ($0.digest, image.repository) }) : [:]
        try await push.send(blobs, of: name, neighbours, target) { blob in
            let partial = try PartialBlob.passing(try digest(blob), through: directory)
            try await asked(source) {
                try await BlobDownload(
                    descriptor: blob, reference: image, connection: source, partial: partial, unpackings: []
                ) { state, count in
                    try await push.events.send(
                        .layer(blob.digest, of: name, state, current: count, total: blob.size))
                }.run()
            }
            return partial.content
        }
    }

    private func digest(_ descriptor: ContentDescriptor) throws -> Digest {
        guard let digest = Digest(descriptor.digest), descriptor.size >= 0 else {
            throw Failure("\(image): a digest or size is none: \(descriptor.digest), \(descriptor.size)")
        }
        return digest
    }

    /// What is asked of the image's registry, whose silence is not that of the one that it is copied to.
    private func asked<T>(_ source: RegistryConnection, _ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let problem as ConnectionProblem {
            throw Failure("\(image): \(source.endpoint.address): \(problem)")
        }
    }
}
