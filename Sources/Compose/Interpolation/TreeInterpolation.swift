// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Replaces the variables in all values of a document. Keys stay as they are.
struct TreeInterpolation {
    var environment: [String: String]
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
        var result = text
        do throws(Template.Failure) {
            result = try Template(lookup: { [environment] in environment[$0] }, unset: { unset.append($0) }).expanded(
                text)
        } catch {
            diagnostics.add(error.diagnostic(at: node.place))
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
