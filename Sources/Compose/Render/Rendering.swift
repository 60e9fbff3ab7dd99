// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What `docker compose config --format json` prints, with a line break at the end.
package func renderJSON(_ project: Project) -> String {
    // docker compose leaves the top-level models out of its JSON.
    var project = project
    project.models = []
    return project.document.asDockerComposePrintsJSON().escapingDollars().json() + "\n"
}

/// What `docker compose config` prints: a Compose file that loads as the same project.
package func renderYAML(_ project: Project) -> String {
    project.document.escapingDollars().yaml()
}

extension Document {
    /// With every dollar sign doubled, so that reading it again finds no variables.
    package func escapingDollars() -> Document {
        switch self {
        case .string(let text): .string(text.escapingDollars())
        case .array(let items): .array(items.map { $0.escapingDollars() })
        case .object(let fields): .object(fields.map { Field($0.name.escapingDollars(), $0.value.escapingDollars()) })
        case .null, .bool, .int, .unsigned, .double: self
        }
    }
}

extension Document {
    /// As docker compose's JSON has it: `Path`, `Rate` and `Weight` inside of `blkio_config`, and no zeros in limits and
    /// device requests.
    fileprivate func asDockerComposePrintsJSON() -> Document {
        changing(["services", "*", "blkio_config", "*", "*"]) { device in
            guard case .object(let fields) = device else { return device }
            return .object(fields.map { Field($0.name.prefix(1).uppercased() + $0.name.dropFirst(), $0.value) })
        }
        .changing(["services", "*", "ulimits", "*"]) { $0.withoutZeros }
        .changing(["services", "*", "build", "ulimits", "*"]) { $0.withoutZeros }
        .changing(["services", "*", "gpus", "*"]) { $0.withoutZeros }
        .changing(["services", "*", "deploy", "resources", "reservations", "devices", "*"]) { $0.withoutZeros }
    }

    private var withoutZeros: Document {
        guard case .object(let fields) = self else { return self }
        return .object(fields.filter { $0.value != .int(0) })
    }

    /// With the values at the key path changed; `*` is each field of an object or item of an array.
    private func changing(_ path: [String], _ change: (Document) -> Document) -> Document {
        guard let first = path.first else { return change(self) }
        let rest = Array(path.dropFirst())
        switch self {
        case .object(let fields):
            return .object(
                fields.map { first == "*" || $0.name == first ? Field($0.name, $0.value.changing(rest, change)) : $0 })
        case .array(let items) where first == "*": return .array(items.map { $0.changing(rest, change) })
        default: return self
        }
    }
}

extension String {
    fileprivate func escapingDollars() -> String {
        guard utf8.contains(UInt8(ascii: "$")) else { return self }
        var result = ""
        for character in unicodeScalars {
            if character == "$" { result += "$" }
            result.unicodeScalars.append(character)
        }
        return result
    }
}
