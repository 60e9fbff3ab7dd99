// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// All mistakes of a run, so that a person mends a file in one go.
package struct Diagnostics: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// Nobody reads more; what comes after is left out.
    package static let limit = 1000

    package private(set) var items: [Diagnostic] = []

    package init(_ items: [Diagnostic] = []) {
        self.items = items
    }

    package mutating func add(_ diagnostic: Diagnostic) {
        if items.count < Self.limit { items.append(diagnostic) }
    }

    /// Takes back what was added last.
    package mutating func removeLast() -> Diagnostic? {
        items.popLast()
    }

    package var hasErrors: Bool { items.contains { $0.severity == .error } }
    package var warnings: [Diagnostic] { items.filter { $0.severity == .warning } }

    /// In the order of `files` (others follow as first mentioned) and of the places within; what has no place comes first.
    /// Equal ones are said once.
    package func sorted(files: [String] = []) -> Diagnostics {
        var fileOrder: [String: Int] = [:]
        for file in files where fileOrder[file] == nil { fileOrder[file] = fileOrder.count }
        for item in items {
            if let file = item.place?.range.file, fileOrder[file] == nil { fileOrder[file] = fileOrder.count }
        }
        func key(_ item: Diagnostic) -> (Int, Int, Int) {
            guard let range = item.place?.range else { return (-1, 0, 0) }
            return (fileOrder[range.file] ?? 0, range.startLine, range.startColumn)
        }
        var seen: Set<Diagnostic> = []
        let unique = items.filter { seen.insert($0).inserted }
        let ordered = unique.enumerated().sorted {
            let (a, b) = (key($0.element), key($1.element))
            return a == b ? $0.offset < $1.offset : a < b
        }
        return Diagnostics(ordered.map(\.element))
    }

    package func rendered(color: Bool) -> String {
        items.map { $0.rendered(color: color) }.joined(separator: "\n")
    }

    package var description: String { rendered(color: false) }
}
