// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// The circles that dependencies go in: depth first, without recursion; each way back into the current path is one.
///
/// - Parameter names: the position of each service in `enabled`.
func dependencyCycles(_ enabled: [ServiceDraft], _ names: [String: Int]) -> [Diagnostic] {
    /// Where everything depends on everything, some are enough to mend it.
    let limit = 20
    var cycles: [Diagnostic] = []
    enum Mark { case new, open, done }
    var marks = Array(repeating: Mark.new, count: enabled.count)
    for start in enabled.indices where marks[start] == .new {
        var path: [(service: Int, next: Int)] = [(start, 0)]
        marks[start] = .open
        while let (service, next) = path.last {
            let dependencies = enabled[service].service.dependencies
            guard next < dependencies.count else {
                marks[service] = .done
                path.removeLast()
                continue
            }
            path[path.count - 1].next += 1
            guard let target = names[dependencies[next].service] else { continue }
            switch marks[target] {
            case .done: break
            case .new:
                marks[target] = .open
                path.append((target, 0))
            case .open where cycles.count >= limit: break
            case .open:
                let from = path.firstIndex { $0.service == target } ?? 0
                cycles.append(cycle(path[from...].map { enabled[$0.service] }))
            }
        }
    }
    return cycles
}

private func cycle(_ drafts: [ServiceDraft]) -> Diagnostic {
    let names = drafts.map(\.service.name)
    func node(_ step: Int) -> YAMLNode {
        let draft = drafts[step]
        return draft.nodes["depends_on.\(names[(step + 1) % names.count])"] ?? draft.nodes["network_mode"]
            ?? draft.node
    }
    let notes = drafts.indices.dropFirst().map {
        Diagnostic.Note("\(names[$0]) depends on \(names[($0 + 1) % names.count]) here", at: node($0).place)
    }
    let path = (names + [names[0]]).joined(separator: " → ")
    return Diagnostic(
        code: "dependency-cycle", "dependency cycle: \(path)", at: node(0).place, notes: Array(notes))
}
