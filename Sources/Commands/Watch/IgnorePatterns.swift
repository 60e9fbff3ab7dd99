// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Patterns as of a `.dockerignore`: globs of path components, `**` for any number of them, `!` for an exception; a match of
/// a directory is one of all below it, and the last pattern that matches counts.
struct IgnorePatterns: Hashable {
    private struct Pattern: Hashable {
        let components: [String]
        let isException: Bool
    }

    private let patterns: [Pattern]

    init(_ lines: [String]) {
        patterns = lines.compactMap { line in
            var text = line.drop { $0 == " " || $0 == "\t" }[...]
            while let last = text.last, " \t\r".contains(last) { text = text.dropLast() }
            if text.isEmpty || text.hasPrefix("#") { return nil }
            let isException = text.hasPrefix("!")
            if isException { text = text.dropFirst().drop { $0 == " " } }
            let components = text.split(separator: "/").filter { $0 != "." }.map(String.init)
            return components.isEmpty ? nil : Pattern(components: components, isException: isException)
        }
    }

    /// - Parameter text: of a `.dockerignore`.
    init(file text: String) { self.init(text.split(whereSeparator: \.isNewline).map(String.init)) }

    var isEmpty: Bool { patterns.isEmpty }
    var hasExceptions: Bool { patterns.contains(where: \.isException) }

    /// - Parameter path: relative to where the patterns are meant from: `src/main.c`.
    func matches(_ path: String) -> Bool {
        let components = path.split(separator: "/").map(String.init)
        var isMatched = false
        for pattern in patterns where pattern.isException == isMatched {
            let isHit = (1...max(1, components.count)).contains { count in
                IgnorePatterns.matches(components.prefix(count)[...], pattern.components[...])
            }
            if isHit { isMatched = !pattern.isException }
        }
        return isMatched
    }

    private static func matches(_ path: ArraySlice<String>, _ pattern: ArraySlice<String>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == "**" {
            if pattern.count == 1 { return true }
            return (path.startIndex...path.endIndex).contains { matches(path[$0...], pattern.dropFirst()) }
        }
        guard let name = path.first, glob(Array(name)[...], Array(first)[...]) else { return false }
        return matches(path.dropFirst(), pattern.dropFirst())
    }

    /// `*`, `?`, `[a-z]`, `[^a]`, `\x` within a component, as Go's filepath.Match.
    private static func glob(_ name: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case "*":
            return (name.startIndex...name.endIndex).contains { glob(name[$0...], rest) }
        case "?": return !name.isEmpty && glob(name.dropFirst(), rest)
        case "[":
            guard let end = rest.dropFirst().firstIndex(of: "]"), let character = name.first else { return false }
            return isIn(rest[..<end], character) && glob(name.dropFirst(), pattern[(end + 1)...])
        case "\\":
            guard let literal = rest.first else { return false }
            return name.first == literal && glob(name.dropFirst(), rest.dropFirst())
        default: return name.first == first && glob(name.dropFirst(), rest)
        }
    }

    private static func isIn(_ set: ArraySlice<Character>, _ character: Character) -> Bool {
        var set = set
        let isInverted = set.first == "^"
        if isInverted { set = set.dropFirst() }
        var isFound = false
        while let low = set.first {
            set = set.dropFirst()
            if set.first == "-", let high = set.dropFirst().first {
                set = set.dropFirst(2)
                if low <= high && (low...high).contains(character) { isFound = true }
            } else if low == character {
                isFound = true
            }
        }
        return isFound != isInverted
    }
}
