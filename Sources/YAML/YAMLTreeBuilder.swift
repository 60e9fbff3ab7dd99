// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CYAML
import Core

/// Builds trees from libyaml's events, without recursion.
struct YAMLTreeBuilder {
    /// Deeper nesting is refused: those who walk the tree recurse.
    static let depthLimit = 200
    /// How many values a file may have: memory is a multiple of it.
    static let nodeLimit = 300_000
    /// How many nodes the aliases of a document may stand for together.
    static let aliasLimit = 200_000

    let source: SourceFile
    var documents: [YAMLNode] = []
    var diagnostics = Diagnostics()

    /// A finished value with what the bounds need to know.
    private struct Built {
        var node: YAMLNode
        var size = 1
        var depth = 0
    }

    /// A sequence or mapping whose end has not come yet.
    private struct Open {
        var isMapping: Bool
        /// In brackets or braces, and not by indentation.
        var isFlow: Bool
        var items: [YAMLNode] = []
        var pairs: [YAMLPair] = []
        var merges: [YAMLNode] = []
        var key: YAMLNode?
        var tag: String?
        var anchor: String?
        var start: yaml_mark_t
        var size = 1
        var depth = 0
        /// The places of the keys so far, once there are too many to look through.
        var seen: [String: Int] = [:]
    }

    private var open: [Open] = []
    private var anchors: [String: Built] = [:]
    private var aliased = 0
    private var count = 0

    init(source: SourceFile) {
        self.source = source
    }

    /// Takes one event; false if reading on makes no sense.
    mutating func take(_ event: yaml_event_t) -> Bool {
        let span = YAMLSpan(event.start_mark, event.end_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            anchors = [:]
            aliased = 0
            return true
        case YAML_SCALAR_EVENT:
            let data = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
            let isPlain = data.style == YAML_PLAIN_SCALAR_STYLE
            let node = YAMLNode(
                .scalar(YAMLScalar(text, isPlain: isPlain)), tag: Self.string(data.tag), source: source, span: span)
            return add(Built(node: node), anchor: Self.string(data.anchor))
        case YAML_SEQUENCE_START_EVENT:
            let data = event.data.sequence_start
            return begin(
                Open(
                    isMapping: false, isFlow: data.style == YAML_FLOW_SEQUENCE_STYLE, tag: Self.string(data.tag),
                    anchor: Self.string(data.anchor),
                    start: event.start_mark),
                span)
        case YAML_MAPPING_START_EVENT:
            let data = event.data.mapping_start
            return begin(
                Open(
                    isMapping: true, isFlow: data.style == YAML_FLOW_MAPPING_STYLE, tag: Self.string(data.tag),
                    anchor: Self.string(data.anchor),
                    start: event.start_mark),
                span)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            return end(event.end_mark)
        case YAML_ALIAS_EVENT:
            return alias(Self.string(event.data.alias.anchor) ?? "", span)
        default:
            return true
        }
    }

    private mutating func begin(_ frame: Open, _ span: YAMLSpan) -> Bool {
        guard open.count < Self.depthLimit else {
            report("yaml-depth", "nested deeper than \(Self.depthLimit) levels", at: span)
            return false
        }
        open.append(frame)
        return true
    }

    private mutating func end(_ mark: yaml_mark_t) -> Bool {
        guard let frame = open.popLast() else { return false }
        let content: YAMLNode.Content =
            frame.isMapping ? .mapping(merged(frame)) : .sequence(frame.items)
        let node = YAMLNode(content, tag: frame.tag, source: source, span: YAMLSpan(frame.start, mark))
        return add(Built(node: node, size: frame.size, depth: frame.depth + 1), anchor: frame.anchor)
    }

    /// Ends what is open, with what is whole in the document's mapping and in the one that is open within it.
    mutating func closeOutermost() {
        guard let first = open.first, first.isMapping else { return }
        var (outer, inner) = (first, open.dropFirst().first)
        if inner?.isMapping == true, open.count == 2 { _ = inner?.pairs.popLast() }
        if open.count == 1 { _ = outer.pairs.popLast() }
        if let key = outer.key, let inner, inner.isMapping {
            let span = YAMLSpan(inner.start, inner.start)
            let node = YAMLNode(.mapping(merged(inner)), tag: inner.tag, source: source, span: span)
            outer.pairs.append(YAMLPair(key: key, name: key.scalar?.text ?? "", value: node))
        }
        if !outer.pairs.isEmpty {
            documents.append(
                YAMLNode(
                    .mapping(merged(outer)), tag: outer.tag, source: source, span: YAMLSpan(outer.start, outer.start)))
        }
        open = []
    }

    private mutating func alias(_ name: String, _ span: YAMLSpan) -> Bool {
        guard let target = anchors[name] else {
            if open.contains(where: { $0.anchor == name }) {
                report("yaml-alias-cycle", "the alias '*\(name)' stands inside the value that it refers to", at: span)
            } else {
                report(
                    "yaml-unknown-anchor", "unknown anchor '\(name)'", at: span,
                    hint: nearestName(to: name, among: anchors.keys.sorted()).map { "did you mean '*\($0)'?" })
            }
            return false
        }
        aliased += target.size
        guard aliased <= Self.aliasLimit, open.count + target.depth <= Self.depthLimit else {
            report("yaml-alias-bomb", "the aliases expand to too much", at: span)
            return false
        }
        return add(target, anchor: nil)
    }

    /// Puts a finished value where it belongs.
    private mutating func add(_ built: Built, anchor: String?) -> Bool {
        count += 1
        guard count <= Self.nodeLimit else {
            report("yaml-size", "more than \(Self.nodeLimit) values", at: built.node.span)
            return false
        }
        if let anchor { anchors[anchor] = built }
        guard let top = open.indices.last else {
            documents.append(built.node)
            return true
        }
        open[top].size += built.size
        open[top].depth = max(open[top].depth, built.depth)
        guard open[top].isMapping else {
            open[top].items.append(built.node)
            return true
        }
        guard let key = open[top].key else {
            guard built.node.scalar != nil else {
                report("yaml-key", "a key must be a plain word or a string", at: built.node.span)
                return false
            }
            open[top].key = built.node
            return true
        }
        open[top].key = nil
        add(key, built.node, to: top)
        return true
    }

    private mutating func add(_ key: YAMLNode, _ value: YAMLNode, to frame: Int) {
        guard let scalar = key.scalar else { return }
        if scalar.text == "<<", scalar.isPlain, key.tag == nil || key.tag == "tag:yaml.org,2002:merge" {
            open[frame].merges.append(value)
            return
        }
        if let first = position(of: scalar.text, in: frame) {
            let earlier = open[frame].pairs[first].key
            report(
                "duplicate-key", "the key '\(scalar.text)' stands twice in this mapping", at: key.span,
                notes: [Diagnostic.Note("it is first given here", at: earlier.place)])
            return
        }
        open[frame].pairs.append(YAMLPair(key: key, name: scalar.text, value: value))
    }

    /// The index of a key among those of an open mapping; in constant time for long mappings.
    private mutating func position(of name: String, in frame: Int) -> Int? {
        let count = open[frame].pairs.count
        if count < 8 { return open[frame].pairs.firstIndex { $0.name == name } }
        while open[frame].seen.count < count {
            let next = open[frame].seen.count
            open[frame].seen[open[frame].pairs[next].name] = next
        }
        return open[frame].seen[name]
    }

    /// The pairs with those of the merge keys added: a key of the mapping itself wins, then that of the first merged one.
    private mutating func merged(_ frame: Open) -> [YAMLPair] {
        guard !frame.merges.isEmpty else { return frame.pairs }
        var pairs = frame.pairs
        var names = Set(pairs.map(\.name))
        for value in frame.merges {
            for source in value.sequence ?? [value] {
                guard let added = source.mapping else {
                    report(
                        "yaml-merge-key", "the value of '<<' must be a mapping or a list of mappings", at: source.span)
                    continue
                }
                for pair in added where names.insert(pair.name).inserted { pairs.append(pair) }
            }
        }
        return pairs
    }

    /// The bracket or brace that was opened last and not closed.
    var unclosed: Diagnostic.Note? {
        guard let frame = open.last, frame.isFlow else { return nil }
        let start = frame.start
        let end = yaml_mark_t(index: start.index + 1, line: start.line, column: start.column + 1)
        return Diagnostic.Note(
            "this \(frame.isMapping ? "brace" : "bracket") is not closed", at: place(YAMLSpan(start, end)))
    }

    mutating func report(
        _ code: String, _ message: String, at span: YAMLSpan?, notes: [Diagnostic.Note] = [], hint: String? = nil
    ) {
        diagnostics.add(Diagnostic(code: code, message, at: span.map { place($0) }, notes: notes, hint: hint))
    }

    func place(_ span: YAMLSpan) -> Diagnostic.Place {
        YAMLNode(.sequence([]), source: source, span: span).place
    }

    private static func string(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        bytes.map { String(cString: $0) }
    }
}
