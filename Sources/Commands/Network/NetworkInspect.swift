// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Linux
import Networking
import Runtime
import Supervisor

struct NetworkInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Print what is known of networks, as JSON or as a template says.")

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp(
            "json, on one line, or a template such as '{{range .IPAM.Config}}{{.Subnet}}{{end}}'.",
            valueName: "FORMAT"))
    var format: String?
    @Argument(help: ArgumentHelp("Names.", valueName: "NETWORK"), completion: .networks)
    var networks: [String]

    func validate() throws { try InspectTemplate(format).check() }

    /// As docker names the fields.
    private struct Row: Encodable {
        struct Subnet: Encodable {
            let Subnet: String
            let Gateway: String
            let IPRange: String?
        }
        struct AddressManagement: Encodable {
            let Driver = "default"
            let Config: [Subnet]
        }
        struct Member: Encodable {
            let Name: String
            let IPv4Address: String
            let IPv6Address: String
            let Aliases: [String]
        }
        let Name: String
        let Created: String
        let Scope = "local"
        let Driver: String
        /// The link on the host; of macvlan and ipvlan the parent.
        let Bridge: String?
        let Parent: String?
        let Project: String
        let EnableIPv4: Bool
        let EnableIPv6: Bool
        let IPAM: AddressManagement
        let Internal: Bool
        let Containers: [String: Member]
        let Labels: [String: String]
    }

    func run() throws {
        let roots = Roots.fromEnvironment()
        let store = NetworkStore(roots)
        let names = Dictionary(
            try ProjectPaths.all(roots).flatMap { try RecordStore($0).load().records }.map { ($0.id, $0.name) }
        ) { first, _ in first }
        let rows = try networks.map { name -> Row in
            guard let network = try store.record(name) else { throw Failure("no such network: \(name)") }
            var subnets: [Row.Subnet] = []
            if let subnet = network.subnet, let gateway = network.gateway {
                subnets.append(
                    Row.Subnet(
                        Subnet: "\(subnet)", Gateway: "\(gateway)", IPRange: network.range.map { "\($0)" }))
            }
            if let subnet = network.subnet6, let gateway = network.gateway6 {
                subnets.append(Row.Subnet(Subnet: "\(subnet)", Gateway: "\(gateway)", IPRange: nil))
            }
            let members = try store.leases(name).map { lease in
                (
                    lease.container,
                    Row.Member(
                        Name: names[lease.container] ?? "",
                        IPv4Address: lease.address.map { "\($0)/\(network.subnet?.length ?? 0)" } ?? "",
                        IPv6Address: lease.address6.map { "\($0)/\(network.subnet6?.length ?? 64)" } ?? "",
                        Aliases: lease.names)
                )
            }
            return Row(
                Name: name, Created: timestamp(network.created), Driver: network.driver, Bridge: network.bridge,
                Parent: network.parent?.name, Project: network.project, EnableIPv4: network.subnet != nil,
                EnableIPv6: network.subnet6 != nil, IPAM: Row.AddressManagement(Config: subnets),
                Internal: network.isInternal, Containers: Dictionary(members) { first, _ in first },
                Labels: network.labels)
        }
        Output.standardOutput(try InspectTemplate(format).text(rows))
    }
}
