// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import ArgumentParser
import Compose
import Core

extension GoTemplate {
    /// How deep blocks and parentheses may stand in each other.
    fileprivate static let depthLimit = 50

    /// - Throws: `ValidationError` for what Go's templates do not have, or this part of them.
    init(_ source: String) throws(ValidationError) {
        guard let parts = TemplatePart.split(source.replacing("\\t", with: "\t").replacing("\\n", with: "\n")) else {
            throw ValidationError("the template \(source) has no }} after {{")
        }
        var parser = BlockParser(parts: parts[...])
        nodes = try parser.nodes()
        if let end = parser.end { throw ValidationError("{{\(end)}} has nothing that it ends") }
    }
}

/// Puts the parts of a template into blocks.
private struct BlockParser {
    var parts: ArraySlice<TemplatePart>
    /// The word that ended the nodes read last; nil for the template's end.
    var end: String?
    private var trims = false
    private var depth = 0

    init(parts: ArraySlice<TemplatePart>) { self.parts = parts }

    mutating func nodes() throws(ValidationError) -> [GoTemplate.Node] {
        var nodes: [GoTemplate.Node] = []
        end = nil
        while let part = parts.popFirst() {
            switch part {
            case .text(let text): nodes.append(.text(trimmed(text)))
            case .field(let field):
                let action = action(in: field)
                let word = action.prefix { !$0.isWhitespace }
                let rest = action.dropFirst(word.count)
                switch word {
                case "end", "else":
                    guard rest.allSatisfy(\.isWhitespace) else {
                        throw ValidationError("{{\(field)}}: nothing can stand behind \(word)")
                    }
                    end = String(word)
                    return nodes
                case "range": nodes.append(try block(field, rest) { .range($0, $1, otherwise: $2) })
                case "if": nodes.append(try block(field, rest) { .condition($0, $1, otherwise: $2) })
                default: nodes.append(.value(try expression(field, action)))
                }
            }
        }
        return nodes
    }

    private mutating func block(
        _ field: Substring, _ subject: Substring,
        _ make: (GoTemplate.Expression, [GoTemplate.Node], [GoTemplate.Node]) -> GoTemplate.Node
    ) throws(ValidationError) -> GoTemplate.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= GoTemplate.depthLimit else { throw ValidationError("{{\(field)}}: blocks stand too deep") }
        let subject = try expression(field, subject)
        let nodes = try nodes()
        let otherwise = end == "else" ? try self.nodes() : []
        guard end == "end" else { throw ValidationError("{{\(field)}} has no {{end}}") }
        end = nil
        return make(subject, nodes, otherwise)
    }

    private func expression(_ field: Substring, _ text: Substring) throws(ValidationError) -> GoTemplate.Expression {
        var parser = ExpressionParser(field: field, rest: text)
        let expression = try parser.pipeline()
        guard parser.isAtEnd else { throw parser.error }
        return expression
    }

    /// What stands between the braces. `{{-` and `-}}` take away the white space beside them.
    private mutating func action(in field: Substring) -> Substring {
        var action = field
        if action.hasPrefix("- ") { action = action.dropFirst(2) }
        trims = action.hasSuffix(" -")
        if trims { action = action.dropLast(2) }
        action = action.drop(while: \.isWhitespace)
        while action.last?.isWhitespace == true { action.removeLast() }
        return action
    }

    private func trimmed(_ text: String) -> String {
        var text = text[...]
        if trims { text = text.drop(while: \.isWhitespace) }
        if case .field(let next)? = parts.first, next.hasPrefix("- ") {
            while text.last?.isWhitespace == true { text.removeLast() }
        }
        return String(text)
    }
}

/// Reads what a pair of braces has a value of.
private struct ExpressionParser {
    let field: Substring
    var rest: Substring
    private var depth = 0

    init(field: Substring, rest: Substring) { (self.field, self.rest) = (field, rest) }

    var error: ValidationError {
        let functions = GoTemplate.Function.allCases.map(\.rawValue).joined(separator: ", ")
        return ValidationError(
            "{{\(field)}}: a template has fields such as {{.Name}}, range, if, else, end, and the functions \(functions)"
        )
    }

    var isAtEnd: Bool { rest.allSatisfy(\.isWhitespace) }

    mutating func pipeline() throws(ValidationError) -> GoTemplate.Expression {
        var value = try term(piped: nil)
        while skip("|") { value = try term(piped: value) }
        return value
    }

    /// A function with its arguments, or a single value.
    private mutating func term(piped: GoTemplate.Expression?) throws(ValidationError) -> GoTemplate.Expression {
        rest = rest.drop(while: \.isWhitespace)
        let word = rest.prefix { $0.isLetter }
        if let function = GoTemplate.Function(rawValue: String(word)) {
            rest = rest.dropFirst(word.count)
            var arguments: [GoTemplate.Expression] = []
            while let argument = try operand() { arguments.append(argument) }
            if let piped { arguments.append(piped) }
            guard function.takes(arguments.count) else { throw error }
            return .call(function, arguments)
        }
        guard piped == nil, let value = try operand() else { throw error }
        return value
    }

    private mutating func operand() throws(ValidationError) -> GoTemplate.Expression? {
        rest = rest.drop(while: \.isWhitespace)
        switch rest.first {
        case ".":
            if rest.dropFirst().first.map({ !$0.isLetter && $0 != "_" }) ?? true {
                rest = rest.dropFirst()
                return .context
            }
            return fields(of: .context)
        case "(":
            rest = rest.dropFirst()
            depth += 1
            defer { depth -= 1 }
            guard depth <= GoTemplate.depthLimit else { throw error }
            let inner = try pipeline()
            guard skip(")") else { throw error }
            return fields(of: inner)
        case "\"", "`":
            guard let quote = rest.popFirst(), let end = rest.firstIndex(of: quote) else { throw error }
            defer { rest = rest[rest.index(after: end)...] }
            return .literal(.string(String(rest[..<end])))
        case let digit? where digit.isASCII && digit.isNumber:
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int64(digits) else { throw error }
            rest = rest.dropFirst(digits.count)
            return .literal(.int(number))
        default: return nil
        }
    }

    private mutating func fields(of inner: GoTemplate.Expression) -> GoTemplate.Expression {
        var expression = inner
        while rest.first == ".", rest.dropFirst().first.map({ $0.isLetter || $0 == "_" }) ?? false {
            let name = rest.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            expression = .field(expression, String(name))
            rest = rest.dropFirst(name.count + 1)
        }
        return expression
    }

    private mutating func skip(_ sign: Character) -> Bool {
        rest = rest.drop(while: \.isWhitespace)
        guard rest.first == sign else { return false }
        rest.removeFirst()
        return true
    }
}

extension GoTemplate.Function {
    fileprivate func takes(_ count: Int) -> Bool {
        switch self {
        case .json, .upper, .lower, .len: count == 1
        case .join: count == 2
        case .index: count >= 2
        }
    }
}
