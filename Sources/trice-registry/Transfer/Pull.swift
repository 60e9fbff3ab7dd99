// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Images
import Linux
import Registry

/// Fetches images into the store: what they are first, then all layers that are missing, each once and several side by side,
/// then the images, each as soon as its layers are there.
struct Pull {
    let registries: Registries
    let store: ImageStore
    let events: Events

    /// An image that is being fetched.
    struct Plan {
        var item: TransferRequest.Item
        var parts: ImageIntake.Parts
        var manifest: Manifest
        var chain: [Digest]
        /// Layers of the index's other platforms, where all are wanted: fetched, and not unpacked.
        var others: [ContentDescriptor] = []
        var connection: RegistryConnection
    }

    /// A layer's blob, and who waits for it.
    struct Work {
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
                if running == registries.blobsAtOnce, let (done, failure) = try await group.next() {
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
