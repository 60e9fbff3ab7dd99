// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What a question is answered with.
package enum DNSAnswer: Hashable, Sendable {
    /// A records, in this order.
    case addresses([IPv4Address])
    /// AAAA records, in this order.
    case addresses6([IPv6Address])
    /// A PTR record.
    case pointer(DNSName)
    /// The name exists, and who asks for everything gets next to nothing (RFC 8482, section 4.2).
    case minimal
    /// The name exists and has no record of the type: NOERROR without an answer, and never asked elsewhere.
    case empty
    /// Not ours: ask the upstream servers.
    case forward
}

/// The names of a project's containers, by network.
///
/// A pure value. A container sees the names of the networks that it is connected to: its service's and container's names and
/// aliases, each also with the network's name behind a dot.
package struct DNSZone: Hashable, Sendable {
    private struct Network: Hashable, Sendable {
        /// In the order of adding; a name shared by replicas has several.
        var places: [String: [Place]] = [:]
        var containers: [IPv4Address: Named] = [:]
        var addresses6: [IPv6Address: IPv4Address] = [:]
    }

    /// A container's place, and what it is called there.
    private struct Named: Hashable, Sendable {
        let place: Place
        let names: [String]
    }

    /// Where a container is in a network.
    private struct Place: Hashable, Sendable {
        let address: IPv4Address
        let address6: IPv6Address?
    }

    private var networks: [String: Network] = [:]

    package init() {}

    /// A container is up in a network under these names; the first is the answer to PTR questions. Former names of the
    /// address are forgotten.
    package mutating func add(
        _ names: [String], at address: IPv4Address, _ address6: IPv6Address? = nil, network: String
    ) {
        remove(address, network: network)
        let place = Place(address: address, address6: address6)
        var keys: [String] = []
        for key in names.compactMap({ DNSName($0)?.key }) where !keys.contains(key) { keys.append(key) }
        for key in keys { networks[network, default: Network()].places[key, default: []].append(place) }
        networks[network, default: Network()].containers[address] = Named(place: place, names: keys)
        if let address6 { networks[network]?.addresses6[address6] = address }
    }

    /// A container is gone from a network.
    package mutating func remove(_ address: IPv4Address, network: String) {
        guard let gone = networks[network]?.containers.removeValue(forKey: address) else { return }
        if let address6 = gone.place.address6 { networks[network]?.addresses6[address6] = nil }
        for name in gone.names {
            networks[network]?.places[name]?.removeAll { $0 == gone.place }
            if networks[network]?.places[name]?.isEmpty == true { networks[network]?.places[name] = nil }
        }
        if networks[network]?.containers.isEmpty == true { networks[network] = nil }
    }

    /// The answer for a container in these networks; the first network that knows the name counts. Addresses are shuffled.
    package func answer(
        _ question: DNSMessage.Question, in connected: [String], using random: inout some RandomNumberGenerator
    ) -> DNSAnswer {
        guard question.class == 1 else { return .forward }
        if let address = question.name.reverseAddress {
            return reverse(question, in: connected) { $0.containers[address] }
        }
        if let address = question.name.reverseAddress6 {
            return reverse(question, in: connected) { network in
                network.addresses6[address].flatMap { network.containers[$0] }
            }
        }
        guard let places = places(question.name, in: connected)?.shuffled(using: &random) else { return .forward }
        switch question.type {
        case DNSMessage.RecordType.any: return .minimal
        case DNSMessage.RecordType.a: return .addresses(places.map(\.address))
        case DNSMessage.RecordType.aaaa:
            let addresses = places.compactMap(\.address6)
            return addresses.isEmpty ? .empty : .addresses6(addresses)
        default: return .empty
        }
    }

    private func reverse(
        _ question: DNSMessage.Question, in connected: [String], _ container: (Network) -> Named?
    ) -> DNSAnswer {
        for network in connected {
            guard let name = networks[network].flatMap(container)?.names.first else { continue }
            if question.type == DNSMessage.RecordType.any { return .minimal }
            guard question.type == DNSMessage.RecordType.ptr else { return .empty }
            return (DNSName("\(name).\(network)") ?? DNSName(name)).map { .pointer($0) } ?? .empty
        }
        return .forward
    }

    private func places(_ name: DNSName, in connected: [String]) -> [Place]? {
        for network in connected {
            if let places = networks[network]?.places[name.key] { return places }
        }
        for network in connected {
            guard let suffix = DNSName(network)?.key, name.key.hasSuffix(".\(suffix)") else { continue }
            let bare = String(name.key.dropLast(suffix.count + 1))
            if let places = networks[network]?.places[bare] { return places }
        }
        return nil
    }
}

extension DNSMessage {
    /// How many seconds an answer may be kept: names come and go with their containers.
    package static let ttl: UInt32 = 5

    /// The response that carries an answer of the zone; nil for `.forward`.
    package func response(to question: Question, _ answer: DNSAnswer) -> DNSMessage? {
        switch answer {
        case .forward: return nil
        case .empty: return response(.noError)
        case .minimal:
            let data = [7] + Array("RFC8482".utf8) + [0]
            return response(
                .noError, [Record(question.name, type: RecordType.hinfo, ttl: DNSMessage.ttl, data: data)])
        case .addresses(let addresses):
            return response(
                .noError,
                // More would not fit into a message of 64 KiB.
                addresses.prefix(4000).map {
                    Record(question.name, type: RecordType.a, ttl: DNSMessage.ttl, data: $0.bytes)
                })
        case .addresses6(let addresses):
            return response(
                .noError,
                // More would not fit into a message of 64 KiB.
                addresses.prefix(2000).map {
                    Record(question.name, type: RecordType.aaaa, ttl: DNSMessage.ttl, data: $0.bytes)
                })
        case .pointer(let name):
            var data: [UInt8] = []
            data.append(name: name)
            return response(.noError, [Record(question.name, type: RecordType.ptr, ttl: DNSMessage.ttl, data: data)])
        }
    }
}
