// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Images
import Linux
import Reconciler
import Runtime
import Supervisor

struct Ps: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ps", abstract: "List the stack's containers.")

    @Flag(name: [.short, .long], help: "Stopped ones, too.")
    var all = false
    @Flag(name: [.short, .long], help: "Only the containers' ids.")
    var quiet = false
    @Flag(help: "Only the services' names.")
    var services = false
    @Option(help: ArgumentHelp("table, json, or a template such as '{{.Service}}={{.State}}'.", valueName: "FORMAT"))
    var format = "table"
    @Option(help: ArgumentHelp("Only what matches: status=STATE.", valueName: "FILTER"))
    var filter: [String] = []
    @Option(
        help: ArgumentHelp(
            "Only containers in this state: created, running, paused, restarting, exited.", valueName: "STATE"))
    var status: [String] = []
    @Flag(help: "Do not shorten.")
    var noTrunc = false
    @Flag(inversion: .prefixedNo, help: "Containers of services that are no longer in the file.")
    var orphans = true
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var names: [String] = []

    func validate() throws {
        for text in filter where !text.hasPrefix("status=") {
            throw ValidationError("--filter \(text): only status=STATE is known")
        }
        for state in states
        where !["created", "running", "paused", "restarting", "exited", "removing", "dead"].contains(state) {
            throw ValidationError("\(state) is no state of a container")
        }
        _ = try ListTemplate(format)
    }

    private var states: [String] { status + filter.map { String($0.dropFirst("status=".count)) } }

    func run() throws {
        let context = Context(Trice.global)
        var records = try RecordStore(try context.paths()).chosen(names, context, ContainerOutline.self).filter(
            isWanted)
        if !orphans, let project = try context.projectIfThere() {
            let known = Set((project.services + project.disabledServices).map(\.name))
            records.removeAll { !known.contains($0.config.service) }
        }
        if quiet { return records.forEach { Output.line($0.id) } }
        if services {
            var seen = Set<String>()
            return records.forEach { if seen.insert($0.config.service).inserted { Output.line($0.config.service) } }
        }
        switch format {
        case "json":
            for record in records { Output.line(String(decoding: try encodeJSON(PsRow(record)), as: UTF8.self)) }
        case "table": Output.standardOutput(table(records))
        default: Output.standardOutput(try ListTemplate(format).text(records.map { PsRow($0).fields }))
        }
    }

    private func isWanted(_ record: ContainerOutline) -> Bool {
        let state = record.stateWord
        if !states.isEmpty { return states.contains(state) }
        return all || ["running", "paused", "restarting"].contains(state)
    }

    private func table(_ records: [ContainerOutline]) -> String {
        var table = Table("NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS")
        for record in records {
            let row = PsRow(record)
            let command = noTrunc || row.Command.count <= 22 ? row.Command : "\(row.Command.prefix(20))…\""
            table.add(row.Name, row.Image, command, row.Service, row.RunningFor, row.Status, row.Ports)
        }
        return table.text
    }
}

/// A container as docker compose's `ps --format json` names its fields.
struct PsRow: Encodable {
    struct Publisher: Encodable {
        let URL: String
        let TargetPort: Int
        let PublishedPort: Int
        let `Protocol`: String
    }

    let ID: String
    let Name: String
    let Names: String
    let Command: String
    let Project: String
    let Service: String
    let Image: String
    let Created: UInt64
    let CreatedAt: String
    let RunningFor: String
    let State: String
    let Status: String
    let Health: String
    let ExitCode: Int32
    let Labels: String
    let Networks: String
    let Ports: String
    let Publishers: [Publisher]

    init(_ record: ContainerOutline) {
        let config = record.config, state = record.state.reconciled
        let word = record.stateWord
        let isRunning = word == "running" || word == "paused"
        ID = config.id
        (Name, Names, Project, Service, Image) = (
            config.name, config.name, config.project, config.service, config.image
        )
        let arguments =
            (config.definition.entrypoint ?? config.imageConfig.entrypoint ?? [])
            + (config.definition.command ?? (config.definition.entrypoint == nil ? config.imageConfig.cmd : nil) ?? [])
        Command = "\"\(arguments.joined(separator: " "))\""
        Created = config.created / 1_000_000_000
        CreatedAt =
            String(timestamp(config.created).prefix(19)).split(separator: "T").joined(separator: " ") + " +0000 UTC"
        RunningFor = Age.text(since: config.created) + " ago"
        State = word
        ExitCode = word == "exited" || word == "restarting" ? state.exitCode : word == "created" ? state.exitCode : 0
        Health = isRunning && state.health != .none ? state.health.rawValue : ""
        switch word {
        case "running", "paused":
            let health =
                state.health == .none
                ? "" : state.health == .starting ? " (health: starting)" : " (\(state.health.rawValue))"
            Status = "Up \(Age.text(since: state.started))\(health)\(word == "paused" ? " (Paused)" : "")"
        case "exited":
            let cause = record.state.oomKilled ? " (out of memory)" : ""
            Status = "Exited (\(state.exitCode)) \(Age.text(since: state.finished)) ago\(cause)"
        case "restarting": Status = "Restarting (\(state.exitCode)) \(Age.text(since: state.finished)) ago"
        case "removing": Status = "Removal In Progress"
        default: Status = "Created"
        }
        Labels = config.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        Networks = record.state.addresses.map(\.network).joined(separator: ",")
        let ports = isRunning ? record.state.ports : []
        Ports = ports.map { "\($0.host)->\($0.target)/\($0.transport)" }.joined(separator: ", ")
        let published = ports.map {
            Publisher(URL: $0.hostIP, TargetPort: $0.target, PublishedPort: $0.published, Protocol: $0.transport)
        }
        Publishers = published + (isRunning ? PsRow.exposed(config, besides: ports) : [])
    }

    /// Ports that the service or its image declares and that are not published.
    private static func exposed(_ config: ContainerOutline.Config, besides ports: [BoundPort]) -> [Publisher] {
        var seen = Set(ports.map { "\($0.target)/\($0.transport)" })
        let declared = config.definition.expose + (config.imageConfig.exposedPorts?.keys.sorted() ?? [])
        return declared.flatMap { text -> [Publisher] in
            let parts = text.split(separator: "/")
            let transport = parts.count > 1 ? String(parts[1]) : "tcp"
            let ends = (parts.first ?? "").split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last, last < 65_536 else { return [] }
            return (first...last).filter { seen.insert("\($0)/\(transport)").inserted }
                .map { Publisher(URL: "", TargetPort: $0, PublishedPort: 0, Protocol: transport) }
        }
    }

    /// The fields that a template can name.
    var fields: [String: String] {
        [
            "ID": ID, "Name": Name, "Names": Names, "Command": Command, "Project": Project, "Service": Service,
            "Image": Image,
            "CreatedAt": CreatedAt, "RunningFor": RunningFor, "State": State, "Status": Status, "Health": Health,
            "ExitCode": String(ExitCode), "Labels": Labels, "Networks": Networks, "Ports": Ports,
        ]
    }
}

/// How long ago, as docker says it: `3 seconds`, `About a minute`, `2 hours`.
enum Age {
    static func text(since time: UInt64) -> String {
        let now = realTime()
        let seconds = now > time ? Int((now - time) / 1_000_000_000) : 0
        switch seconds {
        case ..<1: return "Less than a second"
        case 1: return "1 second"
        case ..<60: return "\(seconds) seconds"
        case ..<120: return "About a minute"
        case ..<3600: return "\(seconds / 60) minutes"
        case ..<7200: return "About an hour"
        case ..<172_800: return "\(seconds / 3600) hours"
        default: return "\(seconds / 86400) days"
        }
    }
}
