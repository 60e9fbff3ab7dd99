// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Glibc
import Linux
import Networking
import Runtime

/// Answers the name queries of the project's containers at 127.0.0.11.
final class NameService {
    private let networks: ProjectNetworks
    private let loop: EventLoop
    /// By the servers that unknown names are asked of: the host's, or those of the service's `dns`.
    private var resolvers: [[SocketAddress]: DNSResolver] = [:]
    /// The networks that a container is on.
    private var connected: [String: [String]] = [:]
    /// Further names that a container has for others: alias → name (`links`, `external_links`).
    private var links: [String: [String: String]] = [:]
    private var random = SystemRandomNumberGenerator()

    init(networks: ProjectNetworks, on loop: EventLoop) { (self.networks, self.loop) = (networks, loop) }

    /// - Parameters:
    ///   - upstreams: whom names are asked of that the project does not know.
    ///   - links: further names for others that this container alone knows, in lower case.
    ///   - pid: a process in the container's network namespace.
    func serve(
        _ container: String, pid: Int32, on names: [String], links: [String: String], upstreams: [SocketAddress]
    ) throws {
        connected[container] = names
        self.links[container] = links.isEmpty ? nil : links
        let reachesOutside = names.contains { networks.record($0)?.isInternal == false }
        try resolver(upstreams).add(
            container: container, openResolverSockets(inNamespaceOfPID: pid), forwards: reachesOutside)
    }

    func stop(_ container: String) {
        guard connected.removeValue(forKey: container) != nil else { return }
        links[container] = nil
        for resolver in resolvers.values { resolver.remove(container: container) }
    }

    private func resolver(_ upstreams: [SocketAddress]) -> DNSResolver {
        if let resolver = resolvers[upstreams] { return resolver }
        let resolver = DNSResolver(on: loop, upstreams: upstreams) { [unowned self] question, container in
            var question = question
            if let target = self.links[container]?[question.name.key], let name = DNSName(target) {
                question.name = name
            }
            return self.networks.zone().answer(question, in: self.connected[container] ?? [], using: &self.random)
        }
        resolvers[upstreams] = resolver
        return resolver
    }
}
