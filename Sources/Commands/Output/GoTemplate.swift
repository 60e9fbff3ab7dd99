// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core

/// The part of Go's templates (text/template) that output is formatted with: text with `\t` and `\n`, `{{.Field.Inner}}`,
/// `{{range …}}`, `{{if …}}`, `{{else}}` and `{{end}}`, the functions `json`, `upper`, `lower`, `join`, `index` and `len`,
/// parentheses, and a value piped to a function.
struct GoTemplate {
    indirect enum Node {
        case text(String)
        case value(Expression)
        case range(Expression, [Node], otherwise: [Node])
        case condition(Expression, [Node], otherwise: [Node])
    }

    indirect enum Expression {
        /// What the template, or a `range` around it, is about.
        case context
        case literal(Document)
        case field(Expression, String)
        case call(Function, [Expression])
    }

    enum Function: String, CaseIterable { case json, upper, lower, join, index, len }

    let nodes: [Node]

    /// - Throws: `Failure` where the value has not what a function or a `range` wants.
    func text(of value: Document) throws(Failure) -> String { try Self.text(nodes, value) }

    /// The fields that are asked for first of all, in their order.
    var fieldNames: [String] { nodes.flatMap(Self.names) }

    private static func names(_ node: Node) -> [String] {
        switch node {
        case .text: []
        case .value(let expression): names(expression)
        case .range(let expression, _, let otherwise): names(expression) + otherwise.flatMap(names)
        case .condition(let expression, let nodes, let otherwise):
            names(expression) + (nodes + otherwise).flatMap(names)
        }
    }

    private static func names(_ expression: Expression) -> [String] {
        switch expression {
        case .context, .literal: []
        case .field(.context, let name): [name]
        case .field(let inner, _): names(inner)
        case .call(_, let arguments): arguments.flatMap(names)
        }
    }

    // MARK: Values

    private static func text(_ nodes: [Node], _ context: Document) throws(Failure) -> String {
        var text = ""
        for node in nodes {
            switch node {
            case .text(let part): text += part
            case .value(let expression): text += try value(of: expression, context).map(\.goText) ?? "<no value>"
            case .range(let expression, let nodes, let otherwise):
                let items = try items(of: value(of: expression, context))
                if items.isEmpty { text += try Self.text(otherwise, context) }
                for item in items { text += try Self.text(nodes, item) }
            case .condition(let expression, let nodes, let otherwise):
                let holds = try value(of: expression, context)?.isTrue ?? false
                text += try Self.text(holds ? nodes : otherwise, context)
            }
        }
        return text
    }

    private static func items(of value: Document?) throws(Failure) -> [Document] {
        switch value {
        case .array(let items): items
        case .object(let fields): fields.map(\.value)
        case .null, nil: []
        default: throw Failure("the template's range is over \(value?.goText ?? ""), which is no list")
        }
    }

    /// Nil for what is not there.
    private static func value(of expression: Expression, _ context: Document) throws(Failure) -> Document? {
        switch expression {
        case .context: return context
        case .literal(let value): return value
        case .field(let inner, let name): return try value(of: inner, context)?[name]
        case .call(let function, let arguments):
            var values: [Document?] = []
            for argument in arguments { values.append(try value(of: argument, context)) }
            return try apply(function, values)
        }
    }

    private static func apply(_ function: Function, _ arguments: [Document?]) throws(Failure) -> Document? {
        let first = arguments[0] ?? .null
        switch function {
        case .json: return .string(first.json(indent: false, sortedKeys: true))
        case .upper: return .string(first.goText.uppercased())
        case .lower: return .string(first.goText.lowercased())
        case .join: return .string(try items(of: first).map(\.goText).joined(separator: arguments[1]?.goText ?? ""))
        case .index:
            var value: Document? = first
            for key in arguments.dropFirst() { value = try index(value, key) }
            return value
        case .len: return .int(Int64(try length(of: first)))
        }
    }

    private static func index(_ value: Document?, _ key: Document?) throws(Failure) -> Document? {
        switch (value, key) {
        case (.array(let items), .int(let number)):
            guard items.indices.contains(Int(number)) else {
                throw Failure("the template's index \(number) is outside of a list of \(items.count)")
            }
            return items[Int(number)]
        case (.object, .string(let name)): return value?[name] ?? .string("")
        case (.null, _), (nil, _): return nil
        default: throw Failure("the template's index \(key?.goText ?? "") does not fit \(value?.goText ?? "")")
        }
    }

    private static func length(of value: Document) throws(Failure) -> Int {
        if case .string(let text) = value { return text.utf8.count }
        return try items(of: value).count
    }
}

extension Document {
    /// What a value that can be encoded is as JSON; the fields of an object in the order of their names.
    init(encoding value: some Encodable) throws {
        self = try decodeJSON(JSONValue.self, from: encodeJSON(value)).document
    }

    /// As Go prints a value.
    fileprivate var goText: String {
        switch self {
        case .null: "<no value>"
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let text): text
        case .array(let items): "[\(items.map(\.goText).joined(separator: " "))]"
        case .object(let fields):
            "map[\(fields.sorted { $0.name < $1.name }.map { "\($0.name):\($0.value.goText)" }.joined(separator: " "))]"
        }
    }

    /// What Go's `if` makes of it.
    fileprivate var isTrue: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .unsigned(let value): value != 0
        case .double(let value): value != 0
        case .string(let text): !text.isEmpty
        case .array(let items): !items.isEmpty
        case .object(let fields): !fields.isEmpty
        }
    }
}

/// Reads any JSON.
private struct JSONValue: Decodable {
    let document: Document

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let fields = try Self.ifSo({ try decoder.container(keyedBy: Key.self) }) {
            document = .object(
                try fields.allKeys.sorted { $0.stringValue < $1.stringValue }.map {
                    Document.Field($0.stringValue, try fields.decode(JSONValue.self, forKey: $0).document)
                })
        } else if var items = try Self.ifSo({ try decoder.unkeyedContainer() }) {
            var values: [Document] = []
            while !items.isAtEnd { values.append(try items.decode(JSONValue.self).document) }
            document = .array(values)
        } else {
            document = try Self.scalar(decoder.singleValueContainer())
        }
    }

    private static func scalar(_ value: any SingleValueDecodingContainer) throws -> Document {
        if value.decodeNil() { return .null }
        if let bool = try ifSo({ try value.decode(Bool.self) }) { return .bool(bool) }
        if let number = try ifSo({ try value.decode(Int64.self) }) { return .int(number) }
        if let number = try ifSo({ try value.decode(UInt64.self) }) { return .unsigned(number) }
        if let number = try ifSo({ try value.decode(Double.self) }) { return .double(number) }
        return .string(try value.decode(String.self))
    }

    /// Nil where the value is of another kind, as the decoder says: there is no other way to ask it.
    private static func ifSo<T>(_ read: () throws -> T) throws -> T? {
        do { return try read() } catch is DecodingError { return nil }
    }
}
