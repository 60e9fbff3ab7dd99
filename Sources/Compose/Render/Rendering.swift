// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What `docker compose config --format json` prints, with a line break at the end.
package func renderJSON(_ project: Project) -> String {
    // docker compose leaves the top-level models out of its JSON.
    var project = project
    project.models = []
    return project.document.capitalizingBlockIO().escapingDollars().json() + "\n"
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
    /// With the names that docker compose's JSON has inside of `blkio_config`: `Path`, `Rate`, `Weight`.
    fileprivate func capitalizingBlockIO() -> Document {
        func capitalized(_ device: Document) -> Document {
            guard case .object(let fields) = device else { return device }
            return .object(fields.map { Field($0.name.prefix(1).uppercased() + $0.name.dropFirst(), $0.value) })
        }
        func devices(_ value: Document) -> Document {
            if case .array(let items) = value { .array(items.map(capitalized)) } else { value }
        }
        return mapping("services") { services in
            services.mappingAll { $0.mapping("blkio_config") { $0.mappingAll(devices) } }
        }
    }

    private func mapping(_ name: String, _ change: (Document) -> Document) -> Document {
        guard case .object(let fields) = self else { return self }
        return .object(fields.map { $0.name == name ? Field(name, change($0.value)) : $0 })
    }

    private func mappingAll(_ change: (Document) -> Document) -> Document {
        guard case .object(let fields) = self else { return self }
        return .object(fields.map { Field($0.name, change($0.value)) })
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
