// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Where a value of the merged files comes from, as `config --explain` shows it.
package struct Explanation: Hashable, Sendable {
    package struct Setting: Hashable, Sendable {
        /// As text; a list or mapping in words.
        package var value: String
        package var location: SourceLocation
    }

    /// `services.web.ports[0]`
    package var path: String
    package var setting: Setting
    /// What it overrides, the nearest first.
    package var overridden: [Setting]

    package var text: String {
        let lines = overridden.map { "  overrides \($0.location): \($0.value)\n" }
        return "\(path) = \(setting.value)\n  \(setting.location)\n" + lines.joined()
    }

    package var document: Document {
        func document(_ setting: Setting) -> [Document.Field] {
            [
                Document.Field("value", .string(setting.value)), Document.Field("file", .string(setting.location.file)),
                Document.Field("line", .int(Int64(setting.location.line))),
                Document.Field("column", .int(Int64(setting.location.column))),
            ]
        }
        return .object(
            [Document.Field("path", .string(path))] + document(setting)
                + [Document.Field("overrides", .array(overridden.map { .object(document($0)) }))])
    }
}

extension MergeHistory {
    /// All values of the tree, in its order, or those at one of the key paths and below.
    func explanations(of root: YAMLNode, at paths: [String]) -> [Explanation] {
        var result: [Explanation] = []
        func isWanted(_ path: String) -> Bool {
            paths.isEmpty || paths.contains { path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
        }
        func visit(_ node: YAMLNode, _ path: String) {
            switch node.content {
            case .mapping(let pairs) where !pairs.isEmpty:
                for pair in pairs { visit(pair.value, path.isEmpty ? pair.name : "\(path).\(pair.name)") }
            case .sequence(let items) where !items.isEmpty:
                for (index, item) in items.enumerated() { visit(item, "\(path)[\(index)]") }
            default:
                guard isWanted(path) else { return }
                result.append(
                    Explanation(
                        path: path, setting: setting(node), overridden: overridden(by: node).map(setting)))
            }
        }
        visit(root, "")
        return result
    }

    private func setting(_ node: YAMLNode) -> Explanation.Setting {
        Explanation.Setting(value: node.scalar?.text ?? node.kind, location: node.location)
    }
}
