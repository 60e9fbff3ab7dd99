// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Linux
import Networking
import Testing

/// Who reaches whom, by TCP, UDP and ICMP, by IPv4 and IPv6, is what the file declares and nothing else.
@Suite(.serialized) struct ReachabilityTests {
    private static let port: UInt16 = 7777

    @Test func `in generated projects`() throws {
        try Sandbox.run("reach") { box in
            let outside = try RoutedHost(box)
            for seed in UInt64(1)...30 {
                let project = GeneratedProject(seed: seed, port: ReachabilityTests.port)
                try box.write(project.text)
                let up = box.trice("up", "-d")
                #expect(up.status == 0, "\(project.text)\n\(up)")
                #expect(box.trice("ps", "-q").lines.count == project.serviceCount)
                let wrong = try Matrix(box, outside).wrong(published: ReachabilityTests.port)
                #expect(wrong.isEmpty, "\(project.text)\n\(wrong.joined(separator: "\n"))")
                #expect(box.trice("down", "-t", "0").status == 0)
            }
        }
    }

    @Test(arguments: ["webshop": ["nginx", "redis", "postgres"], "fixtures": ["postgres", "redis"]])
    func `in the examples`(example: String, images: [String]) throws {
        try Sandbox.run(example) { box in
            try ExampleTests.prepare(example, images, in: box)
            let outside = try RoutedHost(box)
            let up = box.trice("up", "-d", environment: ["PORT": "0"])
            #expect(up.status == 0, "\(up)")
            let wrong = try Matrix(box, outside).wrong(published: nil)
            #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
        }
    }
}

/// The project that is up, with a station of probes in each of its services, on the host, and outside.
private struct Matrix {
    private struct Inspected: Decodable {
        struct Management: Decodable {
            struct Subnet: Decodable { let Gateway: String }
            let Config: [Subnet]
        }
        struct Member: Decodable {
            let IPv4Address: String
            let IPv6Address: String
        }
        let IPAM: Management
        let Containers: [String: Member]
    }

    private var project: DeclaredProject
    private let prober: Prober
    private let box: Sandbox
    private var stations: [String: Int] = [:]
    private let host: Int
    private let other: Int
    private let outside: RoutedHost
    /// By service and key of the network.
    private var addresses: [String: [String: [SocketAddress.Host]]] = [:]
    private var gateways: [String: [SocketAddress.Host]] = [:]
    private let services: [String: String]

    init(_ box: Sandbox, _ outside: RoutedHost) throws {
        (self.box, self.outside) = (box, outside)
        project = try DeclaredProject(config: box.trice("config", "--format", "json").out)
        prober = try Prober()
        host = try prober.addStation(pid: getpid(), port: 0)
        other = try prober.addStation(pid: outside.process.processIdentifier, port: 0)
        struct Row: Decodable { let ID, Service: String }
        let rows = box.trice("ps", "--no-trunc", "--format", "json").out.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Row.self, from: Data($0.utf8))
        }
        services = Dictionary(uniqueKeysWithValues: rows.map { ($0.ID, $0.Service) })
        project.keep(Set(services.values))
        for row in rows where project.owner(of: row.Service) == row.Service && !project.isHost(row.Service) {
            struct State: Decodable {
                struct Identity: Decodable { let pid: Int32 }
                let process: Identity
            }
            let path = "\(box.directory)/root/projects/\(project.name)/containers/\(row.ID)/state.json"
            let state = try JSONDecoder().decode(State.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            stations[row.Service] = try prober.addStation(pid: state.process.pid, port: 7777)
        }
        for service in project.services.keys where stations[service] == nil {
            stations[service] = project.isHost(service) ? host : stations[project.owner(of: service)]
        }
        for (key, network) in project.networks ?? [:] {
            let inspected = box.trice("network", "inspect", network.name)
            guard inspected.status == 0 else { continue }  // Nobody is on it.
            let found = try JSONDecoder().decode([Inspected].self, from: Data(inspected.out.utf8))[0]
            gateways[key] = found.IPAM.Config.compactMap { SocketAddress.Host($0.Gateway) }
            #expect(gateways[key]?.count == (project.hasIPv6(key) ? 2 : 1), "\(inspected)")
            for (id, member) in found.Containers {
                guard let service = services[id] else { continue }
                let texts = [member.IPv4Address, member.IPv6Address].map { String($0.prefix { $0 != "/" }) }
                addresses[service, default: [:]][key] = texts.compactMap { SocketAddress.Host($0) }
            }
        }
    }

    /// Every probe with who should answer it; nil: nobody.
    private func expectations(published port: UInt16?) throws -> [Prober.Probe: Int?] {
        var expected: [Prober.Probe: Int?] = [:]
        func expect(
            _ source: Int, _ target: SocketAddress.Host, at station: Int, _ transports: [Prober.Transport],
            port: UInt16?, _ isReached: Bool
        ) {
            for transport in transports {
                let number = port ?? prober.port(of: station, transport, ipv6: target.isIPv6)
                let probe = Prober.Probe(
                    source: source, transport: transport,
                    target: SocketAddress(target, port: transport == .icmp ? 0 : number))
                let answers = transport == .icmp ? 255 : station
                // A service of the host's network speaks for the host, whatever other service says of it.
                expected[probe] = isReached ? answers : expected[probe] ?? nil
            }
        }
        let all = Prober.Transport.allCases
        for (source, station) in stations {
            for (target, networks) in addresses {
                for (network, addresses) in networks {
                    for address in addresses {
                        expect(
                            station, address, at: stations[target]!, all, port: 7777,
                            project.reaches(source, target, on: network))
                    }
                }
            }
            for address in gateways.filter({ project.networks(of: source).contains($0.key) }).values.flatMap({ $0 }) {
                expect(station, address, at: host, all, port: nil, true)
            }
            for address in outside.addresses {
                expect(
                    station, address, at: other, all, port: nil, project.reachesOutside(source, ipv6: address.isIPv6))
            }
        }
        for (target, networks) in addresses {
            for address in networks.values.flatMap({ $0 }) {
                expect(other, address, at: stations[target]!, all, port: 7777, false)
                expect(host, address, at: stations[target]!, all, port: 7777, true)
            }
        }
        guard port != nil else { return expected }
        // Published ports: from outside, from the host and by its loopback, from each service, the one that publishes too.
        for (service, definition) in project.services where definition.ports?.isEmpty == false {
            guard project.reachesOutside(service, ipv6: false) else { continue }
            for transport in [Prober.Transport.tcp, .udp] {
                let shown = box.trice("port", "--protocol", transport.rawValue, service, "7777").out
                let number = try #require(UInt16(shown.split(separator: ":").last?.dropLast(1) ?? ""), "\(shown)")
                // By IPv6 also to a container that has none, through the host's proxy.
                for address in outside.hostAddresses {
                    for (source, station) in stations
                    where project.reachesOutside(source, ipv6: address.isIPv6) {
                        expect(station, address, at: stations[service]!, [transport], port: number, true)
                    }
                    expect(other, address, at: stations[service]!, [transport], port: number, true)
                    expect(host, address, at: stations[service]!, [transport], port: number, true)
                }
                for address in [SocketAddress.Host("127.0.0.1")!, SocketAddress.Host("::1")!] {
                    expect(host, address, at: stations[service]!, [transport], port: number, true)
                }
            }
        }
        return expected
    }

    /// What is not as declared; empty where all is well.
    func wrong(published port: UInt16?) throws -> [String] {
        let expected = try expectations(published: port)
        let answers = try prober.run(Array(expected.keys)) { expected[$0]! != nil }
        let names = Dictionary(
            [(host, "host"), (other, "outside")] + stations.map { ($0.value, $0.key) },
            uniquingKeysWith: { first, _ in first })
        return expected.compactMap { probe, station in
            guard answers[probe] != station else { return nil }
            func name(_ station: Int?) -> String { station.map { names[$0] ?? "somebody" } ?? "nobody" }
            return
                "\(probe.transport) from \(name(probe.source)) to \(probe.target): \(name(answers[probe])) answers, it should be \(name(station))"
        }.sorted()
    }
}
