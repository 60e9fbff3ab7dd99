// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import AsyncHTTPClient
import Core
import Images
import NIOCore
import NIOHTTP1
import Registry

/// A blob on its way from a registry: written, verified and unpacked as it comes, in a few buffers' memory whatever its size.
/// A connection that breaks is made again, and the blob goes on where it broke off.
struct BlobDownload {
    let descriptor: ContentDescriptor
    let reference: Reference
    let connection: RegistryConnection
    let partial: PartialBlob
    /// Who unpacks it.
    let unpackings: [LayerUnpacking]
    let onProgress: (TransferEvent.State, Int64) async throws -> Void

    func run() async throws {
        try partial.resume { bytes in try bytes.withUnsafeBytes { try feed($0) } }
        if partial.count > descriptor.size {
            // What is unpacked cannot be taken back: the next attempt begins anew.
            try partial.restart()
            throw Failure("what an earlier pull has left of it is no part of it", hint: "pull it again")
        }
        var retry = Retry()
        while partial.count < descriptor.size {
            let before = partial.count
            do {
                try await fetchRest()
                if partial.count < descriptor.size { throw ConnectionProblem(brokeOffAt: partial.count) }
            } catch let problem as ConnectionProblem where problem.mayPass {
                if partial.count > before { retry.succeeded() }
                guard let delay = retry.delay(jitter: .random(in: 0...1)) else {
                    throw Failure("after \(partial.count) of \(descriptor.size) bytes: \(problem)")
                }
                try await onProgress(.retrying, partial.count)
                try await Task.sleep(for: .milliseconds(delay))
            }
        }
        try partial.verify(size: descriptor.size)
        for unpacking in unpackings { unpacking.closeInput() }
        try await onProgress(.verified, partial.count)
    }

    private func feed(_ bytes: UnsafeRawBufferPointer) throws {
        for unpacking in unpackings { try unpacking.feed(bytes) }
    }

    private func fetchRest() async throws {
        let from = partial.count
        let headers = from > 0 ? [("Range", "bytes=\(from)-")] : []
        let answer = try await connection.send(.GET, connection.path("blobs/\(partial.digest)"), headers: headers)
        // A registry that does not know ranges sends all of it.
        var skipped: Int64 = 0
        switch answer.status {
        case 200: skipped = from
        case 206:
            guard let range = answer.field("Content-Range").flatMap(ContentRange.init), range.first == from else {
                throw Failure("the registry sends another part than was asked for")
            }
        default:
            throw RegistryErrors.failure(
                status: answer.status, body: try await answer.body(), subject: "layer", reference: reference)
        }
        do {
            for try await buffer in answer.response.body {
                var bytes = buffer.readableBytesView[...]
                if skipped > 0 {
                    let part = min(Int64(bytes.count), skipped)
                    bytes = bytes.dropFirst(Int(part))
                    skipped -= part
                }
                if bytes.isEmpty { continue }
                guard partial.count + Int64(bytes.count) <= descriptor.size else {
                    try partial.restart()
                    throw Failure("it has more than \(descriptor.size) bytes")
                }
                try bytes.withUnsafeBytes { bytes in
                    try partial.append(bytes)
                    try feed(bytes)
                }
                try await onProgress(.downloading, partial.count)
            }
        } catch let error as CancellationError { throw error } catch let error as Failure { throw error } catch {
            throw ConnectionProblem(error, timeout: connection.timeout)
        }
    }
}
