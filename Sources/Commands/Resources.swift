// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Images
import Linux
import Runtime
import Supervisor

/// `images`: what the stack's containers were made from.
struct Images: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "images", abstract: "List the images of the stack's containers.")

    @Flag(name: [.short, .long], help: "Only the ids.")
    var quiet = false
    @Option(help: ArgumentHelp("table or json.", valueName: "FORMAT"))
    var format: ListFormat = .table
    @Argument(help: ArgumentHelp("Only these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    /// As docker compose names the fields.
    private struct Row: Encodable {
        let ID: String
        let ContainerName: String
        let Repository: String
        let Tag: String
        let Platform: String
        let Size: Int64
        let Created: String
    }

    func run() throws {
        let context = Context(Trice.global)
        let records = try RecordStore(try context.paths()).chosen(services, context)
        let images = try ImageStore(root: context.roots.root).list()
        if quiet {
            for id in Set(records.map(\.config.imageID)).sorted() { Output.line(String(id.dropFirst(7))) }
            return
        }
        var rows: [Row] = []
        var table = Table("CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED")
        for record in records {
            let config = record.config
            // A name may have gone to another image since; the container's own is known by its id.
            let image = images.first { $0.id == config.imageID }
            let name = ImageName(config.image)
            let platform = "linux/\(hostArchitecture)"
            rows.append(
                Row(
                    ID: config.imageID, ContainerName: record.name, Repository: name.repository, Tag: name.tag,
                    Platform: platform, Size: image?.size ?? 0, Created: timestamp(image?.created ?? 0)))
            table.add(
                record.name, name.repository, name.tag, platform, String(config.imageID.dropFirst(7).prefix(12)),
                SizeText.text(image?.size ?? 0), image.map { "\(Age.text(since: $0.created)) ago" } ?? "")
        }
        switch format {
        case .json: Output.line(String(decoding: try encodeJSON(rows), as: UTF8.self))
        case .table: Output.standardOutput(table.text)
        }
    }
}

/// `volumes`: those of the stack that are there.
struct Volumes: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "volumes", abstract: "List the stack's volumes.")

    @Flag(name: [.short, .long], help: "Only the names.")
    var quiet = false
    @Option(help: ArgumentHelp("table, json, or a template such as '{{.Name}}'.", valueName: "FORMAT"))
    var format = "table"
    @Argument(help: ArgumentHelp("Only those of these services.", valueName: "SERVICE"), completion: .services)
    var services: [String] = []

    func validate() throws { _ = try ListTemplate(format) }

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let store = VolumeStore(context.roots)
        let used = try RecordStore(paths).chosen(services, context).flatMap { $0.config.volumes.values }
        let volumes = try store.list().filter { volume in
            used.contains(volume.name) || (services.isEmpty && volume.project == paths.project)
        }
        try VolumeList.show(volumes, of: store, quiet: quiet, format: format)
    }
}

enum ListFormat: String, ExpressibleByArgument, CaseIterable { case table, json }
