// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import Linux
import NIOHTTP1
import Registry

/// What the images are that are to be fetched: manifests and configurations, which are small.
extension Pull {
    struct Resolved {
        var document: Registries.Document
        var connection: RegistryConnection
        var reference: Reference
        /// Nothing is to be fetched: the store has what the name stands for now.
        var present: Image?
    }

    func resolve(_ items: [TransferRequest.Item]) async -> [(TransferRequest.Item, Result<Resolved, any Error>)] {
        await withTaskGroup(of: (Int, Result<Resolved, any Error>).self) { group in
            var results: [Int: Result<Resolved, any Error>] = [:]
            for (place, item) in items.enumerated() {
                if place >= registries.parallelism ?? .max, let (done, result) = await group.next() {
                    results[done] = result
                }
                group.addTask {
                    do { return (place, .success(try await resolve(item))) } catch { return (place, .failure(error)) }
                }
            }
            for await (place, result) in group { results[place] = result }
            return items.enumerated().compactMap { place, item in results[place].map { (item, $0) } }
        }
    }

    private func resolve(_ item: TransferRequest.Item) async throws -> Resolved {
        var event = TransferEvent(.progress, image: item.reference)
        event.state = .resolving
        try await events.send(event)
        let reference = try Reference(item.reference)
        return try await registries.first(reference, actions: "pull") { connection in
            Resolved(
                document: try await registries.document(reference, connection), connection: connection,
                reference: reference)
        }
    }

    /// The image to be fetched; nil where it is there: then that was said.
    func plan(
        _ item: TransferRequest.Item, _ resolved: Resolved, _ intake: ImageIntake
    ) async throws -> Plan? {
        let (reference, connection) = (resolved.reference, resolved.connection)
        var document = resolved.document
        var parts = ImageIntake.Parts(reference: reference, manifest: document.digest)
        var others: [ContentDescriptor] = []
        parts.pulledDigest = document.digest
        var depth = 0
        while document.isIndex {
            depth += 1
            if depth > 3 { throw Failure("\(reference): its indexes are nested too deeply") }
            try intake.add(document.bytes, as: document.digest)
            if depth == 1 { parts.index = document.digest }
            let index = try decodeJSON(ManifestIndex.self, from: document.bytes)
            if item.allPlatforms == true {
                others += try await self.others(index, reference, connection, intake)
            }
            let platform = try item.platform.map { try Platform(parsing: $0) } ?? .host
            let chosen: ContentDescriptor
            do throws(Failure) { chosen = try index.manifest(for: platform) } catch {
                throw Failure("\(reference): \(error.message)", hint: error.hint)
            }
            guard let digest = Digest(chosen.digest) else {
                throw Failure("\(reference): \(chosen.digest) is no digest")
            }
            document = try await registries.document(reference, digest: digest, connection)
        }
        parts.manifest = document.digest
        let manifest: Manifest
        do { manifest = try decodeJSON(Manifest.self, from: document.bytes) } catch {
            throw Failure("\(reference): its manifest cannot be understood: \(error)")
        }
        try check(manifest, reference)
        try intake.add(document.bytes, as: document.digest)
        let config = try await config(manifest, reference, connection, intake)
        let diffIDs = try config.diffIDs()
        guard diffIDs.count == manifest.layers.count else {
            throw Failure(
                "\(reference): its configuration has \(diffIDs.count) layers, its manifest \(manifest.layers.count)")
        }
        let plan = Plan(
            item: item, parts: parts, manifest: manifest, chain: ImageIntake.chain(diffIDs), others: others,
            connection: connection)
        guard try await isPresent(plan, intake) else { return plan }
        return nil
    }

    /// Fetches the manifests and configurations of all that an index has.
    ///
    /// - Returns: their layers.
    private func others(
        _ index: ManifestIndex, _ reference: Reference, _ connection: RegistryConnection, _ intake: ImageIntake
    ) async throws -> [ContentDescriptor] {
        var layers: [ContentDescriptor] = []
        for descriptor in index.manifests where Manifest.mediaTypes.contains(descriptor.mediaType) {
            guard let digest = Digest(descriptor.digest) else {
                throw Failure("\(reference): \(descriptor.digest) is no digest")
            }
            let document = try await registries.document(reference, digest: digest, connection)
            try intake.add(document.bytes, as: digest)
            let manifest = try decodeJSON(Manifest.self, from: document.bytes)
            _ = try await configuration(manifest.config, reference, connection, intake)
            for layer in manifest.layers where Digest(layer.digest) == nil || layer.size < 0 {
                throw Failure("\(reference): a layer's digest or size is none: \(layer.digest), \(layer.size)")
            }
            layers += manifest.layers
        }
        return layers
    }

    /// Whether all of it is there; then its name is set, and that is said.
    private func isPresent(_ plan: Plan, _ intake: ImageIntake) async throws -> Bool {
        guard plan.chain.allSatisfy(intake.hasLayer),
            (plan.manifest.layers + plan.others).allSatisfy({ Digest($0.digest).map(intake.has) ?? false })
        else { return false }
        let before = try store.find(plan.item.reference)?.id
        var event = TransferEvent(.done, image: plan.item.reference)
        event.id = try intake.finish(plan.parts)
        event.isUnchanged = before == event.id
        event.digest = plan.parts.pulledDigest.map { "\($0)" }
        try await events.send(event)
        return true
    }

    private func check(_ manifest: Manifest, _ reference: Reference) throws {
        let isImage = [
            "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json",
        ].contains(manifest.config.mediaType)
        guard isImage else {
            throw Failure("\(reference): it is no image, but something of type \(manifest.config.mediaType)")
        }
        for layer in manifest.layers {
            let type = layer.mediaType
            let isTar = type.hasPrefix("application/vnd.oci.image.layer.") || type.contains(".image.rootfs.")
            guard isTar, !type.hasSuffix("+encrypted") else {
                throw Failure("\(reference): a layer of type \(type) cannot be unpacked")
            }
            guard Digest(layer.digest) != nil, layer.size >= 0 else {
                throw Failure("\(reference): a layer's digest or size is none: \(layer.digest), \(layer.size)")
            }
        }
    }

    private func config(
        _ manifest: Manifest, _ reference: Reference, _ connection: RegistryConnection, _ intake: ImageIntake
    ) async throws -> ConfigFile {
        do {
            return try decodeJSON(
                ConfigFile.self, from: try await configuration(manifest.config, reference, connection, intake))
        } catch let error as DecodingError {
            throw Failure("\(reference): its configuration cannot be understood: \(error)")
        }
    }

    /// The bytes of a configuration, which are a blob of the store from now on.
    private func configuration(
        _ descriptor: ContentDescriptor, _ reference: Reference, _ connection: RegistryConnection,
        _ intake: ImageIntake
    ) async throws -> [UInt8] {
        guard let digest = Digest(descriptor.digest) else {
            throw Failure("\(reference): \(descriptor.digest) is no digest")
        }
        if !intake.has(digest) {
            try intake.add(
                try await registries.blob(digest, "its configuration", of: reference, connection), as: digest)
        }
        return try intake.content(of: digest)
    }
}
