// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import Linux
import NIOHTTP1
import Registry

/// Fetches images into the store: what they are first, then all layers that are missing, each once and several side by side,
/// then the images, each as soon as its layers are there.
struct Pull {
    let registries: Registries
    let store: ImageStore
    let events: Events

    /// An image that is being fetched.
    private struct Plan {
        var item: TransferRequest.Item
        var parts: ImageIntake.Parts
        var manifest: Manifest
        var chain: [Digest]
        /// Layers of the index's other platforms, where all are wanted: fetched, and not unpacked.
        var others: [ContentDescriptor] = []
        var connection: RegistryConnection
    }

    /// A layer's blob, and who waits for it.
    private struct Work {
        var descriptor: ContentDescriptor
        var images: [String] = []
        var connection: RegistryConnection
        var reference: Reference
        var partial: PartialBlob?
        /// By chain id: an equal layer on top of another one is unpacked for itself.
        var unpackings: [Digest: LayerUnpacking] = [:]
    }

    /// - Returns: whether all images are there.
    func run(_ items: [TransferRequest.Item]) async throws -> Bool {
        let intake = try ImageIntake(store)
        do {
            let isGood = try await run(items, intake)
            try intake.end()
            return isGood
        } catch {
            try intake.end()
            throw error
        }
    }

    private func run(_ items: [TransferRequest.Item], _ intake: ImageIntake) async throws -> Bool {
        var failed = false
        var plans: [Plan] = []
        for (item, result) in await resolve(items) {
            do {
                if let plan = try await plan(item, try result.get(), intake) { plans.append(plan) }
            } catch {
                failed = true
                try await events.fail(item.reference, error)
            }
        }
        var works = try await works(plans, intake)
        let failures = try await fetch(works.values.map { $0 })
        for var plan in plans {
            do {
                for descriptor in plan.manifest.layers + plan.others {
                    if let digest = Digest(descriptor.digest), let failure = failures[digest] { throw failure }
                }
                for (place, descriptor) in plan.manifest.layers.enumerated() {
                    guard let digest = Digest(descriptor.digest), let work = works[digest] else { continue }
                    plan.parts.unpacked[place] = work.unpackings[plan.chain[place]]
                    if let partial = work.partial { plan.parts.fetched.append(partial) }
                }
                plan.parts.fetched += plan.others.compactMap { Digest($0.digest).flatMap { works[$0]?.partial } }
                var event = TransferEvent(.done, image: plan.item.reference)
                event.id = try intake.finish(plan.parts)
                event.digest = plan.parts.pulledDigest.map { "\($0)" }
                event.isUnchanged = false
                try await events.send(event)
            } catch {
                failed = true
                let text = (error as? Failure)?.message ?? "\(error)"
                try await events.fail(
                    plan.item.reference,
                    Failure("\(plan.item.reference): \(text)", hint: (error as? Failure)?.hint))
            }
        }
        works = [:]
        return !failed
    }

    // MARK: What they are

    private struct Resolved {
        var document: Registries.Document
        var connection: RegistryConnection
        var reference: Reference
        /// Nothing is to be fetched: the store has what the name stands for now.
        var present: Image?
    }

    private func resolve(_ items: [TransferRequest.Item]) async -> [(TransferRequest.Item, Result<Resolved, any Error>)]
    {
        await withTaskGroup(of: (Int, Result<Resolved, any Error>).self) { group in
            for (place, item) in items.enumerated() {
                group.addTask {
                    do { return (place, .success(try await resolve(item))) } catch { return (place, .failure(error)) }
                }
            }
            var results: [Int: Result<Resolved, any Error>] = [:]
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
    private func plan(
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
        let before = (try? store.resolve(plan.item.reference))?.id
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
            let answer = try await connection.send(.GET, connection.path("blobs/\(digest)"))
            let body = try await answer.body()
            guard answer.status == 200 else {
                throw RegistryErrors.failure(
                    status: answer.status, body: body, subject: "\(reference): its configuration", reference: reference)
            }
            guard Digest(of: body) == digest else {
                throw Failure("\(reference): its configuration has the digest \(Digest(of: body)), not \(digest)")
            }
            try intake.add(body, as: digest)
        }
        return try intake.content(of: digest)
    }

    // MARK: Their layers

    private func works(_ plans: [Plan], _ intake: ImageIntake) async throws -> [Digest: Work] {
        var works: [Digest: Work] = [:]
        for plan in plans {
            for (descriptor, chainID) in zip(plan.manifest.layers, plan.chain) {
                guard let digest = Digest(descriptor.digest) else { continue }
                let image = plan.item.reference
                if intake.has(digest) && intake.hasLayer(chainID) {
                    try await events.send(.layer(descriptor.digest, of: image, .present))
                    continue
                }
                var work =
                    works[digest]
                    ?? Work(descriptor: descriptor, connection: plan.connection, reference: plan.parts.reference)
                work.images.append(image)
                if !intake.hasLayer(chainID), work.unpackings[chainID] == nil {
                    work.unpackings[chainID] = try intake.unpack()
                }
                works[digest] = work
                try await events.send(
                    .layer(descriptor.digest, of: image, .waiting, current: 0, total: descriptor.size))
            }
        }
        for plan in plans {
            for descriptor in plan.others {
                guard let digest = Digest(descriptor.digest), works[digest] == nil, !intake.has(digest) else {
                    continue
                }
                var work = Work(descriptor: descriptor, connection: plan.connection, reference: plan.parts.reference)
                work.images.append(plan.item.reference)
                works[digest] = work
            }
        }
        // All that fetch something take the same order, so that none waits for one that waits for it.
        for digest in works.keys.sorted(by: { $0.hex < $1.hex }) where !intake.has(digest) {
            works[digest]?.partial = try intake.fetch(digest)
        }
        return works
    }

    /// - Returns: what went wrong, by the layer's digest.
    private func fetch(_ works: [Work]) async throws -> [Digest: any Error] {
        try await withThrowingTaskGroup(of: (Digest, (any Error)?).self) { group in
            var failures: [Digest: any Error] = [:]
            var running = 0
            for work in works.sorted(by: { $0.descriptor.size > $1.descriptor.size }) {
                guard let digest = Digest(work.descriptor.digest) else { continue }
                if running == registries.settings.parallel, let (done, failure) = try await group.next() {
                    failures[done] = failure
                    running -= 1
                }
                running += 1
                group.addTask {
                    do {
                        try await fetch(work)
                        return (digest, nil)
                    } catch {
                        let text = (error as? Failure)?.message ?? "\(error)"
                        return (digest, Failure("layer \(digest): \(text)", hint: (error as? Failure)?.hint))
                    }
                }
            }
            for try await (done, failure) in group { failures[done] = failure }
            return failures
        }
    }

    private func fetch(_ work: Work) async throws {
        let descriptor = work.descriptor
        func say(_ state: TransferEvent.State, _ current: Int64) async throws {
            for image in work.images {
                try await events.send(
                    .layer(descriptor.digest, of: image, state, current: current, total: descriptor.size))
            }
        }
        if let partial = work.partial {
            try await BlobDownload(
                descriptor: descriptor, reference: work.reference, connection: work.connection, partial: partial,
                unpackings: Array(work.unpackings.values), onProgress: say
            ).run()
        } else {
            try await say(.unpacking, descriptor.size)
            for unpacking in work.unpackings.values {
                try unpacking.feed(contentsOf: store.blobPath(descriptor.digest))
                unpacking.closeInput()
            }
        }
        try await say(.ready, descriptor.size)
    }
}
