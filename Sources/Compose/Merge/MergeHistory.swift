// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Which values of earlier files a value of a later one overrides.
struct MergeHistory {
    private struct Key: Hashable {
        var source: ObjectIdentifier
        var span: YAMLSpan

        init(_ node: YAMLNode) {
            source = ObjectIdentifier(node.source)
            span = node.span
        }
    }

    private var overridden: [Key: [YAMLNode]] = [:]

    mutating func note(_ node: YAMLNode, overrides earlier: YAMLNode) {
        overridden[Key(node), default: []].append(earlier)
    }

    /// What the node overrides, the nearest first; of what that overrides in turn, too.
    func overridden(by node: YAMLNode) -> [YAMLNode] {
        var result: [YAMLNode] = []
        var seen: Set<Key> = [Key(node)]
        var pending = overridden[Key(node)] ?? []
        while !pending.isEmpty {
            let next = pending.removeFirst()
            guard seen.insert(Key(next)).inserted else { continue }
            result.append(next)
            pending += overridden[Key(next)] ?? []
        }
        return result
    }
}
