// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

/// A value of a YAML document that knows where it stands.
package struct YAMLNode: Sendable {
    package enum Content: Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLPair])
    }

    package var content: Content
    /// The tag as written (`!reset`, `tag:yaml.org,2002:str`), nil where the file has none.
    package var tag: String?
    package var source: SourceFile
    package var span: YAMLSpan

    package init(_ content: Content, tag: String? = nil, source: SourceFile, span: YAMLSpan) {
        self.content = content
        self.tag = tag
        self.source = source
        self.span = span
    }
}

/// The text of a scalar with its escapes and folding undone.
package struct YAMLScalar: Hashable, Sendable {
    package var text: String
    /// Plain scalars may mean null, a Boolean or a number; quoted ones and blocks are strings.
    package var isPlain: Bool

    package init(_ text: String, isPlain: Bool) {
        self.text = text
        self.isPlain = isPlain
    }
}

/// A key with its value. The key's node is always a scalar.
package struct YAMLPair: Sendable {
    package var key: YAMLNode
    package var name: String
    package var value: YAMLNode

    package init(key: YAMLNode, name: String, value: YAMLNode) {
        self.key = key
        self.name = name
        self.value = value
    }
}

/// Where a node stands in its file: lines and columns from 1, the end just after its last character.
package struct YAMLSpan: Hashable, Sendable {
    package var startLine: UInt32
    package var startColumn: UInt32
    package var endLine: UInt32
    package var endColumn: UInt32

    package init(startLine: UInt32, startColumn: UInt32, endLine: UInt32, endColumn: UInt32) {
        self.startLine = startLine
        self.startColumn = startColumn
        self.endLine = endLine
        self.endColumn = endColumn
    }
}

extension YAMLNode {
    package var range: SourceRange {
        SourceRange(
            file: source.name, startLine: Int(span.startLine), startColumn: Int(span.startColumn),
            endLine: Int(span.endLine), endColumn: Int(span.endColumn))
    }

    package var location: SourceLocation {
        SourceLocation(file: source.name, line: Int(span.startLine), column: Int(span.startColumn))
    }

    /// The place for a diagnostic, with its line quoted.
    package var place: Diagnostic.Place {
        Diagnostic.Place(range, excerpt: source.excerpt(Int(span.startLine)))
    }

    package var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    package var sequence: [YAMLNode]? {
        if case .sequence(let items) = content { items } else { nil }
    }

    package var mapping: [YAMLPair]? {
        if case .mapping(let pairs) = content { pairs } else { nil }
    }

    /// The value of a key of a mapping. Linear.
    package subscript(key: String) -> YAMLNode? {
        mapping?.first { $0.name == key }?.value
    }
}
