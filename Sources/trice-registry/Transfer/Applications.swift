// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Images
import Linux
import NIOHTTP1
import Registry

/// Sends Compose applications to registries, and fetches them.
struct Applications {
    let registries: Registries
    let push: Push
    let events: Events

    /// Sends an application whose blobs are in a directory.
    ///
    /// - Parameters:
    ///   - manifests: the registry gets the first that it takes.
    ///   - names: of images that get into the application's repository, with an index that says that they belong to it.
    /// - Returns: whether all is there; which image is not was said.
    func publish(
        _ name: String, from directory: String, _ manifests: [String], images names: [String]
    ) async throws -> Bool {
        let reference = try Reference(name)
        guard reference.digest == nil else {
            throw Failure("\(name): an application is sent under a tag, not a digest")
        }
        let images = try names.map { (name: $0, reference: try Reference($0)) }
        let neighbours = Set(
            images.map(\.reference).filter { $0.domain == reference.domain }.map(\.repository))
        return try await registries.first(reference, actions: "pull,push", also: neighbours) { connection in
            var copies: [ContentDescriptor] = []
            for image in images {
                let copy = ImageCopy(
                    name: image.name, image: image.reference, target: connection, registries: registries, push: push,
                    directory: directory)
                do { copies.append(try await copy.run()) } catch let failure as Failure {
                    try await events.fail(image.name, failure)
                    return false
                }
                try await events.send(TransferEvent(.done, image: image.name))
            }
            let application = try await publish(reference, from: directory, manifests, connection)
            if !copies.isEmpty { try await Referrers(push: push, connection: connection).add(copies, to: application) }
            var event = TransferEvent(.done, image: name)
            event.digest = application.digest
            try await events.send(event)
            return true
        }
    }

    /// - Returns: what describes the manifest that the registry has taken.
    private func publish(
        _ reference: Reference, from directory: String, _ manifests: [String], _ connection: RegistryConnection
    ) async throws -> ContentDescriptor {
        let path: @Sendable (String) -> String = { "\(directory)/\($0.dropFirst(7))" }
        var refusal = Failure("\(reference): there is no manifest to be sent")
        for digest in manifests {
            let bytes = try readFile(path(digest))
            let manifest = try decodeJSON(Manifest.self, from: bytes)
            do {
                try await push.send(manifest.blobs, of: "\(reference)", [:], connection) {
                    try Descriptor.open(path($0.digest), O_RDONLY)
                }
                let document = ImageStore.PushSource.Document(
                    digest: digest, mediaType: Manifest.mediaType, bytes: bytes)
                try await push.put(document, at: reference.tag ?? "latest", reference, connection)
            } catch let failure as Failure {
                refusal = failure
                continue
            }
            var descriptor = ContentDescriptor(
                mediaType: Manifest.mediaType, digest: digest, size: Int64(bytes.count))
            descriptor.artifactType = manifest.artifactType
            return descriptor
        }
        throw refusal
    }

    /// Fetches an application into a directory of its own below `parent`, which is told as the event's detail.
    func fetch(_ name: String, into parent: String) async throws {
        let reference = try Reference(name)
        try await registries.first(reference, actions: "pull") { connection in
            let document = try await registries.document(reference, connection)
            guard !document.isIndex else {
                throw Failure("\(name): it is no Compose application, but an index of images")
            }
            let manifest = try decodeJSON(Manifest.self, from: document.bytes)
            let directory = "\(parent)/\("\(document.digest)".dropFirst(7))"
            if !exists(directory) {
                var contents: [String: [UInt8]] = [:]
                // Refused before anything is fetched.
                do { _ = try Application.files(of: manifest) { _ in [0x20] } } catch let failure as Failure {
                    throw Failure("\(name): \(failure.message)")
                }
                for layer in manifest.layers { contents[layer.digest] = try await blob(layer, reference, connection) }
                try write(Application.files(of: manifest) { contents[$0.digest] ?? [] }, to: directory)
            }
            var event = TransferEvent(.done, image: name)
            (event.digest, event.detail) = ("\(document.digest)", directory)
            try await events.send(event)
        }
    }

    private func blob(
        _ layer: ContentDescriptor, _ reference: Reference, _ connection: RegistryConnection
    ) async throws -> [UInt8] {
        guard let digest = Digest(layer.digest) else { throw Failure("\(reference): \(layer.digest) is no digest") }
        return try await registries.blob(digest, "one of its files", of: reference, connection)
    }

    /// Under another name until it is whole; somebody else may have been faster.
    private func write(_ files: [String: [UInt8]], to directory: String) throws {
        let partial = "\(directory).\(getpid())"
        try makeDirectories(partial, mode: 0o700)
        do {
            for (name, bytes) in files { try writeAtomically("\(partial)/\(name)", bytes, durable: false) }
            if rename(partial, directory) != 0 {
                guard errno == EEXIST || errno == ENOTEMPTY else { throw SystemError("rename", directory) }
                try removeTree(partial)
            }
        } catch {
            try removeTree(partial)
            throw error
        }
    }
}
