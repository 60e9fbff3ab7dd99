// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Linux
import Networking
import Runtime
import Supervisor

struct NetworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Work with networks, and with who is on them.",
        discussion: """
            EXAMPLES
              trice network create shared          for files that name it as external
              trice network connect shared shop-web-1 --alias shop
              trice network graph --format dot | dot -Tsvg >stack.svg
            """,
        subcommands: [
            NetworkList.self, NetworkCreate.self, NetworkInspect.self, NetworkRemove.self, NetworkPrune.self,
            NetworkConnect.self, NetworkDisconnect.self, NetworkGraphCommand.self,
        ])
}

struct NetworkList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the networks of this host.", aliases: ["list"])

    @Flag(name: [.short, .long], help: "Only the names.")
    var quiet = false
    @Option(help: ArgumentHelp("table, json, or a template such as '{{.Name}}'.", valueName: "FORMAT"))
    var format = "table"

    func validate() throws { _ = try ListTemplate(format) }

    func run() throws {
        let networks = try NetworkStore(Roots.fromEnvironment()).list()
        if quiet { return networks.forEach { Output.line($0.name) } }
        let rows = networks.map { network in
            [
                "Name": network.name, "Driver": network.driver, "Scope": "local",
                "Subnet": network.subnet?.description ?? network.subnet6?.description ?? "",

                "Project": network.project, "Internal": "\(network.isInternal)", "IPv6": "\(network.subnet6 != nil)",
                "CreatedAt": timestamp(network.created),
                "Labels": network.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    .joined(separator: ","),
            ]
        }
        let table = "table {{.Name}}\\t{{.Driver}}\\t{{.Scope}}\\t{{.Subnet}}\\t{{.Project}}"
        let template = format == "table" ? table : format == "json" ? "{{json .}}" : format
        Output.standardOutput(try ListTemplate(template).text(rows))
    }
}

struct NetworkCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a network, for files that name it as external.")

    @Option(name: [.short, .long], help: ArgumentHelp("bridge, macvlan or ipvlan.", valueName: "DRIVER"))
    var driver = "bridge"
    @Option(help: ArgumentHelp("A subnet such as 10.1.2.0/24; one of IPv6 beside it.", valueName: "SUBNET"))
    var subnet: [String] = []
    @Option(help: ArgumentHelp("The host's address in the subnet.", valueName: "ADDRESS"))
    var gateway: String?
    @Option(help: ArgumentHelp("The part of the subnet that containers get addresses from.", valueName: "RANGE"))
    var ipRange: String?
    @Flag(help: "With an IPv6 subnet.")
    var ipv6 = false
    @Flag(help: "Without a way out.")
    var `internal` = false
    @Option(
        name: [.short, .customLong("opt")],
        help: ArgumentHelp("An option of the driver; may be repeated.", valueName: "NAME=VALUE"))
    var options: [String] = []
    @Option(help: ArgumentHelp("Set a label; may be repeated.", valueName: "NAME=VALUE"))
    var label: [String] = []
    @Argument(help: ArgumentHelp("The name.", valueName: "NAME"))
    var name: String

    func validate() throws {
        guard name.first.map({ $0.isASCII && ($0.isLetter || $0.isNumber) }) ?? false,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) })
        else { throw ValidationError("\(name) is no name for a network: letters, digits, '_', '.' and '-'") }
        if (gateway != nil || ipRange != nil) && subnet.isEmpty {
            throw ValidationError("--gateway and --ip-range want a --subnet")
        }
    }

    func run() throws {
        var network = Network(key: name, name: name, location: nil)
        network.driver = driver
        network.isInternal = `internal`
        network.enableIPv6 = ipv6
        network.subnets = subnet.map { Network.Subnet(subnet: $0, gateway: nil) }
        if let first = network.subnets.firstIndex(where: { $0.subnet?.contains(":") == false }) {
            (network.subnets[first].gateway, network.subnets[first].ipRange) = (gateway, ipRange)
        }
        network.labels = label.map(Assignment.init).map { Label(name: $0.name, value: $0.value) }
        network.driverOptions = options.map(Assignment.init).map { KeyValue(name: $0.name, value: $0.value) }
        let administration = NetworkAdministration(Roots.fromEnvironment())
        try administration.checkCreation(of: network)
        try Effect.perform([Effect("create", .network, name)]) {
            try administration.create(network)
            Output.line(name)
        }
    }
}

struct NetworkRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove networks that no container is on.", aliases: ["remove"])

    @Argument(help: ArgumentHelp("Names.", valueName: "NETWORK"), completion: .networks)
    var networks: [String]

    func run() throws {
        let administration = NetworkAdministration(Roots.fromEnvironment())
        try Effect.perform(
            try networks.map { Effect("remove", .network, try administration.checkRemoval(of: $0).name) }
        ) {
            try administration.removeAndTell(networks)
        }
    }
}

struct NetworkPrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove all networks that no container is on.")

    @Flag(name: [.short, .long], help: "Accepted for docker's sake: trice never asks.")
    var force = false

    func run() throws { try NetworkPrune.prune(Roots.fromEnvironment()) }

    /// - Parameter prefix: goes before the name of each that is gone.
    static func prune(_ roots: Roots, saying prefix: String = "") throws {
        let store = NetworkStore(roots)
        let superfluous = try store.list().map(\.name).filter { try store.leases($0).isEmpty }
        try Effect.perform(superfluous.map { Effect("remove", .network, $0) }) {
            try NetworkAdministration(roots).removeAndTell(superfluous, prefix)
        }
    }
}

extension NetworkAdministration {
    /// Prints the names of those that are gone, and what keeps the others.
    ///
    /// - Throws: `ExitCode` 1 where any stays.
    fileprivate func removeAndTell(_ names: [String], _ prefix: String = "") throws {
        let failures = try remove(names)
        for name in names {
            if let failure = failures[name] {
                Output.standardError(Output.render(failure))
            } else {
                Output.line(prefix + name)
            }
        }
        if !failures.isEmpty { throw ExitCode(1) }
    }
}
