// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux

/// Why an exchange with the kernel did not do what was asked.
package enum NetlinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kernel refused a request.
    case refused(Refusal)
    /// What came is no message of the protocol; the text says what is wrong with it.
    case malformed(String)
    /// A request has an attribute or a message of more bytes than its length field can say.
    case oversized(request: String)
    /// A system call on the socket failed.
    case system(SystemError)

    /// The kernel's answer to one request of a batch.
    package struct Refusal: Hashable, Sendable {
        /// The request as the `ip` command that does the same.
        package var request: String
        package var errno: Int32
        /// The kernel's own words (NETLINK_EXT_ACK), where it has any.
        package var kernelText: String?
    }

    /// The errno that the kernel or the socket gave; 0 for a broken message.
    package var errno: Int32 {
        switch self {
        case .refused(let refusal): refusal.errno
        case .system(let error): error.errno
        case .malformed, .oversized: 0
        }
    }

    /// `ip link add tr-x type bridge: file exists (EEXIST)`, with the kernel's own words after it.
    package var description: String {
        switch self {
        case .refused(let refusal):
            let words = refusal.kernelText.map { ": \($0)" } ?? ""
            return "\(refusal.request): \(errnoText(refusal.errno)) (\(errnoName(refusal.errno)))\(words)"
        case .malformed(let what): return "netlink: \(what)"
        case .oversized(let request): return "\(request): the request is too large for netlink"
        case .system(let error): return error.description
        }
    }
}
