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
    /// SRV records, in this order, with the addresses of their targets.
    case services([Service])
    /// The name would be one of ours and is not there: NXDOMAIN, and never asked elsewhere.
    case missing
    /// The name exists, and who asks for everything gets next to nothing (RFC 8482, section 4.2).
    case minimal
    /// The name exists and has no record of the type: NOERROR without an answer, and never asked elsewhere.
    case empty
    /// Not ours: ask the upstream servers.
    case forward

    /// Where a service is served (RFC 2782).
    package struct Service: Hashable, Sendable {
        package var target: DNSName
        package var port: UInt16
        package var place: DNSZone.Place
    }
}

/// The names of a project's containers, by network.
///
/// A pure value. A container sees the names of the networks that it is connected to: its service's and container's names and
/// aliases, each also with the network's name behind a dot, and each with a port's name in front (`_http._tcp.web`).
package struct DNSZone: Hashable, Sendable {
    private struct Network: Hashable, Sendable {
        /// In the order of adding; a name shared by replicas has several.
        var places: [String: [Place]] = [:]
        var containers: [Place: Named] = [:]
        var addresses: [IPv4Address: Place] = [:]
        var addresses6: [IPv6Address: Place] = [:]
    }

    /// What a container is called in a network.
    private struct Named: Hashable, Sendable {
        let names: [String]
        let ports: [ServicePort]
    }

    /// Where a container is in a network: by IPv4, IPv6 or both.
    package struct Place: Hashable, Sendable {
        package var address: IPv4Address?
        package var address6: IPv6Address?

        package init(_ address: IPv4Address?, _ address6: IPv6Address? = nil) {
            (self.address, self.address6) = (address, address6)
        }
    }

    private var networks: [String: Network] = [:]

    package init() {}

    /// A container is up in a network under these names; the first is the answer to PTR questions. Former names of the
    /// address are forgotten.
    package mutating func add(_ names: [String], at place: Place, ports: [ServicePort] = [], network: String) {
        for case let former? in [
            place.address.flatMap { networks[network]?.addresses[$0] },
            place.address6.flatMap { networks[network]?.addresses6[$0] },
        ] { remove(former, network: network) }
        var keys: [String] = []
        for key in names.compactMap({ DNSName($0)?.key }) where !keys.contains(key) { keys.append(key) }
        for key in keys { networks[network, default: Network()].places[key, default: []].append(place) }
        networks[network, default: Network()].containers[place] = Named(names: keys, ports: ports)
        if let address = place.address { networks[network]?.addresses[address] = place }
        if let address6 = place.address6 { networks[network]?.addresses6[address6] = place }
    }

    /// A container is gone from a network.
    package mutating func remove(_ place: Place, network: String) {
        guard let gone = networks[network]?.containers.removeValue(forKey: place) else { return }
        if let address = place.address { networks[network]?.addresses[address] = nil }
        if let address6 = place.address6 { networks[network]?.addresses6[address6] = nil }
        for name in gone.names {
            networks[network]?.places[name]?.removeAll { $0 == place }
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
            return reverse(question, in: connected) { $0.addresses[address] }
        }
        if let address = question.name.reverseAddress6 {
            return reverse(question, in: connected) { $0.addresses6[address] }
        }
        guard let (places, _) = places(question.name, in: connected) else {
            return services(question, in: connected, using: &random) ?? .forward
        }
        let shuffled = places.shuffled(using: &random)
        switch question.type {
        case DNSMessage.RecordType.any: return .minimal
        case DNSMessage.RecordType.a:
            let addresses = shuffled.compactMap(\.address)
            return addresses.isEmpty ? .empty : .addresses(addresses)
        case DNSMessage.RecordType.aaaa:
            let addresses = shuffled.compactMap(\.address6)
            return addresses.isEmpty ? .empty : .addresses6(addresses)
        default: return .empty
        }
    }

    private func reverse(
        _ question: DNSMessage.Question, in connected: [String], _ place: (Network) -> Place?
    ) -> DNSAnswer {
        for network in connected {
            guard let known = networks[network], let name = place(known).flatMap({ known.containers[$0] })?.names.first
            else { continue }
            if question.type == DNSMessage.RecordType.any { return .minimal }
            guard question.type == DNSMessage.RecordType.ptr else { return .empty }
            return (DNSName("\(name).\(network)") ?? DNSName(name)).map { .pointer($0) } ?? .empty
        }
        return .forward
    }

    /// The answer to a question about `_SERVICE._TRANSPORT.NAME`; nil where the name is none of ours.
    private func services(
        _ question: DNSMessage.Question, in connected: [String], using random: inout some RandomNumberGenerator
    ) -> DNSAnswer? {
        let labels = question.name.labels
        guard labels.count > 2, labels[0].first == UInt8(ascii: "_"), labels[1].first == UInt8(ascii: "_"),
            let (places, network) = DNSName(labels: Array(labels[2...])).flatMap({ self.places($0, in: connected) })
        else { return nil }
        let words = question.name.key.split(separator: ".", maxSplits: 2).map(String.init)
        let services = places.shuffled(using: &random).flatMap { place -> [DNSAnswer.Service] in
            guard let named = networks[network]?.containers[place], let name = named.names.first,
                let target = DNSName("\(name).\(network)") ?? DNSName(name)
            else { return [] }
            return named.ports.filter { $0.answers(words[0], words[1]) }.map {
                DNSAnswer.Service(target: target, port: $0.number, place: place)
            }
        }
        if services.isEmpty { return .missing }
        switch question.type {
        case DNSMessage.RecordType.any: return .minimal
        case DNSMessage.RecordType.srv: return .services(services)
        default: return .empty
        }
    }

    /// Who has a name, and on which network.
    private func places(_ name: DNSName, in connected: [String]) -> ([Place], String)? {
        for network in connected {
            if let places = networks[network]?.places[name.key] { return (places, network) }
        }
        for network in connected {
            guard let suffix = DNSName(network)?.key, name.key.hasSuffix(".\(suffix)") else { continue }
            let bare = String(name.key.dropLast(suffix.count + 1))
            if let places = networks[network]?.places[bare] { return (places, network) }
        }
        return nil
    }
}
