// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A port of a container that the host serves; both ends are of one family.
package struct PublishedPort: Hashable, Sendable {
    package enum Transport: String, Hashable, Sendable, Codable, CustomStringConvertible {
        case tcp, udp, sctp
        package var description: String { rawValue }

        /// IANA's, of protocol numbers.
        var number: UInt8 {
            switch self {
            case .tcp: 6
            case .udp: 17
            case .sctp: 132
            }
        }
    }

    /// Where the host serves it; the address `any` for each of the host's addresses.
    package var host: SocketAddress
    package var transport: Transport
    package var container: SocketAddress

    package init(_ host: SocketAddress, _ transport: Transport = .tcp, to container: SocketAddress) {
        (self.host, self.transport, self.container) = (host, transport, container)
    }
}
