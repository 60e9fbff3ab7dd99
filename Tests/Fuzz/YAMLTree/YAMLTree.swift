// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Driver
import YAML

/// What is not YAML is refused, and the place of each value is within the file.
@main struct YAMLTree {
    static func main() {
        fuzz { start, count in
            let source = SourceFile(name: "fuzz", bytes: Array(UnsafeBufferPointer(start: start, count: count)))
            do throws(Diagnostics) {
                for document in try readYAML(source) { visit(document, in: source) }
            } catch {
                expect(!error.items.isEmpty, "refused without a reason")
                expect(!error.description.isEmpty, "nothing to say")
            }
            return 0
        }
    }
}

private func visit(_ node: YAMLNode, in source: SourceFile) {
    expect(node.span.startLine >= 1 && node.span.startColumn >= 1, "a place before the file")
    _ = node.value
    switch node.content {
    case .scalar: break
    case .sequence(let items): for item in items { visit(item, in: source) }
    case .mapping(let pairs): for pair in pairs { visit(pair.value, in: source) }
    }
}
