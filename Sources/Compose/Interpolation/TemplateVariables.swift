// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import YAML

/// A variable that a file refers to, as `config --variables` lists it.
package struct TemplateVariable: Hashable, Sendable {
    package var name: String
    /// After `:-` or `-`; empty for none.
    package var defaultValue = ""
    /// After `:+` or `+`; empty for none.
    package var presenceValue = ""
    /// Marked by `:?` or `?`.
    package var isRequired = false

    /// Upper-case as docker compose has it.
    package var document: Document {
        .object([
            .init("Name", .string(name)), .init("DefaultValue", .string(defaultValue)),
            .init("PresenceValue", .string(presenceValue)), .init("Required", .bool(isRequired)),
        ])
    }
}

extension Template {
    /// The variables of a text in their order, those in defaults and alternatives included. What is no variable is skipped.
    static func variables(in text: some StringProtocol) -> [TemplateVariable] {
        variables(in: Array(text.utf8)[...], depth: 0)
    }

    private static func variables(in text: ArraySlice<UInt8>, depth: Int) -> [TemplateVariable] {
        guard depth <= depthLimit else { return [] }
        var found: [TemplateVariable] = []
        var rest = text
        while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
            let after = rest[(dollar + 1)...]
            switch after.first {
            case UInt8(ascii: "$"): rest = after.dropFirst()
            case UInt8(ascii: "{"):
                guard let close = closingBrace(after) else { return found }
                found += variables(ofBraced: after[(after.startIndex + 1)..<close], depth: depth)
                rest = after[(close + 1)...]
            default:
                let name = Self.name(after)
                if !name.isEmpty { found.append(TemplateVariable(name: Self.text(name))) }
                rest = after.dropFirst(name.count)
            }
        }
        return found
    }

    private static func variables(ofBraced inner: ArraySlice<UInt8>, depth: Int) -> [TemplateVariable] {
        let name = Self.name(inner)
        guard !name.isEmpty else { return [] }
        var variable = TemplateVariable(name: text(name))
        var rest = inner.dropFirst(name.count)
        if rest.first == UInt8(ascii: ":") { rest = rest.dropFirst() }
        let sign = rest.popFirst()
        switch sign {
        case UInt8(ascii: "-"): variable.defaultValue = text(rest)
        case UInt8(ascii: "+"): variable.presenceValue = text(rest)
        case UInt8(ascii: "?"): variable.isRequired = true
        default: break
        }
        return [variable] + variables(in: rest, depth: depth + 1)
    }
}

extension YAMLNode {
    /// All variables of all values, each once, in the order of the file.
    func templateVariables() -> [TemplateVariable] {
        var found: [TemplateVariable] = []
        var seen: Set<String> = []
        func visit(_ node: YAMLNode) {
            switch node.content {
            case .scalar(let scalar):
                guard scalar.text.utf8.contains(UInt8(ascii: "$")) else { return }
                found += Template.variables(in: scalar.text).filter { seen.insert($0.name).inserted }
            case .sequence(let items): items.forEach(visit)
            case .mapping(let pairs): for pair in pairs { visit(pair.value) }
            }
        }
        visit(self)
        return found
    }
}
