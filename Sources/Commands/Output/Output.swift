// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc

/// Writing to the standard streams: results to standard output, everything else to standard error.
enum Output {
    /// Writes all of it, however often the other side makes it wait.
    ///
    /// - Returns: false where nobody reads it any more.
    @discardableResult
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count > 0 { done += count; continue }
            if errno == EINTR { continue }
            guard errno == EAGAIN else { return false }
            // Somebody made the shared terminal or pipe non-blocking.
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&waiting, 1, -1)
        }
        return true
    }

    static func standardOutput(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write($0, to: 1) } }
    static func standardError(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write($0, to: 2) } }

    /// A line on standard output.
    static func line(_ text: String) { standardOutput(text + "\n") }

    static func usesColour(_ mode: AnsiMode?, on descriptor: Int32) -> Bool {
        switch mode {
        case .always: return true
        case .never: return false
        case .auto, nil:
            if isatty(descriptor) != 1 { return false }
            let environment = Context.environment
            return (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        }
    }

    /// The failure as the user reads it; with the offending line of the file where there is one.
    static func render(_ failure: Failure) -> String {
        guard let location = failure.location, let line = sourceLine(location) else { return "\(failure)\n" }
        let number = String(location.line)
        let margin = String(repeating: " ", count: number.count)
        let place = String(repeating: " ", count: max(0, location.column - 1))
        let hint = failure.hint.map { "\n  \($0)" } ?? ""
        return "\(location): error: \(failure.message)\n \(number) | \(line)\n \(margin) | \(place)^\(hint)\n"
    }

    private static func sourceLine(_ location: SourceLocation) -> String? {
        guard let file = fopen(location.file, "r") else { return nil }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        for _ in 0..<location.line {
            if getline(&line, &capacity, file) < 0 { return nil }
        }
        guard let line else { return nil }
        let text = String(cString: line)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Columns and rows of the terminal on a descriptor; nil where it is none.
    static func terminalSize(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard trice_ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}

/// Rows of text under headings, each column as wide as its widest cell.
struct Table {
    private var rows: [[String]] = []

    /// - Parameter headings: the first row.
    init(_ headings: String...) { if !headings.isEmpty { rows = [headings] } }

    mutating func add(_ cells: String...) { rows.append(cells) }
    mutating func add(_ cells: [String]) { rows.append(cells) }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 3) }
            }
            return line + "\n"
        }.joined()
    }
}
