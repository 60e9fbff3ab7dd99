// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A Dockerfile, as far as it is known which images it begins with and copies from (Dockerfile reference, `FROM`, `COPY
/// --from`, `RUN --mount`). The builder reads all of it itself.
package struct Dockerfile: Hashable, Sendable {
    private struct Stage: Hashable {
        var name: String?
        /// A name of another stage or of an image, each.
        var sources: [String]
    }

    private var stages: [Stage] = []

    /// - Parameters:
    ///   - arguments: `--build-arg`; they stand for those that are declared before the first `FROM`.
    ///   - platform: what `TARGETARCH` and the like stand for.
    package init(parsing text: String, arguments: [String: String] = [:], platform: Platform = .host) {
        var known = Dockerfile.platformArguments(platform)
        for instruction in Dockerfile.instructions(text) {
            let words = instruction.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let keyword = words.first?.uppercased() else { continue }
            switch keyword {
            case "ARG" where stages.isEmpty:
                for word in words.dropFirst() {
                    let pair = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                        .map(String.init)
                    let value = pair.count > 1 ? Dockerfile.expand(Dockerfile.unquoted(pair[1]), known) : nil
                    if let given = arguments[pair[0]] ?? value { known[pair[0]] = given }
                }
            case "FROM":
                let rest = words.dropFirst().filter { !$0.hasPrefix("--") }
                guard let image = rest.first else { continue }
                let isNamed = rest.count == 3 && rest[1].lowercased() == "as"
                stages.append(
                    Stage(name: isNamed ? rest[2].lowercased() : nil, sources: [Dockerfile.expand(image, known)]))
            case "COPY", "ADD", "RUN":
                guard !stages.isEmpty else { continue }
                for word in words.dropFirst().prefix(while: { $0.hasPrefix("--") }) {
                    if let source = Dockerfile.source(word) {
                        stages[stages.count - 1].sources.append(Dockerfile.expand(source, known))
                    }
                }
            default: continue
            }
        }
    }

    /// The images that must be there for a stage to be built, each once, without `scratch`.
    ///
    /// - Parameters:
    ///   - target: the stage's name or number; the last one where it is nil or there is none of it.
    ///   - contexts: names that stand for something else (`additional_contexts`).
    package func images(target: String? = nil, contexts: Set<String> = []) -> [String] {
        var found: [String] = []
        var seen = Set<Int>()
        var next = [target.flatMap { stage($0, before: stages.count) } ?? stages.count - 1]
        while let index = next.popLast() {
            guard stages.indices.contains(index), seen.insert(index).inserted else { continue }
            for source in stages[index].sources where !contexts.contains(source) {
                if let other = stage(source, before: index) {
                    next.append(other)
                } else if source != "scratch", !source.isEmpty, !found.contains(source) {
                    found.append(source)
                }
            }
        }
        return found
    }

    private func stage(_ name: String, before end: Int) -> Int? {
        if let number = Int(name), (0..<end).contains(number) { return number }
        return stages[..<end].lastIndex { $0.name == name.lowercased() }
    }

    /// What `--from=NAME` or `--mount=…,from=NAME` names.
    private static func source(_ option: String) -> String? {
        if option.hasPrefix("--from=") { return unquoted(String(option.dropFirst(7))) }
        guard option.hasPrefix("--mount=") else { return nil }
        return option.dropFirst(8).split(separator: ",").first { $0.hasPrefix("from=") }.map { String($0.dropFirst(5)) }
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let first = text.first, first == text.last, first == "\"" || first == "'" else {
            return text
        }
        return String(text.dropFirst().dropLast())
    }

    private static func platformArguments(_ platform: Platform) -> [String: String] {
        [
            "TARGETPLATFORM": platform.description, "TARGETOS": platform.os, "TARGETARCH": platform.architecture,
            "TARGETVARIANT": platform.variant ?? "", "BUILDPLATFORM": Platform.host.description,
            "BUILDOS": Platform.host.os, "BUILDARCH": Platform.host.architecture, "BUILDVARIANT": "",
        ]
    }

    // MARK: Lines

    /// The instructions, continued lines joined, without comments and here-documents.
    private static func instructions(_ text: String) -> [String] {
        var escape: Character = "\\"
        var result: [String] = []
        var current = ""
        var ends: [String] = []
        for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = raw.hasSuffix("\r") ? raw.dropLast() : raw
            let trimmed = line.trimmed
            if let end = ends.first {
                if trimmed == end { ends.removeFirst() }
                continue
            }
            if trimmed.hasPrefix("#") {
                let directive = trimmed.dropFirst().split(separator: "=").map { $0.trimmed }
                if number < 8 && result.isEmpty && directive.count == 2 && directive[0].lowercased() == "escape",
                    let character = directive[1].first
                {
                    escape = character
                }
                continue
            }
            if trimmed.isEmpty { continue }
            if trimmed.last == escape {
                current += trimmed.dropLast() + " "
                continue
            }
            current += trimmed
            result.append(current)
            ends = hereDocuments(current)
            current = ""
        }
        return current.isEmpty ? result : result + [current]
    }

    /// The words that end the here-documents which an instruction begins.
    private static func hereDocuments(_ instruction: String) -> [String] {
        let keyword = instruction.prefix { !$0.isWhitespace }.uppercased()
        guard ["RUN", "COPY", "ADD"].contains(keyword) else { return [] }
        var ends: [String] = []
        for word in instruction.split(whereSeparator: \.isWhitespace) {
            guard let start = word.firstRange(of: "<<"), !word[start.upperBound...].hasPrefix("<") else { continue }
            let name = word[start.upperBound...].drop { $0 == "-" }
            let bare = unquoted(String(name)).prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            if !bare.isEmpty { ends.append(String(bare)) }
        }
        return ends
    }

    // MARK: Variables

    /// With `$NAME`, `${NAME}`, `${NAME:-…}` and `${NAME:+…}` replaced.
    private static func expand(_ text: String, _ known: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "{", let end = closing(rest) {
                result += value(rest[rest.index(after: rest.startIndex)..<end], known)
                rest = rest[rest.index(after: end)...]
            } else {
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                result += name.isEmpty ? "$" : known[String(name)] ?? ""
                rest = rest[name.endIndex...]
            }
        }
        return result + rest
    }

    /// The brace that closes the first one.
    private static func closing(_ text: Substring) -> Substring.Index? {
        var depth = 0
        for index in text.indices {
            if text[index] == "{" { depth += 1 }
            if text[index] == "}" {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    private static func value(_ expression: Substring, _ known: [String: String]) -> String {
        let name = expression.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let found = known[String(name)] ?? ""
        let rest = expression[name.endIndex...]
        if rest.hasPrefix(":-") { return found.isEmpty ? expand(String(rest.dropFirst(2)), known) : found }
        if rest.hasPrefix(":+") { return found.isEmpty ? "" : expand(String(rest.dropFirst(2)), known) }
        return found
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
