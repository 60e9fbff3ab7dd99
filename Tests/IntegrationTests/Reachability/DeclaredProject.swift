// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation

/// Services and networks as a file declares them, and who can reach whom by that. Pure.
struct DeclaredProject: Decodable {
    struct Service: Decodable {
        struct Port: Decodable {
            let target: Int
            let `protocol`: String
        }
        let networks: [String: Attachment?]?
        let network_mode: String?
        let ports: [Port]?

        struct Attachment: Decodable { let gw_priority: Int? }
    }

    struct Network: Decodable {
        let name: String
        let `internal`: Bool?
        let enable_ipv6: Bool?
    }

    let name: String
    private(set) var services: [String: Service]
    let networks: [String: Network]?

    /// - Parameter config: what `trice config --format json` says.
    init(config: String) throws {
        self = try JSONDecoder().decode(DeclaredProject.self, from: Data(config.utf8))
    }

    /// Leaves only these: others may have done their work and ended.
    mutating func keep(_ running: Set<String>) { services = services.filter { running.contains($0.key) } }

    /// The service whose network namespace a service is in.
    func owner(of service: String) -> String {
        guard let mode = services[service]?.network_mode, mode.hasPrefix("service:") else { return service }
        return owner(of: String(mode.dropFirst(8)))
    }

    /// The keys of the networks that a service is on; none for `host` and `none`.
    func networks(of service: String) -> Set<String> {
        Set(services[owner(of: service)]?.networks?.keys.map(\.self) ?? [])
    }

    func isHost(_ service: String) -> Bool { services[owner(of: service)]?.network_mode == "host" }

    /// Whether a service can reach another one's address on a network: it is on that network, or it is the host.
    func reaches(_ source: String, _ target: String, on network: String) -> Bool {
        isHost(source) || owner(of: source) == owner(of: target) || networks(of: source).contains(network)
    }

    /// Whether a service can reach the host, at its address on a network.
    func reachesHost(_ source: String, ipv6: Bool) -> Bool {
        isHost(source) || networks(of: source).contains { !ipv6 || hasIPv6($0) }
    }

    /// Whether a service gets out to other hosts: the network of its default route is not internal.
    func reachesOutside(_ source: String, ipv6: Bool) -> Bool {
        isHost(source)
            || networks(of: source).contains { networks?[$0]?.internal != true && (!ipv6 || hasIPv6($0)) }
    }

    func hasIPv6(_ network: String) -> Bool { networks?[network]?.enable_ipv6 == true }
}
