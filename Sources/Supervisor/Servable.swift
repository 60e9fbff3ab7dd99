// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images

/// What a Compose file may say and this version cannot do: refused at its place when the stack is to come up, as nothing
/// that is accepted is ignored.
enum Servable {
    /// - Throws: `Failure` at the first such place.
    static func check(_ service: Service) throws(Failure) {
        switch service.pullPolicy {
        case .always, .refresh, .daily, .weekly, .every:
            throw Failure(
                "service \(service.name): images cannot be pulled yet", at: service.place("pull_policy"),
                hint: "load the image with: trice image load -i FILE; and leave pull_policy out, or let it be missing")
        case .build: throw Failure("service \(service.name): images cannot be built yet", at: service.place("pull_policy"))
        case .never, .missing, .ifNotPresent, nil: break
        }
        if let platform = service.platform {
            let parts = platform.split(separator: "/").map(String.init)
            let isHost = parts.contains(hostArchitecture) && (parts.count == 1 || parts[0] == "linux")
            guard isHost else {
                throw Failure(
                    "service \(service.name): platform \(platform) does not run here", at: service.place("platform"),
                    hint: "this host is linux/\(hostArchitecture)")
            }
        }
        if service.networkMode == .bridge {
            throw Failure(
                "service \(service.name): network_mode bridge is not supported yet", at: service.place("network_mode"),
                hint: "leave it out for the project's own network")
        }
        for (index, port) in service.ports.enumerated() where port.protocol == .sctp {
            throw Failure("service \(service.name): SCTP ports are not supported yet", at: service.place("ports[\(index)]"))
        }
    }
}
