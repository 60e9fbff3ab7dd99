// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Glibc
import Linux
import Runtime
import Supervisor

/// How log lines look.
struct LogFormat {
    var prefix = true
    var timestamps = false
    var colour = false
    /// Whether what a container wrote on its standard error goes to the caller's.
    var separatesErrors = false
    /// Whether what `labels`, `env` and `tag` of the log driver choose stands before each line.
    var details = false
}

/// Prints the logs of several containers: what is there in the order of its time, then what comes.
final class LogPrinter {
    private final class Source {
        let reader: LogReader
        let name: String
        let head: [UInt8]
        /// What stands between the time and the text.
        let details: [UInt8]
        /// Whether the last record left its line open.
        var isInLine = false
        var record: LogReader.Record?
        /// How many of its files are known to be missing.
        var missed = 0
        init(_ reader: LogReader, _ name: String, head: [UInt8], details: [UInt8]) {
            (self.reader, self.name, self.head, self.details) = (reader, name, head, details)
        }

        /// Says once that rotation was faster than this reader.
        func tellMissed() {
            guard reader.missed > missed else { return }
            let count = reader.missed - missed
            missed = reader.missed
            Output.standardError("\(name): \(count) files of its log were removed before they were read (max-file)\n")
        }
    }

    /// The colours of docker compose's prefixes, in its order.
    static let colours = ["36", "33", "32", "35", "34", "36;1", "33;1", "32;1", "35;1", "34;1"]

    private let format: LogFormat
    private var width: Int
    private var sources: [String: Source] = [:]
    /// Containers that keep no log, of which it is said.
    private var unlogged: Set<String> = []
    private var colourOf: [String: Int] = [:]
    private var buffer: [UInt8] = []
    /// The stream that the buffer is for.
    private var stream: Int32 = 1
    /// Only records from this time on, and before that one: RFC 3339 as in the file.
    private let since: [UInt8]?
    private let until: [UInt8]?

    init(_ format: LogFormat, names: [String], since: String? = nil, until: String? = nil) {
        self.format = format
        width = names.map(\.count).max() ?? 0
        (self.since, self.until) = (since.map { Array($0.utf8) }, until.map { Array($0.utf8) })
    }

    /// Adds a container's log, once.
    ///
    /// - Parameter tail: only so many of the lines that are there.
    func add(_ record: ContainerRecord, _ paths: ProjectPaths, tail: Int? = nil) throws {
        let (id, name, service) = (record.id, record.config.logName, record.config.definition)
        let settings = try LogSettings(of: service)
        if settings.rotation == nil {
            guard unlogged.insert(id).inserted else { return }
            return Output.standardError(
                "\(name) keeps no log: its logging.driver is none (\(service.place("logging")))\n")
        }
        guard sources[id] == nil, let reader = try LogReader(paths.log(id)) else { return }
        if let tail { try reader.seekToLast(tail) }
        width = max(width, name.count)
        let details = format.details ? "\(try settings.attributes.details(of: record.config)) " : ""
        sources[id] = Source(reader, name, head: head(name), details: Array(details.utf8))
    }

    var ids: Set<String> { Set(sources.keys) }

    /// Prints all records that are written by now, the oldest first.
    func printNew() throws {
        var waiting: [Source] = []
        for source in sources.values {
            source.record = try source.reader.next()
            if source.record != nil { waiting.append(source) }
        }
        while !waiting.isEmpty {
            var oldest = 0
            for index in waiting.indices.dropFirst() where isBefore(waiting[index], waiting[oldest]) { oldest = index }
            let source = waiting[oldest]
            print(source)
            source.record = try source.reader.next()
            if source.record == nil { waiting.remove(at: oldest) }
        }
        flush()
        for source in sources.values { source.tellMissed() }
    }

    private func isBefore(_ first: Source, _ second: Source) -> Bool {
        guard let one = first.record, let other = second.record else { return false }
        return first.reader.withBytes { bytes in
            let time = one.time(in: bytes)
            return second.reader.withBytes { memcmp(time.baseAddress!, other.time(in: $0).baseAddress!, 30) < 0 }
        }
    }

    private func print(_ source: Source) {
        guard let record = source.record else { return }
        source.reader.withBytes { bytes in
            let time = record.time(in: bytes)
            if let since, compare(time, since) < 0 { return }
            if let until, compare(time, until) >= 0 { return }
            let target: Int32 = format.separatesErrors && record.isError(in: bytes) ? 2 : 1
            if target != stream { flush() }
            stream = target
            if !source.isInLine {
                buffer += source.head
                if format.timestamps {
                    buffer += time
                    buffer.append(0x20)
                }
                buffer += source.details
            }
            buffer += record.text(in: bytes)
            source.isInLine = !record.endsLine(in: bytes)
            if !source.isInLine { buffer.append(0x0A) }
        }
        if buffer.count > 1 << 17 { flush() }
    }

    private func compare(_ time: UnsafeRawBufferPointer, _ limit: [UInt8]) -> Int32 {
        memcmp(time.baseAddress!, limit, min(30, limit.count))
    }

    private func head(_ name: String) -> [UInt8] {
        guard format.prefix else { return [] }
        let text = name + String(repeating: " ", count: max(0, width - name.count)) + "  | "
        guard format.colour else { return Array(text.utf8) }
        let number = colourOf[name] ?? colourOf.count
        colourOf[name] = number
        return Array("\u{1B}[\(LogPrinter.colours[number % LogPrinter.colours.count])m\(text)\u{1B}[0m".utf8)
    }

    private func flush() {
        _ = buffer.withUnsafeBytes { Output.write($0, to: stream) }
        buffer.removeAll(keepingCapacity: true)
    }
}

extension ContainerConfig {
    /// What stands before its log lines: the name without the project's, unless the file gives one.
    var logName: String {
        let prefix = "\(project)-"
        return definition.containerName == nil && name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }
}
