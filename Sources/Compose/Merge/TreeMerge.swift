// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Merges documents of a project, the later ones over the earlier ones (Compose Specification, 13-merge.md).
struct TreeMerge {
    var diagnostics = Diagnostics()
    /// Leave the tags where they are, for a merge that comes later.
    var keepsTags = false
    /// What values override, where someone asks.
    var history: MergeHistory?

    /// A document by itself: what `!reset` marks is gone, `!override` has nothing to override.
    func stripped(_ node: YAMLNode) -> YAMLNode {
        guard !keepsTags else { return node }
        var node = node
        if node.tag == "!override" { node.tag = nil }
        switch node.content {
        case .scalar: break
        case .sequence(let items):
            node.content = .sequence(items.filter { $0.tag != "!reset" }.map(stripped))
        case .mapping(let pairs):
            node.content = .mapping(
                pairs.compactMap {
                    $0.value.tag == "!reset" ? nil : YAMLPair(key: $0.key, name: $0.name, value: stripped($0.value))
                })
        }
        return node
    }

    /// - Parameter path: where in a project both stand.
    mutating func merge(_ over: YAMLNode, onto base: YAMLNode, path: [String] = []) -> YAMLNode {
        if over.tag == "!override" {
            history?.note(over, overrides: base)
            return stripped(over)
        }
        let rule = MergeRule(path)
        switch rule {
        case .replace:
            history?.note(over, overrides: base)
            return stripped(over)
        case _ where over.isNull: return base
        case _ where base.isNull: return stripped(over)
        case .replaceUnlessNull:
            if case .mapping = over.content, case .mapping = base.content { return byKind(over, onto: base, path) }
            return stripped(over)
        case .byKind: return byKind(over, onto: base, path)
        case .keyValues: return keyValues(over, onto: base, path)
        case .names(let isDependency):
            return byKind(named(over, isDependency), onto: named(base, isDependency), path)
        case .gpus: return byKind(deviceList(over), onto: deviceList(base), path)
        case .append: return byKind(listed(over, path), onto: listed(base, path), path)
        case .build: return byKind(withContext(over), onto: withContext(base), path)
        case .logging:
            let (new, old) = (over["driver"]?.scalar?.text, base["driver"]?.scalar?.text)
            if let new, let old, new != old {
                history?.note(over, overrides: base)
                return stripped(over)
            }
            return byKind(over, onto: base, path)
        case .appendBy(let key): return append(over, onto: base, by: key, path)
        }
    }

    private mutating func byKind(_ over: YAMLNode, onto base: YAMLNode, _ path: [String]) -> YAMLNode {
        var result = base
        switch (base.content, over.content) {
        case (.scalar, _):
            history?.note(over, overrides: base)
            return stripped(over)
        case (.sequence(let old), .sequence(let new)):
            var known = Set(old.map(\.signature))
            let added = new.filter { (keepsTags || $0.tag != "!reset") && known.insert($0.signature).inserted }
            result.content = .sequence(old + added.map(stripped))
        case (.mapping(let old), .mapping(let new)):
            result.content = .mapping(merge(new, onto: old, path))
        default:
            conflict(over, base, path)
        }
        return result
    }

    private mutating func merge(_ new: [YAMLPair], onto old: [YAMLPair], _ path: [String]) -> [YAMLPair] {
        var pairs: [YAMLPair?] = old
        var positions: [String: Int] = [:]
        for (index, pair) in old.enumerated() { positions[pair.name] = index }
        for pair in new {
            if let index = positions[pair.name], let earlier = pairs[index] {
                pairs[index] =
                    pair.value.tag == "!reset"
                    ? (keepsTags ? pair : nil)
                    : YAMLPair(
                        key: pair.key, name: pair.name,
                        value: merge(pair.value, onto: earlier.value, path: path + [pair.name]))
            } else if keepsTags || pair.value.tag != "!reset" {
                positions[pair.name] = pairs.count
                pairs.append(YAMLPair(key: pair.key, name: pair.name, value: stripped(pair.value)))
            }
        }
        return pairs.compactMap { $0 }
    }

    private mutating func keyValues(_ over: YAMLNode, onto base: YAMLNode, _ path: [String]) -> YAMLNode {
        guard case .mapping(let old) = keyed(base).content, case .mapping(let new) = keyed(over).content else {
            conflict(over, base, path)
            return base
        }
        var pairs: [YAMLPair?] = old
        var positions: [String: Int] = [:]
        for (index, pair) in old.enumerated() { positions[pair.name] = index }
        for pair in new {
            let added =
                pair.value.tag == "!reset" && !keepsTags
                ? nil : YAMLPair(key: pair.key, name: pair.name, value: stripped(pair.value))
            if let index = positions[pair.name] {
                if let earlier = pairs[index] { history?.note(pair.value, overrides: earlier.value) }
                pairs[index] = added
            } else {
                positions[pair.name] = pairs.count
                pairs.append(added)
            }
        }
        var result = base
        result.content = .mapping(pairs.compactMap { $0 })
        return result
    }

    private mutating func append(_ over: YAMLNode, onto base: YAMLNode, by key: String, _ path: [String]) -> YAMLNode {
        guard case .sequence(let old) = base.content, case .sequence(let new) = over.content else {
            return byKind(over, onto: base, path)
        }
        var items = old
        for item in new {
            let name = item[key]?.scalar?.text
            if name != nil, let index = items.firstIndex(where: { $0[key]?.scalar?.text == name }) {
                items[index] = byKind(item, onto: items[index], path + ["*"])
            } else {
                items.append(stripped(item))
            }
        }
        var result = base
        result.content = .sequence(items)
        return result
    }

    private mutating func conflict(_ over: YAMLNode, _ base: YAMLNode, _ path: [String]) {
        diagnostics.add(
            Diagnostic(
                code: "merge-conflict",
                "cannot override \(path.joined(separator: ".")): \(over.kind) over \(base.kind)",
                at: over.place, notes: [Diagnostic.Note("it is given here", at: base.place)]))
    }

    /// A list of `KEY=VALUE` as a mapping; a key without a value gets null. Anything else as it is.
    private func keyed(_ node: YAMLNode) -> YAMLNode {
        guard case .sequence(let items) = node.content else { return node }
        var pairs: [YAMLPair] = []
        var positions: [String: Int] = [:]
        for item in items where item.tag != "!reset" {
            guard let text = item.scalar?.text else { return node }
            let equals = text.firstIndex(of: "=")
            let name = String(text[..<(equals ?? text.endIndex)])
            var value = item
            value.content = .scalar(
                equals.map { YAMLScalar(String(text[text.index(after: $0)...]), isPlain: false) }
                    ?? YAMLScalar("", isPlain: true))
            let pair = YAMLPair(key: item, name: name, value: value)
            if let index = positions[name] {
                pairs[index] = pair
            } else {
                positions[name] = pairs.count
                pairs.append(pair)
            }
        }
        var result = node
        result.content = .mapping(pairs)
        return result
    }

    /// A list of names as a mapping. Anything else as it is.
    private func named(_ node: YAMLNode, _ isDependency: Bool) -> YAMLNode {
        guard case .sequence(let items) = node.content else { return node }
        var result = node
        result.content = .mapping(
            items.map { item in
                var value = item
                value.content = .scalar(YAMLScalar("", isPlain: true))
                if isDependency {
                    func pair(_ key: String, _ text: String) -> YAMLPair {
                        func scalar(_ text: String) -> YAMLNode {
                            YAMLNode(.scalar(YAMLScalar(text, isPlain: true)), source: item.source, span: item.span)
                        }
                        return YAMLPair(key: scalar(key), name: key, value: scalar(text))
                    }
                    value.content = .mapping([pair("condition", "service_started"), pair("required", "true")])
                }
                return YAMLPair(key: item, name: item.scalar?.text ?? "", value: value)
            })
        return result
    }

    /// A path alone as the mapping that it stands for. Anything else as it is.
    private func withContext(_ node: YAMLNode) -> YAMLNode {
        guard case .scalar = node.content else { return node }
        var key = node
        key.content = .scalar(YAMLScalar("context", isPlain: true))
        var result = node
        result.content = .mapping([YAMLPair(key: key, name: "context", value: node)])
        return result
    }

    /// `all` as a list of the request that it stands for. Anything else as it is.
    private func deviceList(_ node: YAMLNode) -> YAMLNode {
        guard case .scalar = node.content else { return node }
        var key = node
        key.content = .scalar(YAMLScalar("count", isPlain: true))
        var request = node
        request.content = .mapping([YAMLPair(key: key, name: "count", value: node)])
        var result = node
        result.content = .sequence([request])
        return result
    }

    /// One string as a list of it, and the mapping form of `extra_hosts` as a list. Anything else as it is.
    private func listed(_ node: YAMLNode, _ path: [String]) -> YAMLNode {
        var result = node
        switch node.content {
        case .sequence: return node
        case .scalar: result.content = .sequence([node])
        case .mapping(let pairs):
            guard path.last == "extra_hosts" else { return node }
            result.content = .sequence(
                pairs.flatMap { pair in
                    (pair.value.sequence ?? [pair.value]).map { address in
                        var item = address
                        item.content = .scalar(YAMLScalar("\(pair.name)=\(address.scalar?.text ?? "")", isPlain: false))
                        return item
                    }
                })
        }
        return result
    }
}

extension YAMLNode {
    /// In words, for messages.
    var kind: String {
        switch content {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar:
            switch value {
            case .null?, nil: "null"
            case .bool: "a boolean"
            case .int, .unsigned, .float: "a number"
            case .timestamp: "a date"
            case .string: "a string"
            }
        }
    }
}
