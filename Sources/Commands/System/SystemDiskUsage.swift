// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Core
import Images
import Linux
import Runtime
import Supervisor

struct SystemDiskUsage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "df", abstract: "Show what images, containers and volumes take of the disk.")

    @Option(help: ArgumentHelp("table or json.", valueName: "FORMAT"))
    var format: ListFormat = .table

    /// As docker names the fields.
    private struct Row: Encodable {
        let `Type`: String
        let TotalCount: Int
        let Active: Int
        let Size: Int64
        let Reclaimable: Int64
    }

    func run() throws {
        let roots = Roots.fromEnvironment()
        let images = try ImageStore(root: roots.root).usage(inUse: Set(try ImageUse(roots).byImage.keys))
        var rows = [
            Row(
                Type: "Images", TotalCount: images.images, Active: images.active, Size: images.total,
                Reclaimable: images.reclaimable)
        ]
        var (count, active, size, reclaimable) = (0, 0, Int64(0), Int64(0))
        var used = Set<String>()
        for paths in try ProjectPaths.all(roots) {
            for record in try RecordStore(paths).load().records {
                let own = try diskUsage(paths.container(record.id))
                count += 1
                size += own
                if record.isActive { active += 1 } else { reclaimable += own }
                used.formUnion(record.config.volumes.values.map { $0 })
            }
        }
        rows.append(
            Row(Type: "Containers", TotalCount: count, Active: active, Size: size, Reclaimable: reclaimable))
        let store = VolumeStore(roots)
        (count, active, size, reclaimable) = (0, 0, 0, 0)
        for volume in try store.list() {
            let own = try diskUsage(store.data(volume.name))
            count += 1
            size += own
            if used.contains(volume.name) { active += 1 } else { reclaimable += own }
        }
        rows.append(
            Row(Type: "Local Volumes", TotalCount: count, Active: active, Size: size, Reclaimable: reclaimable))
        if format == .json {
            for row in rows { Output.line(String(decoding: try encodeJSON(row), as: UTF8.self)) }
            return
        }
        var table = Table("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE")
        for row in rows {
            let share = row.Size > 0 ? " (\(row.Reclaimable * 100 / row.Size)%)" : ""
            table.add(
                row.Type, "\(row.TotalCount)", "\(row.Active)", SizeText.text(row.Size),
                SizeText.text(row.Reclaimable) + share)
        }
        Output.standardOutput(table.text)
    }
}
