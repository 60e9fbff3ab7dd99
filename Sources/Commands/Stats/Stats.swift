// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core
import Glibc
import Linux
import Runtime
import Supervisor

struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what the stack's containers use: processors, memory, network, disks.",
        discussion: """
            Shown anew each second, until Ctrl-C. Needs no supervisor: it reads the kernel's counters.

            EXAMPLES
              trice stats                          all that run, live
              trice stats --no-stream --format json web
              trice stats --format 'table {{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}'
            """)

    @Flag(name: [.short, .long], help: "Stopped ones, too.")
    var all = false
    @Option(help: ArgumentHelp("table, json, or a template such as '{{.Name}}: {{.CPUPerc}}'.", valueName: "FORMAT"))
    var format = "table"
    @Flag(help: "Show it once.")
    var noStream = false
    @Flag(help: "Do not shorten ids.")
    var noTrunc = false
    @Argument(help: ArgumentHelp("Only this service.", valueName: "SERVICE"), completion: .services)
    var service: String?

    func validate() throws { _ = try ListTemplate(format) }

    /// Milliseconds between two looks; of the two that --no-stream needs for a share of the processors.
    private static let interval: Int32 = 1000
    private static let glance: Int32 = 200

    func run() throws {
        let context = Context(Trice.global)
        let paths = try context.paths()
        let memory = try hostMemory()
        let template = try ListTemplate(
            format == "table" ? StatsRow.table : format == "json" ? "{{json .}}" : format)
        let area = noStream || isatty(1) != 1 ? nil : LiveArea(on: 1)
        var earlier: [String: Sample] = [:]
        while true {
            let records = try RecordStore(paths).chosen(service.map { [$0] } ?? [], context)
                .filter { all || $0.runsNow }
            let samples = try Sample.all(of: records, paths, in: ProjectControlGroups.of(paths))
            let rows = records.map { record in
                StatsRow(
                    record, samples[record.id], since: earlier[record.id], memory: memory, shortens: !noTrunc
                ).fields
            }
            let isFirst = earlier.isEmpty && !samples.isEmpty
            earlier = samples
            // A share needs two looks.
            if !isFirst {
                let text = try template.text(rows, headings: StatsRow.headings)
                if let area {
                    area.draw(text.split(separator: "\n").map(String.init))
                } else {
                    Output.standardOutput(text)
                }
                if noStream { return }
            }
            poll(nil, 0, isFirst ? Stats.glance : Stats.interval)
        }
    }

    private func hostMemory() throws -> UInt64 {
        for line in try readText("/proc/meminfo").split(separator: "\n") where line.hasPrefix("MemTotal:") {
            return (UInt64(line.filter(\.isNumber)) ?? 0) * 1024
        }
        return 0
    }
}

extension ContainerRecord {
    /// Whether its processes are there, frozen ones included.
    var runsNow: Bool { ["running", "paused"].contains(stateWord) }
}
