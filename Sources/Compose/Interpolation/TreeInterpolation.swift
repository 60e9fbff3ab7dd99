// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Replaces the variables in all values of a document. Keys stay as they are.
struct TreeInterpolation {
    private var environment: [String: String]
    /// Where the variables stand that come from files.
    private var variablePlaces: [String: Diagnostic.Place] = [:]
    /// The variables whose values went into a value, by where that starts.
    private var used: [SourceLocation: [(name: String, place: Diagnostic.Place?)]] = [:]
    /// False: values stay as they are written, and only keys are checked.
    var replacesVariables = true
    var diagnostics = Diagnostics()
    /// What the values with variables may amount to together, in bytes.
    private static let sizeLimit = 32 << 20
    private var size = 0
    /// The variables warned of so far: each is mentioned once.
    private var warned: Set<String> = []

    init(environment: [String: String]) {
        self.environment = environment
    }

    /// Takes the variables of a file.
    mutating func use(_ context: FileContext) {
        environment = context.environment
        variablePlaces = context.variablePlaces
    }

    /// Where the variables in the value that starts at the place come from.
    func sources(ofValueAt start: SourceLocation) -> [Diagnostic.Note] {
        (used[start] ?? []).map { name, place in
            Diagnostic.Note(place == nil ? "\(name) comes from the environment" : "\(name) is set here", at: place)
        }
    }

    mutating func interpolate(_ node: inout YAMLNode) {
        switch node.content {
        case .scalar(let scalar):
            guard replacesVariables, scalar.text.utf8.contains(UInt8(ascii: "$")) else { return }
            // What a variable gives is text, whatever it looks like; keys that want a number or a Boolean read it.
            node.content = .scalar(YAMLScalar(expanded(scalar.text, node), isPlain: false))
        case .sequence(var items):
            node.content = .sequence([])
            for index in items.indices { interpolate(&items[index]) }
            node.content = .sequence(items)
        case .mapping(var pairs):
            node.content = .mapping([])
            for index in pairs.indices {
                check(pairs[index].key)
                interpolate(&pairs[index].value)
            }
            node.content = .mapping(pairs)
        }
    }

    /// The text with its variables replaced, or unchanged where that fails.
    mutating func expanded(_ text: String, _ node: YAMLNode) -> String {
        var unset: [String] = []
        var found: [String] = []
        var result = text
        do throws(Template.Failure) {
            let lookup = { [environment] (name: String) -> String? in
                guard let value = environment[name] else { return nil }
                if !found.contains(name) { found.append(name) }
                return value
            }
            result = try Template(lookup: lookup, unset: { unset.append($0) }).expanded(text)
        } catch {
            diagnostics.add(error.diagnostic(at: node.place))
        }
        if !found.isEmpty {
            let start = SourceLocation(
                file: node.source.name, line: Int(node.span.startLine), column: Int(node.span.startColumn))
            used[start] = found.map { ($0, variablePlaces[$0]) }
        }
        size += result.utf8.count
        if size > Self.sizeLimit {
            diagnostics.add(Template.Failure.tooLong.diagnostic(at: node.place))
            return ""
        }
        for name in unset where warned.insert(name).inserted {
            diagnostics.add(
                Diagnostic(
                    .warning, code: "unset-variable",
                    "The \"\(name)\" variable is not set. Defaulting to a blank string.",
                    at: node.place))
        }
        return result
    }

    private mutating func check(_ key: YAMLNode) {
        guard case .string = key.value else {
            let text = key.scalar?.text ?? ""
            diagnostics.add(
                Diagnostic(
                    code: "non-string-key", "non-string key: \(text)", at: key.place,
                    hint: "put it into quotes: \"\(text)\""))
            return
        }
    }
}

extension Template.Failure {
    func diagnostic(at place: Diagnostic.Place) -> Diagnostic {
        switch self {
        case .invalid(let text):
            Diagnostic(
                code: "interpolation", "invalid interpolation format: \(text.prefix(200))", at: place,
                hint: "you may need to escape any $ with another $")
        case .required(let name, let message):
            Diagnostic(
                code: "required-variable",
                "required variable \(name) is missing a value" + (message.isEmpty ? "" : ": \(message)"), at: place)
        case .tooDeep:
            Diagnostic(code: "interpolation", "variables are nested too deeply", at: place)
        case .tooLong:
            Diagnostic(code: "interpolation", "the values of the variables are too long", at: place)
        }
    }
}
