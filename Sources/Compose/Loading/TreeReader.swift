// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Reads typed values from trees. What is wrong is noted, and the value left out: one run finds all mistakes.
///
/// Each method takes the key path (`services.web.ports[0]`) for its messages.
struct TreeReader {
    var diagnostics = Diagnostics()
    /// What paths and variables mean, file by file.
    let contexts: FileContexts
    let steps: LoadSteps
    /// The variables of the project.
    var environment: [String: String] { contexts.project.environment }
    /// Where the service that is being read says what, by key path within it.
    var recorded: [String: YAMLNode] = [:]
    /// How many bytes of a key path stand for the service itself: `services.web.`.
    var recordedPrefix: Int?

    mutating func report(
        _ code: String, _ message: String, at node: YAMLNode, notes: [Diagnostic.Note] = [], hint: String? = nil
    ) {
        diagnostics.add(Diagnostic(code: code, message, at: node.place, notes: notes, hint: hint))
    }

    /// Says that a value is of another kind than the key wants.
    mutating func mismatch(_ node: YAMLNode, _ path: String, _ wanted: String) {
        report("wrong-type", "\(path) must be \(wanted), not \(node.kind)", at: node)
    }

    mutating func string(_ node: YAMLNode, _ path: String) -> String? {
        if case .string(let text)? = node.value { return text }
        mismatch(node, path, "a string")
        return nil
    }

    /// A Boolean, or its YAML 1.1 words as a string.
    mutating func bool(_ node: YAMLNode, _ path: String) -> Bool? {
        switch node.value {
        case .bool(let value)?: return value
        case .string(let text)?:
            if text != "1", text != "0", let word = ComposeBoolean(text) { return word.value }
            report("bad-value", "\(path): invalid boolean: \(text)", at: node)
            return nil
        default:
            mismatch(node, path, "a boolean")
            return nil
        }
    }

    mutating func int(_ node: YAMLNode, _ path: String, in range: ClosedRange<Int64> = .min ... .max) -> Int64? {
        let number: Int64
        switch node.value {
        case .int(let value)?: number = value
        case .float(let value)? where value == value.rounded() && abs(value) < 9e18: number = Int64(value)
        case .string(let text)?:
            guard let value = Int64(text) else {
                report("bad-value", "\(path): invalid number: \(text)", at: node)
                return nil
            }
            number = value
        default:
            mismatch(node, path, "an integer")
            return nil
        }
        guard range.contains(number) else {
            let message =
                range.upperBound == .max
                ? "\(path): must be greater than or equal to \(range.lowerBound)"
                : "\(path): \(number) is out of range \(range.lowerBound)–\(range.upperBound)"
            report("bad-value", message, at: node)
            return nil
        }
        return number
    }

    mutating func timeSpan(_ node: YAMLNode, _ path: String) -> TimeSpan? {
        guard let text = string(node, path) else { return nil }
        do throws(TimeSpan.ParseError) {
            return try TimeSpan(parsing: text)
        } catch {
            let reason =
                switch error {
                case .invalid: "invalid duration \"\(text)\""
                case .missingUnit: "missing unit in duration \"\(text)\""
                case .unknownUnit(let unit): "unknown unit \"\(unit)\" in duration \"\(text)\""
                case .tooLarge: "duration \"\(text)\" is too long"
                }
            report("bad-duration", "\(path): \(reason)", at: node, hint: "write it as 1m30s, 500ms or 2h")
            return nil
        }
    }

    /// Bytes as a number or as a string with a unit.
    mutating func byteSize(_ node: YAMLNode, _ path: String) -> ByteSize? {
        let text: String
        switch node.value {
        case .int(let value)? where value >= 0: return ByteSize(bytes: value)
        case .int(let value)?: text = "\(value)"
        case .float(let value)? where value == value.rounded() && value >= 0 && value < 9e18:
            return ByteSize(bytes: Int64(value))
        // As docker compose takes it, but not in silence.
        case .float(let value)? where value >= 0:
            diagnostics.add(
                Diagnostic(
                    .warning, code: "fraction-of-bytes", "\(path): \(goText(value)) bytes are no size: it is left out",
                    at: node.place, hint: "put a size with a unit into quotes: \"\(goText(value))g\""))
            return nil
        case .string(let value)?: text = value
        default:
            mismatch(node, path, "a number of bytes")
            return nil
        }
        do throws(ByteSize.ParseError) {
            return try ByteSize(parsing: text)
        } catch {
            let reason =
                switch error {
                case .invalid: "invalid size: '\(text)'"
                case .unknownUnit(let unit): "invalid suffix '\(unit)' in size '\(text)'"
                case .tooLarge: "size '\(text)' is too large"
                }
            report("bad-size", "\(path): \(reason)", at: node, hint: "write it as 64m, 1.5gb or 1048576")
            return nil
        }
    }

    /// A scalar as text: numbers and Booleans as docker compose prints them, null as nil.
    mutating func text(_ node: YAMLNode, _ path: String) -> String?? {
        switch node.value {
        case .null?: return .some(nil)
        case .bool(let value)?: return value ? "true" : "false"
        case .int(let value)?: return "\(value)"
        case .unsigned(let value)?: return "\(value)"
        case .float(let value)? where value.isFinite: return goText(value)
        case .float?:
            report("bad-value", "\(path): the number must be finite", at: node)
            return .none
        case .timestamp(let text)?: return goTime(text)
        case .string(let text)?: return text
        case nil:
            mismatch(node, path, "a string, a number, a boolean or null")
            return .none
        }
    }

    mutating func items(_ node: YAMLNode, _ path: String) -> [YAMLNode] {
        if case .sequence(let items) = node.content { return items }
        mismatch(node, path, "a list")
        return []
    }

    mutating func pairs(_ node: YAMLNode, _ path: String) -> [YAMLPair]? {
        if case .mapping(let pairs) = node.content { return pairs }
        mismatch(node, path, "a mapping")
        return nil
    }

    mutating func strings(_ node: YAMLNode, _ path: String) -> [String] {
        var result: [String] = []
        for (index, item) in items(node, path).enumerated() {
            if let text = string(item, "\(path)[\(index)]") { result.append(text) }
        }
        return result
    }

    /// A list in which no item may stand twice.
    mutating func distinct(_ node: YAMLNode, _ path: String) {
        var seen: [YAMLValue: YAMLNode] = [:]
        for item in node.sequence ?? [] {
            guard let value = item.value else { continue }
            if let first = seen[value] {
                report(
                    "duplicate-item", "\(path): '\(item.scalar?.text ?? "")' is listed twice", at: item,
                    notes: [Diagnostic.Note("it is first listed here", at: first.place)])
            } else {
                seen[value] = item
            }
        }
    }

    /// A list of which each item counts once.
    mutating func uniqueStrings(_ node: YAMLNode, _ path: String) -> [String] {
        var seen: Set<String> = []
        return strings(node, path).filter { seen.insert($0).inserted }
    }

    /// A string or a list of strings.
    mutating func oneOrMore(_ node: YAMLNode, _ path: String) -> [String] {
        if case .scalar = node.content { return string(node, path).map { [$0] } ?? [] }
        return uniqueStrings(node, path)
    }

    /// A mapping, or a list of `KEY=VALUE`; the last of equal keys counts. A key without a value has nil.
    mutating func keyValues(_ node: YAMLNode, _ path: String) -> [(name: String, value: String?, node: YAMLNode)] {
        var result: [(name: String, value: String?, node: YAMLNode)] = []
        var positions: [String: Int] = [:]
        func add(_ name: String, _ value: String?, _ node: YAMLNode) {
            if let position = positions[name] {
                result[position] = (name, value, node)
            } else {
                positions[name] = result.count
                result.append((name, value, node))
            }
        }
        switch node.content {
        case .mapping(let pairs):
            for pair in pairs {
                guard let value = text(pair.value, "\(path).\(pair.name)") else { continue }
                add(pair.name, value, value == nil ? pair.key : pair.value)
            }
        case .sequence(let items):
            for (index, item) in items.enumerated() {
                guard case .string(let text)? = item.value else {
                    mismatch(item, "\(path)[\(index)]", "KEY=VALUE")
                    continue
                }
                let equals = text.firstIndex(of: "=")
                add(
                    String(text[..<(equals ?? text.endIndex)]), equals.map { String(text[text.index(after: $0)...]) },
                    item)
            }
        case .scalar:
            mismatch(node, path, "a mapping or a list")
        }
        return result
    }

    mutating func labels(_ node: YAMLNode, _ path: String) -> [Label] {
        keyValues(node, path).map { Label(name: $0.name, value: $0.value ?? "") }
    }

    /// Says that a key is not one of `known`.
    mutating func unknown(_ pair: YAMLPair, _ path: String, known: [String]) {
        guard !pair.name.hasPrefix("x-") else { return }
        let isSection = path.isEmpty || known == SpecificationKeys.service
        let misplaced = isSection ? SpecificationKeys.place(of: pair.name, isTopLevel: path.isEmpty) : nil
        let nearest = nearestName(to: pair.name, among: known)
        let place = path.isEmpty ? "at the top level" : "in \(path)"
        report(
            "unknown-key", "unknown key '\(pair.name)' \(place)", at: pair.key,
            hint: misplaced ?? nearest.map { "did you mean '\($0)'?" })
    }
}

/// A date, or a time in UTC, as Go prints a time; another one as it is.
private func goTime(_ text: String) -> String {
    switch text.utf8.count {
    case 10: "\(text) 00:00:00 +0000 UTC"
    case 20 where text.hasSuffix("Z"): "\(text.prefix(10)) \(text.dropFirst(11).dropLast()) +0000 UTC"
    default: text
    }
}

/// A Boolean as a word, in YAML 1.1's forms, in any case.
struct ComposeBoolean {
    let value: Bool

    init?(_ text: String) {
        switch text.lowercased() {
        case "true", "yes", "y", "on", "1": value = true
        case "false", "no", "n", "off", "0": value = false
        default: return nil
        }
    }
}

/// A floating-point number as Go's `fmt.Sprint` writes it: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
func goText(_ number: Double) -> String {
    guard number != 0 else { return "0" }
    let sign = number < 0 ? "-" : ""
    // Swift prints the shortest digits too, as 12.5, 1e+21 or 1e-07: take digits and exponent apart.
    let parts = "\(number.magnitude)".split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = String(mantissa[0])
    let fraction = mantissa.count > 1 && mantissa[1] != "0" ? String(mantissa[1]) : ""
    var digits = whole + fraction
    var exponent = whole.utf8.count - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.utf8.count > 1, digits.hasPrefix("0") {
        digits.removeFirst()
        exponent -= 1
    }
    while digits.utf8.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    if exponent < -4 || exponent >= 6 {
        let rest = digits.dropFirst()
        let power = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
        return sign + digits.prefix(1) + (rest.isEmpty ? "" : ".\(rest)") + "e" + (exponent < 0 ? "-" : "+") + power
    }
    if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
    if digits.utf8.count <= exponent + 1 {
        return sign + digits + String(repeating: "0", count: exponent + 1 - digits.utf8.count)
    }
    return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
}
