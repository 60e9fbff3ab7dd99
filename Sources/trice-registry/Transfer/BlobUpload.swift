// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Images
import Linux
import NIOCore
import NIOHTTP1
import Registry

/// A blob on its way to a registry, in chunks: one that fails is sent again from where the registry has got to
/// (OCI distribution specification, "Pushing a blob in chunks").
struct BlobUpload {
    let descriptor: ContentDescriptor
    /// Opens what is sent, where the registry does not have it.
    let content: () async throws -> Descriptor
    /// A repository of the same registry that has it.
    let from: String?
    let connection: RegistryConnection
    let onProgress: (TransferEvent.State, Int64) async throws -> Void

    /// In bytes: what is held in memory a blob.
    private static let chunk = 8 << 20

    func run() async throws {
        let answer = try await connection.send(.HEAD, connection.path("blobs/\(descriptor.digest)"))
        if answer.status == 200 { return try await onProgress(.present, descriptor.size) }
        guard var session = try await begin() else { return try await onProgress(.mounted, descriptor.size) }
        let file = try await content()
        var done: Int64 = 0
        var retry = Retry()
        while done < descriptor.size {
            try check("lseek", descriptor.digest) { lseek(file.raw, off_t(done), SEEK_SET) }
            let bytes = try read(file, Int(min(Int64(BlobUpload.chunk), descriptor.size - done)))
            let next: (session: URLParts, done: Int64)?
            do { next = try await patch(session, done, bytes) } catch let problem as ConnectionProblem {
                guard problem.mayPass, let delay = retry.delay(jitter: .random(in: 0...1)) else { throw problem }
                try await onProgress(.retrying, done)
                try await Task.sleep(for: .milliseconds(delay))
                next = try await state(session, done)
            }
            if let next {
                if next.done > done { retry.succeeded() }
                (session, done) = next
            } else {
                // The registry has lost the upload.
                guard retry.delay(jitter: 0) != nil, let again = try await begin() else { break }
                (session, done) = (again, 0)
            }
            try await onProgress(.uploading, done)
        }
        let end = try await connection.send(.PUT, session.adding("digest", descriptor.digest), body: ByteBuffer())
        guard end.status == 201 || end.status == 204 else { throw try await refusal(end) }
        try await onProgress(.ready, descriptor.size)
    }

    /// Begins an upload.
    ///
    /// - Returns: where it goes on; nil where the registry has taken the blob from another of its repositories.
    private func begin() async throws -> URLParts? {
        var url = connection.path("blobs/uploads/")
        if let from { url = url.adding("mount", descriptor.digest).adding("from", from) }
        let answer = try await connection.send(.POST, url, body: ByteBuffer())
        if answer.status == 201 { return nil }
        guard answer.status == 202 else { throw try await refusal(answer) }
        return try location(answer)
    }

    private func patch(
        _ session: URLParts, _ from: Int64, _ bytes: ByteBuffer
    ) async throws -> (session: URLParts, done: Int64)? {
        let end = from + Int64(bytes.readableBytes)
        let headers = [("Content-Type", "application/octet-stream"), ("Content-Range", "\(from)-\(end - 1)")]
        let answer = try await connection.send(.PATCH, session, headers: headers, body: bytes)
        switch answer.status {
        case 202, 204: return (try location(answer), end)
        case 416: return try await state(session, from)
        case 404: return nil
        default: throw try await refusal(answer)
        }
    }

    /// Asks how far an upload has come.
    private func state(_ session: URLParts, _ before: Int64) async throws -> (session: URLParts, done: Int64)? {
        let answer = try await connection.send(.GET, session)
        if answer.status == 404 { return nil }
        guard answer.status == 204 || answer.status == 202 else { throw try await refusal(answer) }
        // `0-N`; before the first byte some say `0-0`.
        let last = answer.field("Range")?.split(separator: "-").last.flatMap { Int64($0) } ?? 0
        return (try location(answer), last == 0 ? 0 : last + 1)
    }

    private func location(_ answer: RegistryConnection.Answer) throws -> URLParts {
        guard let location = answer.field("Location"), let url = answer.url.resolving(location) else {
            throw Failure("the registry does not say where the upload goes on")
        }
        return url
    }

    private func refusal(_ answer: RegistryConnection.Answer) async throws -> Failure {
        RegistryErrors.failure(
            status: answer.status, body: try await answer.body(), subject: "layer \(descriptor.digest)",
            reference: connection.reference)
    }

    private func read(_ file: Descriptor, _ count: Int) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        while buffer.readableBytes < count {
            let part = try file.read(upTo: min(1 << 20, count - buffer.readableBytes))
            if part.isEmpty { throw Failure("blob \(descriptor.digest) is cut off") }
            buffer.writeBytes(part)
        }
        return buffer
    }
}
