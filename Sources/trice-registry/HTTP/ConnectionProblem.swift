// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import AsyncHTTPClient
import Glibc
import Linux
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Why a request had no answer, as a person reads it.
struct ConnectionProblem: Error, CustomStringConvertible {
    let description: String
    /// Whether it was interrupted: the next time it may go well.
    let mayPass: Bool
    /// Whether the other side is there, and its certificate is not good: no reason to ask it without one.
    var isUntrusted = false

    init(_ error: any Error, timeout: Int) {
        var mayPass = false
        switch error {
        case let error as ConnectionProblem: (description, mayPass) = (error.description, error.mayPass)
        case let error as NIOConnectionError:
            description =
                error.connectionErrors.last.map { ConnectionProblem.text($0.error) }
                ?? "no address is known for \(error.host)"
        case let error as HTTPClientError where error == .connectTimeout: description = "it cannot be reached in time"
        case let error as HTTPClientError where error == .readTimeout: description = "it said nothing for \(timeout) s"
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            (description, mayPass) = ("it closed the connection", true)
        case let error as IOError:
            (description, mayPass) = (ConnectionProblem.text(error), error.errnoCode != ECONNREFUSED)
        case NIOSSLError.uncleanShutdown: (description, mayPass) = ("it broke off", true)
        case let error as HTTPParserError where error == .invalidEOFState:
            (description, mayPass) = ("it broke off", true)
        case NIOSSLError.handshakeFailed(let reason) where "\(reason)".contains("CERTIFICATE_VERIFY_FAILED"):
            description = "its certificate is signed by nobody who is known here"
            isUntrusted = true
        case let error as NIOSSLExtraError:
            description = "TLS: \(error.description)"
            isUntrusted = true
        default: description = ConnectionProblem.text(error)
        }
        self.mayPass = mayPass
    }

    /// An answer that ended before its end.
    init(brokeOffAt count: Int64) { (description, mayPass) = ("it broke off after \(count) bytes", true) }

    private static func text(_ error: any Error) -> String {
        switch error {
        case let error as IOError: return "\(errnoText(error.errnoCode)) (\(errnoName(error.errnoCode)))"
        case let error as ChannelError:
            if case .connectTimeout = error { return "it cannot be reached in time" }
            return "\(error)"
        case NIOSSLError.handshakeFailed(let reason):
            let text = "\(reason)"
            if text.contains("CERTIFICATE_VERIFY_FAILED") {
                return "its certificate is signed by nobody who is known here"
            }
            if text.contains("WRONG_VERSION_NUMBER") { return "it does not speak TLS" }
            return "TLS: \(text)"
        default: return "\(error)"
        }
    }
}
