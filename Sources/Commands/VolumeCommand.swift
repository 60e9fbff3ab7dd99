// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Linux
import Runtime
import Supervisor

struct VolumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume", abstract: "Work with volumes.",
        subcommands: [
            VolumeList.self, VolumeCreate.self, VolumeInspect.self, VolumeRemove.self, VolumePrune.self,
            VolumeExport.self, VolumeImport.self,
        ])
}

struct VolumeList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the volumes of this host.", aliases: ["list"])

    @Flag(name: [.short, .long], help: "Only the names.")
    var quiet = false
    @Option(help: ArgumentHelp("table, json, or a template such as '{{.Name}}'.", valueName: "FORMAT"))
    var format = "table"

    func validate() throws { _ = try ListTemplate(format) }

    func run() throws {
        let store = VolumeStore(Roots.fromEnvironment())
        try VolumeList.show(store.list(), of: store, quiet: quiet, format: format)
    }

    static func show(_ volumes: [VolumeStore.Record], of store: VolumeStore, quiet: Bool, format: String) throws {
        if quiet { return volumes.forEach { Output.line($0.name) } }
        let rows = volumes.map { volume in
            [
                "Name": volume.name, "Driver": "local", "Mountpoint": store.data(volume.name), "Scope": "local",
                "Labels": volume.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    .joined(separator: ","),
            ]
        }
        let template =
            format == "table" ? "table {{.Driver}}\\t{{.Name}}" : format == "json" ? "{{json .}}" : format
        Output.standardOutput(try ListTemplate(template).text(rows, headings: ["Name": "VOLUME NAME"]))
    }
}

struct VolumeCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a volume, for files that name it as external.")

    @Option(help: ArgumentHelp("Set a label: NAME=VALUE; may be repeated.", valueName: "NAME=VALUE"))
    var label: [String] = []
    @Option(
        name: [.short, .customLong("opt")],
        help: ArgumentHelp("type, device or o, as for mount(8), or size; may be repeated.", valueName: "NAME=VALUE"))
    var options: [String] = []
    @Argument(help: ArgumentHelp("The name.", valueName: "NAME"))
    var name: String

    func validate() throws {
        if !VolumeCreate.isName(name) { throw ValidationError(VolumeCreate.noName(name)) }
        for option in pairs(options) where option.name != "size" && !VolumeFileSystem.served.contains(option.name) {
            throw ValidationError("option \(option.name) is not supported: type, device, o and size are")
        }
    }

    static func noName(_ name: String) -> String {
        "\(name) is no name for a volume: letters, digits, '_', '.' and '-'"
    }

    static func isName(_ name: String) -> Bool {
        name.utf8.count >= 2 && name.first?.isASCII == true
            && (name.first?.isLetter ?? false || name.first?.isNumber ?? false)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) }
    }

    private func pairs(_ texts: [String]) -> [(name: String, value: String)] {
        texts.map { text in
            let assignment = Assignment(text)
            return (assignment.name, assignment.value)
        }
    }

    func run() throws {
        let size = pairs(options).last { $0.name == "size" }?.value
        if let size, VolumeFileSystem(pairs(options)) != nil {
            throw Failure("option size=\(size) limits a directory of trice's own; with type, say it in o")
        }
        let record = VolumeStore.Record(
            name: name, project: "", key: "", labels: Dictionary(pairs(label).map { ($0.name, $0.value) }) { $1 },
            created: realTime(), mount: VolumeFileSystem(pairs(options)),
            size: try size.map { text throws(Failure) in try diskSize(text, "option size", at: nil) })
        let store = VolumeStore(Roots.fromEnvironment())
        try Effect.perform(store.exists(name) ? [] : [Effect("create", .volume, name)]) {
            try store.create(record)
            Output.line(name)
        }
    }
}

struct VolumeInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Print what is known of volumes, as JSON or as a template says.")

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("json, on one line, or a template such as '{{.Mountpoint}}'.", valueName: "FORMAT"))
    var format: String?
    @Argument(help: ArgumentHelp("Names.", valueName: "VOLUME"), completion: .volumes)
    var volumes: [String]

    func validate() throws { try InspectTemplate(format).check() }

    /// As docker names the fields.
    private struct Row: Encodable {
        let CreatedAt: String
        let Driver: String
        let Labels: [String: String]
        let Mountpoint: String
        let Name: String
        let Scope: String
    }

    func run() throws {
        let store = VolumeStore(Roots.fromEnvironment())
        let known = try store.list()
        let rows = try volumes.map { name in
            guard let volume = known.first(where: { $0.name == name }) else { throw Failure("no such volume: \(name)") }
            return Row(
                CreatedAt: timestamp(volume.created), Driver: "local", Labels: volume.labels,
                Mountpoint: try store.source(name), Name: name, Scope: "local")
        }
        Output.standardOutput(try InspectTemplate(format).text(rows))
    }
}

struct VolumeRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove volumes that no container has, with their files.", aliases: ["remove"])

    @Argument(help: ArgumentHelp("Names.", valueName: "VOLUME"), completion: .volumes)
    var volumes: [String]

    func run() throws {
        let roots = Roots.fromEnvironment()
        let store = VolumeStore(roots)
        let inUse = try ContainerRecord.volumesInUse(roots, besides: "")
        for name in volumes {
            guard store.exists(name) else { throw Failure("no such volume: \(name)") }
            guard !inUse.contains(name) else { throw Failure("volume \(name) is in use by a container") }
            try Effect.perform([Effect("remove", .volume, name)]) {
                try store.remove(name)
                Output.line(name)
            }
        }
    }
}
