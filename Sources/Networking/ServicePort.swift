// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A port of a container by which its service is found: `_NAME._TRANSPORT.SERVICE` (RFC 2782).
package struct ServicePort: Codable, Hashable, Sendable {
    /// `tcp`, `udp`, `sctp`.
    package var transport: String
    package var number: UInt16
    /// What the file calls it, in lower case; its number is always one of its names, too.
    package var names: [String]

    package init(_ number: UInt16, transport: String, names: [String] = []) {
        (self.number, self.transport) = (number, transport)
        self.names = names.map { $0.lowercased() }
    }

    /// - Parameters:
    ///   - service: the first label of a question, with its underscore.
    ///   - transport: the second one.
    func answers(_ service: String, _ transport: String) -> Bool {
        transport == "_\(self.transport)" && (service == "_\(number)" || names.contains { service == "_\($0)" })
    }
}
