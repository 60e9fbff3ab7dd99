// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Images
import Linux
import NIOCore
import NIOHTTP1
import Registry

/// Sends images of the store to registries: blobs that they do not have, several side by side, then the manifest.
struct Push {
    let registries: Registries
    let store: ImageStore
    let events: Events

    /// - Returns: whether all images are there.
    func run(_ items: [TransferRequest.Item]) async throws -> Bool {
        var isGood = true
        for item in items {
            do { try await push(item) } catch {
                isGood = false
                let text = (error as? Failure)?.message ?? "\(error)"
                let message = text.hasPrefix(item.reference) ? text : "\(item.reference): \(text)"
                try await events.fail(item.reference, Failure(message, hint: (error as? Failure)?.hint))
            }
        }
        return isGood
    }

    private func push(_ item: TransferRequest.Item) async throws {
        let reference = try Reference(item.reference)
        guard reference.digest == nil else {
            throw Failure("a digest cannot be pushed to", hint: "give the image a name: trice image tag")
        }
        try store.compressLayers(of: item.reference)
        let lease = try store.lend()
        defer { withExtendedLifetime(lease) {} }
        let source = try store.source(of: item.reference, allPlatforms: item.allPlatforms ?? false)
        // What an image of the same registry has, the registry can take from there.
        let neighbours = try store.neighbours(of: reference)
        try await registries.first(reference, actions: "pull,push", also: Set(neighbours.values)) { connection in
            try await send(source.blobs, of: item.reference, neighbours, connection) {
                try Descriptor.open(store.blobPath($0.digest), O_RDONLY)
            }
            for document in source.documents.dropLast() {
                try await put(document, at: document.digest, reference, connection)
            }
            guard let last = source.documents.last else { return }
            try await put(last, at: reference.tag ?? "latest", reference, connection)
            try store.note(last.digest, of: reference)
            var event = TransferEvent(.done, image: item.reference)
            event.digest = last.digest
            try await events.send(event)
        }
    }

    /// Sends blobs, several side by side.
    ///
    /// - Parameters:
    ///   - neighbours: repositories of the same registry that have a blob, by its digest.
    ///   - content: opens a blob, which the registry turned out not to have.
    func send(
        _ blobs: [ContentDescriptor], of name: String, _ neighbours: [String: String],
        _ connection: RegistryConnection, content: @escaping @Sendable (ContentDescriptor) async throws -> Descriptor
    ) async throws {
        for blob in blobs {
            try await events.send(.layer(blob.digest, of: name, .waiting, current: 0, total: blob.size))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            for blob in blobs {
                if running == registries.blobsAtOnce {
                    try await group.next()
                    running -= 1
                }
                running += 1
                group.addTask {
                    try await BlobUpload(
                        descriptor: blob, content: { try await content(blob) }, from: neighbours[blob.digest],
                        connection: connection
                    ) { state, current in
                        try await events.send(
                            .layer(blob.digest, of: name, state, current: current, total: blob.size))
                    }.run()
                }
            }
            try await group.waitForAll()
        }
    }

    /// - Returns: the registry's answer.
    @discardableResult
    func put(
        _ document: ImageStore.PushSource.Document, at name: String, _ reference: Reference,
        _ connection: RegistryConnection
    ) async throws -> RegistryConnection.Answer {
        let answer = try await connection.send(
            .PUT, connection.path("manifests/\(name)"), headers: [("Content-Type", document.mediaType)],
            body: .init(bytes: document.bytes))
        let body = try await answer.body()
        guard answer.status == 201 || answer.status == 200 else {
            throw RegistryErrors.failure(
                status: answer.status, body: body, subject: "manifest", reference: reference)
        }
        if let said = answer.field("Docker-Content-Digest"), said.hasPrefix("sha256:"), said != document.digest {
            throw Failure("the registry calls the manifest \(said), and it has the digest \(document.digest)")
        }
        return answer
    }
}
