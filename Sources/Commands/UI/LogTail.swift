// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux
import Runtime
import Supervisor

/// A line of a container's log, fit for a screen: one row, without control characters.
struct LogLine: Hashable {
    let time: String
    let name: String
    var text: String
}

/// The last lines of several containers' logs, in the order of their times.
final class LogTail {
    private final class Source {
        let reader: LogReader
        let name: String
        /// Bytes of a line that is not whole yet.
        var begun: [UInt8] = []
        init(_ reader: LogReader, _ name: String) { (self.reader, self.name) = (reader, name) }
    }

    private static let longest = 5000
    private static let atFirst = 500
    /// Of a line, in bytes.
    private static let widest = 4096

    private var sources: [String: Source] = [:]
    private(set) var lines: [LogLine] = []

    /// Shows these containers' logs, and no others.
    func follow(_ records: [ContainerRecord], _ paths: ProjectPaths) throws {
        let ids = Set(records.map(\.id))
        if !sources.keys.allSatisfy(ids.contains) { (sources, lines) = ([:], []) }
        for record in records where sources[record.id] == nil {
            guard let reader = try LogReader(paths.log(record.id)) else { continue }
            try reader.seekToLast(LogTail.atFirst)
            sources[record.id] = Source(reader, record.config.logName)
        }
    }

    /// Takes what has been written since.
    ///
    /// - Returns: how many lines came.
    @discardableResult
    func readNew() throws -> Int {
        var new: [LogLine] = []
        for source in sources.values {
            while let record = try source.reader.next() {
                let line = source.reader.withBytes { bytes -> LogLine? in
                    source.begun += record.text(in: bytes).prefix(LogTail.widest - source.begun.count)
                    guard record.endsLine(in: bytes) else { return nil }
                    defer { source.begun.removeAll(keepingCapacity: true) }
                    return LogLine(
                        time: String(decoding: record.time(in: bytes), as: UTF8.self), name: source.name,
                        text: LogTail.printable(source.begun))
                }
                if let line { new.append(line) }
            }
        }
        if new.isEmpty { return 0 }
        if sources.count > 1 { new.sort { $0.time < $1.time } }
        lines = (lines + new).suffix(LogTail.longest)
        return new.count
    }

    static func printableLines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n")).map { printable(Array($0)) }
    }

    /// Without escape sequences (ECMA-48) and control characters; tabs lead to the next eighth column.
    static func printable(_ bytes: [UInt8]) -> String {
        var text = "", isInSequence = false, isControlSequence = false
        for character in String(decoding: bytes, as: UTF8.self) {
            if isInSequence {
                // ESC alone takes one character, ESC [ all up to a letter.
                if !isControlSequence && character == "[" {
                    isControlSequence = true
                } else if !isControlSequence || character.isLetter || character == "~" {
                    isInSequence = false
                }
                continue
            }
            switch character {
            case "\u{1B}": (isInSequence, isControlSequence) = (true, false)
            case "\t": text += String(repeating: " ", count: 8 - text.count % 8)
            default:
                let isControl = character.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
                if !isControl { text.append(character) }
            }
        }
        return text
    }
}
