// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core

/// What the options `labels`, `labels-regex`, `env`, `env-regex` and `tag` choose of a container to stand with each of its
/// lines (moby, daemon/logger/loginfo.go).
package struct LogAttributes: Hashable, Sendable {
    private var labels: [String] = []
    private var variables: [String] = []
    /// Extended regular expressions, of which it is known that they are such.
    private var labelPattern: String?
    private var variablePattern: String?
    private var tag: LogTag?

    /// - Returns: false where the option is another one.
    mutating func take(_ option: KeyValue, _ reading: LogOptionReading) throws(Failure) -> Bool {
        switch option.name {
        case "labels": labels = names(option.value)
        case "env": variables = names(option.value)
        case "labels-regex": labelPattern = try reading.pattern(option)
        case "env-regex": variablePattern = try reading.pattern(option)
        case "tag": tag = try reading.tag(option)
        default: return false
        }
        return true
    }

    /// The labels and variables of the container that are chosen; where both have a name, the variable counts.
    func fields(of config: ContainerConfig) throws(LinePattern.ParseError) -> [String: String] {
        let variables = config.environment.map { variable in
            let name = variable.prefix { $0 != "=" }
            return (String(name), String(variable.dropFirst(name.count + 1)))
        }
        let chosen = try choose(labels, labelPattern, among: config.labels)
        return chosen.merging(
            try choose(self.variables, variablePattern, among: Dictionary(variables) { $1 })
        ) { $1 }
    }

    /// The fields and the tag, as `logs --details` shows them before each line: `a=1,b=2`, by name and escaped as in a
    /// query (moby, daemon/server/httputils/write_log_stream.go).
    package func details(of config: ContainerConfig) throws(LinePattern.ParseError) -> String {
        var shown = try fields(of: config)
        if let tag = tag?.text(for: config), !tag.isEmpty { shown["tag"] = tag }
        return shown.map { "\(queryEscaped($0.key))=\(queryEscaped($0.value))" }.sorted().joined(separator: ",")
    }

    private func choose(
        _ names: [String], _ pattern: String?, among values: [String: String]
    ) throws(LinePattern.ParseError) -> [String: String] {
        let pattern = try pattern.map { text throws(LinePattern.ParseError) in try LinePattern(text) }
        return values.filter { name, _ in
            if names.contains(name) { return true }
            var name = name
            return name.withUTF8 { bytes in pattern?.matches(UnsafeRawBufferPointer(bytes)) ?? false }
        }
    }

    private func names(_ list: String) -> [String] {
        list.split(separator: ",").map { String($0.trimmingPrefix(while: { $0 == " " })) }
    }

    /// As Go's url.QueryEscape: a blank becomes `+`, all that is not a letter, a digit or one of `-_.~` its bytes' codes.
    private func queryEscaped(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            if byte == 0x20 { return "+" }
            if byte < 0x80, character.isLetter || character.isNumber || "-_.~".contains(character) {
                return String(character)
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
