// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A port of a container that the host serves.
package struct PublishedPort: Hashable, Sendable {
    package enum Transport: String, Hashable, Sendable, Codable, CustomStringConvertible {
        case tcp, udp
        package var description: String { rawValue }
    }

    /// Where the host serves it: `IPv4Address.any` for each of the host's addresses.
    package var hostAddress: IPv4Address
    package var hostPort: UInt16
    package var transport: Transport
    package var address: IPv4Address
    package var port: UInt16

    package init(
        hostAddress: IPv4Address = .any, hostPort: UInt16, transport: Transport = .tcp, address: IPv4Address,
        port: UInt16
    ) {
        (self.hostAddress, self.hostPort, self.transport) = (hostAddress, hostPort, transport)
        (self.address, self.port) = (address, port)
    }
}
