// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Core
import Images

/// A value of a service that is not what a container was made from.
package struct FieldChange: Codable, Hashable, Sendable {
    /// `environment.DB_URL`, `ports[0].published`
    package var path: String
    /// Where the new value stands, or what it is missing from.
    package var place: SourceLocation?
    /// As JSON; nil where there was none, or is none.
    package var old: String?
    package var new: String?

    /// `environment.DB_URL (compose.yaml:12:7) "a" → "b"`
    package var text: String {
        let values =
            switch (old, new) {
            case (let old?, let new?): "\(old) → \(new)"
            case (nil, let new?): "added \(new)"
            case (let old?, nil): "removed \(old)"
            case (nil, nil): "changed"
            }
        return "\(path)\(place.map { " (\($0))" } ?? "") \(values)"
    }
}

extension FieldChange {
    /// What makes a container stale, field by field.
    ///
    /// - Parameters:
    ///   - goal: the hash that a container of the service is to have.
    static func all(_ config: ContainerConfig, _ service: Service, goal: String) -> [FieldChange] {
        var changes: [FieldChange] = []
        compare(
            containerDocument(of: config.definition), containerDocument(of: service), "", service, &changes)
        // After the service's own hash come the image, the networks, the volumes, and the content of files.
        let old = surroundings(config.hash), new = surroundings(goal)
        for (index, name) in ["image", "networks", "volumes"].enumerated() {
            let (before, after) = (index < old.count ? old[index] : "", index < new.count ? new[index] : "")
            if before == after || changes.contains(where: { $0.path == name || $0.path.hasPrefix("\(name).") }) {
                continue
            }
            let isContent = name == "volumes"
            changes.append(
                FieldChange(
                    path: isContent ? "volumes, configs, secrets" : name, place: service.places[name],
                    old: isContent ? nil : "\"\(before)\"", new: isContent ? nil : "\"\(after)\""))
        }
        return changes
    }

    private static func surroundings(_ hash: String) -> [String] {
        hash.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).dropFirst().map(String.init)
    }

    private static func compare(
        _ old: Document?, _ new: Document?, _ path: String, _ service: Service, _ changes: inout [FieldChange]
    ) {
        if old == new { return }
        switch (old, new) {
        case (.object(let before)?, .object(let after)?):
            let names = after.map(\.name) + before.map(\.name).filter { name in !after.contains { $0.name == name } }
            for name in names {
                compare(old?[name], new?[name], path.isEmpty ? name : "\(path).\(name)", service, &changes)
            }
        case (.array(let before)?, .array(let after)?):
            for index in 0..<max(before.count, after.count) {
                compare(
                    index < before.count ? before[index] : nil, index < after.count ? after[index] : nil,
                    "\(path)[\(index)]", service, &changes)
            }
        default:
            func text(_ value: Document?) -> String? {
                switch value {
                case nil, .null?: nil
                case let value?: value.json(indent: false)
                }
            }
            changes.append(FieldChange(path: path, place: service.place(path), old: text(old), new: text(new)))
        }
    }
}
