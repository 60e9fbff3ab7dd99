// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Glibc
import Linux
import Networking
import Runtime
import Supervisor

/// What a container had used at one instant.
struct Sample: Hashable {
    /// Of `EventLoop.now`.
    var time: UInt64 = 0
    var usage = ControlGroupUsage()
    var traffic = InterfaceCounters()

    init() {}

    /// - Throws: ENOENT where the container has ended meanwhile.
    init(of record: ContainerRecord, _ paths: ProjectPaths, in hierarchy: ControlGroupHierarchy) throws(SystemError) {
        usage = try paths.cgroup(record.id, in: hierarchy).usage(of: record.state.process?.pid)
        // With the host's network nothing tells what is the container's, as with docker.
        if record.config.definition.networkMode != .host, let pid = record.state.process?.pid {
            traffic = try InterfaceCounters(ofPID: pid)
        }
        time = EventLoop.now
    }

    /// Of those that run, by their ids.
    static func all(
        of records: [ContainerRecord], _ paths: ProjectPaths, in hierarchy: ControlGroupHierarchy
    ) throws(SystemError) -> [String: Sample] {
        var samples: [String: Sample] = [:]
        for record in records where record.runsNow {
            do throws(SystemError) { samples[record.id] = try Sample(of: record, paths, in: hierarchy) } catch {
                // It has ended since its record was read.
                guard [ENOENT, ENODEV, ESRCH, EINVAL].contains(error.errno) else { throw error }
            }
        }
        return samples
    }

    /// Percent of one processor between an earlier sample and this one.
    func processorShare(since earlier: Sample?) -> Double {
        guard let earlier, time > earlier.time, usage.processorTime >= earlier.usage.processorTime else { return 0 }
        return Double(usage.processorTime - earlier.usage.processorTime) / Double(time - earlier.time) * 100
    }
}

/// A container's use as docker names and writes the fields.
struct StatsRow {
    let fields: [String: String]

    /// - Parameters:
    ///   - now: nil for a container that does not run.
    ///   - memory: bytes of the host, the limit of who has none.
    init(_ record: ContainerRecord, _ now: Sample?, since earlier: Sample?, memory: UInt64, shortens: Bool) {
        let sample = now ?? Sample()
        let limit = now == nil ? 0 : min(sample.usage.memoryLimit ?? memory, memory)
        let share = limit == 0 ? 0 : Double(sample.usage.memory) / Double(limit) * 100
        let id = shortens ? String(record.id.prefix(12)) : record.id
        fields = [
            "Container": id, "ID": id, "Name": record.name,
            "CPUPerc": "\(hundredths(sample.processorShare(since: earlier)))%",
            "MemUsage": "\(BinarySize.text(sample.usage.memory)) / \(BinarySize.text(limit))",
            "MemPerc": "\(hundredths(share))%",
            "NetIO":
                "\(SizeText.text(Int64(sample.traffic.received))) / \(SizeText.text(Int64(sample.traffic.sent)))",
            "BlockIO":
                "\(SizeText.text(Int64(sample.usage.blockRead))) / \(SizeText.text(Int64(sample.usage.blockWritten)))",
            "PIDs": "\(sample.usage.tasks)",
        ]
    }

    static let headings = [
        "Container": "CONTAINER ID", "ID": "CONTAINER ID", "Name": "NAME", "CPUPerc": "CPU %",
        "MemUsage": "MEM USAGE / LIMIT", "MemPerc": "MEM %", "NetIO": "NET I/O", "BlockIO": "BLOCK I/O",
        "PIDs": "PIDS",
    ]

    static let table =
        "table {{.ID}}\\t{{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}\\t{{.MemPerc}}\\t{{.NetIO}}\\t{{.BlockIO}}\\t{{.PIDs}}"
}

/// `0.00`
private func hundredths(_ value: Double) -> String {
    let whole = Int((value * 100).rounded())
    return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
}

/// Bytes in powers of 1024, as docker shows memory: `1.5MiB`, four digits at most.
enum BinarySize {
    static func text(_ bytes: UInt64) -> String {
        var value = Double(bytes)
        var units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][...]
        while value >= 1024, units.count > 1 {
            value /= 1024
            units = units.dropFirst()
        }
        let scale = value < 10 ? 1000.0 : value < 100 ? 100.0 : value < 1000 ? 10.0 : 1.0
        let number = (value * scale).rounded() / scale
        return (number == number.rounded() ? "\(Int(number))" : "\(number)") + units[units.startIndex]
    }
}
