// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What a question is answered with.
package enum DNSAnswer: Hashable, Sendable {
    /// A records, in this order.
    case addresses([IPv4Address])
    /// A PTR record.
    case pointer(DNSName)
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
        var addresses: [String: [IPv4Address]] = [:]
        var names: [IPv4Address: [String]] = [:]
    }

    private var networks: [String: Network] = [:]

    package init() {}

    /// A container is up in a network under these names; the first is the answer to PTR questions. Former names of the
    /// address are forgotten.
    package mutating func add(_ names: [String], at address: IPv4Address, network: String) {
        remove(address, network: network)
        var keys: [String] = []
        for key in names.compactMap({ DNSName($0)?.key }) where !keys.contains(key) { keys.append(key) }
        for key in keys { networks[network, default: Network()].addresses[key, default: []].append(address) }
        networks[network, default: Network()].names[address] = keys
    }

    /// A container is gone from a network.
    package mutating func remove(_ address: IPv4Address, network: String) {
        guard let names = networks[network]?.names.removeValue(forKey: address) else { return }
        for name in names {
            networks[network]?.addresses[name]?.removeAll { $0 == address }
            if networks[network]?.addresses[name]?.isEmpty == true { networks[network]?.addresses[name] = nil }
        }
        if networks[network]?.names.isEmpty == true { networks[network] = nil }
    }

    /// The answer for a container in these networks; the first network that knows the name counts. Addresses are shuffled.
    package func answer(
        _ question: DNSMessage.Question, in connected: [String], using random: inout some RandomNumberGenerator
    ) -> DNSAnswer {
        guard question.class == 1 else { return .forward }
        if let address = question.name.reverseAddress {
            for network in connected {
                guard let name = networks[network]?.names[address]?.first else { continue }
                guard question.type == DNSMessage.RecordType.ptr else { return .empty }
                return (DNSName("\(name).\(network)") ?? DNSName(name)).map { .pointer($0) } ?? .empty
            }
            return .forward
        }
        guard let addresses = addresses(question.name, in: connected) else { return .forward }
        let types = [DNSMessage.RecordType.a, DNSMessage.RecordType.any]
        return types.contains(question.type) ? .addresses(addresses.shuffled(using: &random)) : .empty
    }

    private func addresses(_ name: DNSName, in connected: [String]) -> [IPv4Address]? {
        for network in connected {
            if let addresses = networks[network]?.addresses[name.key] { return addresses }
        }
        for network in connected {
            guard let suffix = DNSName(network)?.key, name.key.hasSuffix(".\(suffix)") else { continue }
            let bare = String(name.key.dropLast(suffix.count + 1))
            if let addresses = networks[network]?.addresses[bare] { return addresses }
        }
        return nil
    }
}

extension DNSMessage {
    /// How long an answer may be kept: as Docker's.
    package static let ttl: UInt32 = 600

    /// The response that carries an answer of the zone; nil for `.forward`.
    package func response(to question: Question, _ answer: DNSAnswer) -> DNSMessage? {
        switch answer {
        case .forward: return nil
        case .empty: return response(.noError)
        case .addresses(let addresses):
            return response(
                .noError,
                // More would not fit into a message of 64 KiB.
                addresses.prefix(4000).map {
                    Record(question.name, type: RecordType.a, ttl: DNSMessage.ttl, data: $0.bytes)
                })
        case .pointer(let name):
            var data: [UInt8] = []
            data.append(name: name)
            return response(.noError, [Record(question.name, type: RecordType.ptr, ttl: DNSMessage.ttl, data: data)])
        }
    }
}
