// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Linux
import Reconciler
import Runtime
import Supervisor

struct Port: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print where on the host a service's port is served.")

    @Option(name: .customLong("protocol"), help: ArgumentHelp("tcp or udp.", valueName: "PROTOCOL"))
    var transport = "tcp"
    @Option(help: ArgumentHelp("The replica's number.", valueName: "NUMBER"))
    var index = 1
    @Argument(help: ArgumentHelp("The service.", valueName: "SERVICE"))
    var service: String
    @Argument(help: ArgumentHelp("The port in the container.", valueName: "PORT"))
    var port: Int

    func run() throws {
        let context = Context(Trice.global)
        let records = try RecordStore(try context.paths()).chosen([service], context)
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
        guard !found.isEmpty else {
            throw Failure(
                "no port \(port)/\(transport) for container \(context.global.projectName.map { "\($0)-" } ?? "")\(service)-\(index)"
            )
        }
        for bound in found { Output.line("\(bound.hostIP):\(bound.published)") }
    }
}

struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what happens to the stack's containers, as it happens.")

    @Flag(help: "One JSON object a line.")
    var json = false
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"))
    var services: [String] = []

    /// As docker compose names the fields.
    private struct Line: Encodable {
        let action: String
        let attributes: [String: String]
        let id: String
        let service: String
        let time: String
        let type: String
    }

    func run() throws {
        let paths = try Context(Trice.global).paths()
        while true {
            // A supervisor stays while somebody listens.
            let client = try SupervisorClient.start(paths)
            try client.send(.events)
            while let (reply, _) = try client.next() {
                guard case .event(let event) = reply, event.kind == .container else { continue }
                if services.isEmpty || services.contains(event.service) { try show(event) }
            }
        }
    }

    private func show(_ event: Event) throws {
        var attributes = ["name": event.name]
        attributes["image"] = event.image
        attributes["exitCode"] = event.exitCode.map(String.init)
        let time = timestamp(event.time)
        if json {
            let line = Line(
                action: event.action.rawValue, attributes: attributes, id: event.id, service: event.service, time: time,
                type: "container")
            Output.line(String(decoding: try encodeJSON(line), as: UTF8.self))
        } else {
            let list = attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
            Output.line("\(time) container \(event.action.rawValue) \(event.id) (\(list))")
        }
    }
}

struct Ls: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the projects of this host.")

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
            let records = try RecordStore(ProjectPaths(roots, project: name)).current().filter {
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
