// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// What the paths and variables of a file mean, where it is not one of the project's own files.
struct FileContext: Sendable {
    /// Where relative paths start.
    var directory: String
    /// Where the file's model belongs: the project's directory, or that of the `include`.
    var projectDirectory: String
    var environment: [String: String]
    /// Where the variables stand that come from files.
    var variablePlaces: [String: Diagnostic.Place] = [:]
}

/// The contexts of included and extended files.
struct FileContexts: Sendable {
    private var contexts: [ObjectIdentifier: FileContext] = [:]
    /// That of all other files.
    let project: FileContext

    init(project: FileContext) {
        self.project = project
    }

    mutating func set(_ context: FileContext, for source: SourceFile) {
        contexts[ObjectIdentifier(source)] = context
    }

    func context(of node: YAMLNode) -> FileContext {
        contexts.isEmpty ? project : contexts[ObjectIdentifier(node.source)] ?? project
    }
}
