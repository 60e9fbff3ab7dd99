// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// A field of a mapping, with the key path of its value.
struct Field {
    var name: String
    var key: YAMLNode
    var value: YAMLNode
    var path: String
}

extension TreeReader {
    /// The fields of a mapping that are known; nil if it is none. Other fields are mistakes, but for extension fields.
    mutating func fields(_ node: YAMLNode, _ path: String, known: [String]) -> [Field]? {
        guard let pairs = pairs(node, path) else { return nil }
        var result: [Field] = []
        for pair in pairs {
            guard known.contains(pair.name) else {
                unknown(pair, path, known: known)
                continue
            }
            let field = Field(name: pair.name, key: pair.key, value: pair.value, path: "\(path).\(pair.name)")
            record(field.path, pair.value.isNull ? pair.key : pair.value)
            result.append(field)
        }
        return result
    }

    /// Remembers where a key path of the service stands.
    mutating func record(_ path: String, _ node: YAMLNode) {
        guard let recordedPrefix else { return }
        recorded[String(decoding: path.utf8.dropFirst(recordedPrefix), as: UTF8.self)] = node
    }

    mutating func missing(_ key: String, _ path: String, _ node: YAMLNode, hint: String? = nil) {
        report("missing-key", "\(path).\(key) is missing", at: node, hint: hint)
    }

    /// One of the words of an enumeration.
    mutating func word<Word: RawRepresentable<String> & CaseIterable>(_ node: YAMLNode, _ path: String) -> Word? {
        guard let text = string(node, path) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        report(
            "bad-value", "\(path): '\(text)' is none of \(words.joined(separator: ", "))", at: node,
            hint: nearestName(to: text, among: words).map { "did you mean '\($0)'?" })
        return nil
    }

    /// A word of an enumeration that docker compose does not check: another one is a doubt.
    mutating func choice<Word: RawRepresentable<String> & CaseIterable>(
        _ node: YAMLNode, _ path: String
    ) -> Choice<Word>? {
        guard let text = string(node, path), !text.isEmpty else { return nil }
        if let word = Word(rawValue: text) { return .known(word) }
        doubt(text, among: Word.allCases.map(\.rawValue), node, path)
        return .other(text)
    }

    /// Warns of a value that the specification does not name, and that docker compose lets through.
    mutating func doubt(_ text: String, among words: [String], _ node: YAMLNode, _ path: String) {
        diagnostics.add(
            Diagnostic(
                .warning, code: "unknown-value", "\(path): '\(text)' is none of \(words.joined(separator: ", "))",
                at: node.place, hint: nearestName(to: text, among: words).map { "did you mean '\($0)'?" }))
    }

    /// A number, or a string of one.
    mutating func number(_ node: YAMLNode, _ path: String, in range: ClosedRange<Double>) -> Double? {
        let number: Double
        switch node.value {
        case .int(let value)?: number = Double(value)
        case .unsigned(let value)?: number = Double(value)
        case .float(let value)?: number = value
        case .string(let text)?:
            guard let value = Double(text), value.isFinite else {
                report("bad-value", "\(path): invalid number: \(text)", at: node)
                return nil
            }
            number = value
        default:
            mismatch(node, path, "a number")
            return nil
        }
        guard range.contains(number) else {
            let limits =
                range.upperBound == .infinity
                ? "\(goText(range.lowerBound)) or more"
                : "from \(goText(range.lowerBound)) to \(goText(range.upperBound))"
            report("bad-value", "\(path): \(goText(number)) is out of range: it must be \(limits)", at: node)
            return nil
        }
        return number
    }

    /// A count, which is never negative.
    mutating func count(_ node: YAMLNode, _ path: String) -> Int? {
        int(node, path, in: 0 ... .max).map { Int($0) }
    }

    /// A mapping of names to strings or numbers.
    mutating func options(_ node: YAMLNode, _ path: String, allowsNull: Bool = false) -> [KeyValue] {
        guard let pairs = pairs(node, path) else { return [] }
        return pairs.compactMap { pair in
            switch pair.value.value {
            case .bool?: return mismatched(pair, path)
            case .null? where !allowsNull: return mismatched(pair, path)
            default: break
            }
            guard let value = text(pair.value, "\(path).\(pair.name)") else { return nil }
            return KeyValue(name: pair.name, value: value ?? "")
        }
    }

    private mutating func mismatched(_ pair: YAMLPair, _ path: String) -> KeyValue? {
        mismatch(pair.value.isNull ? pair.key : pair.value, "\(path).\(pair.name)", "a string or a number")
        return nil
    }

    /// A path of the host: absolute, from the directory that the file's paths start at; `~` is the home directory.
    func hostPath(_ path: String, _ node: YAMLNode) -> String {
        guard steps.contains(.pathResolution), !Path.isWindows(path) else { return path }
        if path.hasPrefix("/") { return path }
        if path.hasPrefix("~"), let home = environment["HOME"] {
            return Path.cleaned("\(home)/\(path.dropFirst())")
        }
        return Path.absolute(path, from: contexts.context(of: node).directory)
    }
}
