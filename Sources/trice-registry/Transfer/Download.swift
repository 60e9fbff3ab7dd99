// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import AsyncHTTPClient
import Core
import Glibc
import Linux
import NIOCore
import NIOHTTP1
import Registry

/// A file from an address that is no registry's.
struct Download {
    let connections: Connections
    /// How long the other side may keep silent, in seconds.
    let timeout: Int

    /// In bytes: no context is larger.
    private static let largest: Int64 = 64 << 30

    func run(_ address: String, to path: String) async throws {
        guard var url = URLParts(address) else { throw Failure("\(address) is no address of HTTP") }
        for _ in 0..<6 {
            let response: HTTPClientResponse
            do {
                var request = HTTPClientRequest(url: url.description)
                request.headers.add(name: "User-Agent", value: "trice")
                response = try await connections.client(for: url.address, verifies: true).execute(
                    request, deadline: .distantFuture)
            } catch { throw Failure("\(address): \(ConnectionProblem(error, timeout: timeout))") }
            switch response.status.code {
            case 200: return try await write(response.body, address, to: path)
            case 301, 302, 303, 307, 308:
                guard let location = response.headers.first(name: "Location"), let next = url.resolving(location),
                    url.address.scheme == .http || next.address.scheme == .https
                else { throw Failure("\(address): it redirects to nowhere, or to what is no TLS") }
                url = next
            default: throw Failure("\(address): the server answered \(response.status.code)")
            }
        }
        throw Failure("\(address): it redirects in a circle")
    }

    private func write(_ body: HTTPClientResponse.Body, _ address: String, to path: String) async throws {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        var count: Int64 = 0
        do {
            for try await buffer in body {
                count += Int64(buffer.readableBytes)
                if count > Download.largest { throw Failure("\(address): it is larger than \(Download.largest) bytes") }
                try file.writeAll(buffer.readableBytesView)
            }
        } catch let error as Failure { throw error } catch let error as SystemError { throw error } catch {
            throw Failure("\(address): \(ConnectionProblem(error, timeout: timeout))")
        }
    }
}
