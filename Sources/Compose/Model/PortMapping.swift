// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A port of the container on the host (Compose Specification, 05-services.md, `ports`).
package struct PortMapping: Codable, Hashable, Sendable {
    package enum TransportProtocol: String, Codable, Hashable, Sendable, CaseIterable {
        case tcp, udp, sctp
    }

    /// Nil is every address of the host.
    package var hostIP: String?
    /// Nil, or a range of only 0: any free port. A range of several: any free one of them.
    package var published: PortRange?
    package var target: UInt16
    package var `protocol`: TransportProtocol
    /// `ingress` or `host`; of no effect on a single host.
    package var mode: String
    package var name: String?
    package var applicationProtocol: String?

    package init(
        hostIP: String? = nil, published: PortRange? = nil, target: UInt16, protocol: TransportProtocol = .tcp,
        mode: String = "ingress", name: String? = nil, applicationProtocol: String? = nil
    ) {
        self.hostIP = hostIP
        self.published = published
        self.target = target
        self.protocol = `protocol`
        self.mode = mode
        self.name = name
        self.applicationProtocol = applicationProtocol
    }

    /// Whether the host's port is for the system to choose.
    package var isEphemeral: Bool { published.map { $0.last == 0 } ?? true }
}

/// Ports from `first` to `last`, both included.
package struct PortRange: Codable, Hashable, Sendable, CustomStringConvertible {
    package var first: UInt16
    package var last: UInt16

    package init(first: UInt16, last: UInt16) {
        self.first = first
        self.last = last
    }

    package init(_ port: UInt16) {
        self.init(first: port, last: port)
    }

    package var count: Int { Int(last) - Int(first) + 1 }
    package var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}
