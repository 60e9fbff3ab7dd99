// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Networking

extension Service {
    /// The ports that the service is found by: those of `ports`, by `name` and `app_protocol` too, and of `expose`.
    var servicePorts: [ServicePort] {
        var result = ports.map { port in
            ServicePort(
                port.target, transport: port.protocol.rawValue,
                names: [port.name, port.applicationProtocol].compactMap { $0 })
        }
        for text in expose {
            let parts = text.split(separator: "/", maxSplits: 1)
            let bounds = parts[0].split(separator: "-", maxSplits: 1).compactMap { UInt16($0) }
            guard let first = bounds.first, let last = bounds.last, first <= last else { continue }
            let transport = parts.count == 2 ? parts[1].lowercased() : "tcp"
            let known = Set(result.filter { $0.transport == transport }.map(\.number))
            result += (first...last).filter { !known.contains($0) }.map { ServicePort($0, transport: transport) }
        }
        return result
    }
}
