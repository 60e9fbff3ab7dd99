// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Linux
import Reconciler
import Runtime
import Supervisor

struct Port: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "port", abstract: "Print where on the host a service's port is served.")

    @Option(name: .customLong("protocol"), help: ArgumentHelp("tcp, udp or sctp.", valueName: "PROTOCOL"))
    var transport = "tcp"
    @Option(help: ArgumentHelp("The replica's number.", valueName: "NUMBER"))
    var index = 1
    @Argument(help: ArgumentHelp("The service.", valueName: "SERVICE"), completion: .services)
    var service: String
    @Argument(help: ArgumentHelp("The port in the container; without it, every published one.", valueName: "PORT"))
    var port: Int?

    func run() throws {
        let context = Context(Trice.global)
        let records = try RecordStore(try context.paths()).chosen([service], context, ContainerOutline.self)
        guard let port else {
            for bound in records.filter({ $0.config.number == index && $0.isActive }).flatMap(\.state.ports) {
                Output.line("\(bound.target)/\(bound.transport) -> \(bound.host)")
            }
            return
        }
        let found = records.filter { $0.config.number == index && $0.isActive }.flatMap(\.state.ports)
            .filter { $0.target == port && $0.transport == transport }
        if found.isEmpty,
            records.contains(where: { record in
                record.config.number == index
                    && PsRow(record).Publishers.contains { $0.TargetPort == port && $0.Protocol == transport }
            })
        {
            // Exposed and not published, as docker compose says it.
            return Output.line(":0")
        }
        guard let bound = found.first else {
            throw Failure(
                "no port \(port)/\(transport) for container \(context.global.projectName.map { "\($0)-" } ?? "")\(service)-\(index)"
            )
        }
        Output.line(bound.host)
    }
}

struct Ls: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List the projects of this host.")

    @Flag(name: [.short, .long], help: "Stopped ones, too.")
    var all = false
    @Flag(name: [.short, .long], help: "Only the names.")
    var quiet = false
    @Option(help: ArgumentHelp("table or json.", valueName: "FORMAT"))
    var format: ListFormat = .table
    @Option(help: ArgumentHelp("Only what matches: name=PATTERN, a regular expression.", valueName: "FILTER"))
    var filter: [String] = []

    func validate() throws {
        for text in filter {
            guard text.hasPrefix("name=") else { throw ValidationError("--filter \(text): only name=PATTERN is known") }
            do { _ = try Regex(String(text.dropFirst(5))) } catch {
                throw ValidationError("--filter \(text): \(error)")
            }
        }
    }

    private struct Row: Encodable {
        let Name: String
        let Status: String
        let ConfigFiles: String
    }

    func run() throws {
        let roots = Roots.fromEnvironment()
        let directory = "\(roots.root)/projects"
        let patterns = try filter.map { try Regex(String($0.dropFirst(5))) }
        var rows: [Row] = []
        for name in exists(directory) ? try listDirectory(directory) : [] {
            guard patterns.allSatisfy({ name.firstMatch(of: $0) != nil }) else { continue }
            let records = try RecordStore(ProjectPaths(roots, project: name)).current(ContainerOutline.self).filter {
                !$0.state.reconciled.isOneOff
            }
            let words = Dictionary(grouping: records.map(\.stateWord)) { $0 }.mapValues(\.count)
            if records.isEmpty || (!all && words["running"] == nil) { continue }
            let status = words.sorted { $0.key < $1.key }.map { "\($0.key)(\($0.value))" }.joined(separator: ", ")
            rows.append(
                Row(Name: name, Status: status, ConfigFiles: records[0].config.configFiles.joined(separator: ",")))
        }
        if quiet { return rows.forEach { Output.line($0.Name) } }
        switch format {
        case .json: Output.line(String(decoding: try encodeJSON(rows), as: UTF8.self))
        case .table:
            var table = Table("NAME", "STATUS", "CONFIG FILES")
            for row in rows { table.add(row.Name, row.Status, row.ConfigFiles) }
            Output.standardOutput(table.text)
        }
    }
}
