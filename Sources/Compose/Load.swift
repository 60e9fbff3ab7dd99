// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Reads a project: finds the files, replaces variables, merges, checks, and fills in names and defaults.
///
/// Reads files and nothing else. Throws all mistakes at once; `warn` hears of doubts, in the order of the files, also when
/// there are mistakes.
package func load(_ request: LoadRequest, warn: (Diagnostic) -> Void = { _ in }) throws(LoadError) -> Project {
    let surroundings = try Surroundings(request)
    var documents = try readDocuments(surroundings)
    let name = try projectName(request, surroundings, documents)

    var environment = surroundings.environment
    environment["COMPOSE_PROJECT_NAME"] = name
    var interpolation = TreeInterpolation(environment: environment)
    for index in documents.indices { interpolation.interpolate(&documents[index]) }

    var merge = TreeMerge()
    var root = merge.stripped(documents[0])
    for document in documents.dropFirst() { root = merge.merge(document, onto: root) }

    var reader = TreeReader(directory: surroundings.projectDirectory, environment: environment)
    let draft = reader.project(root, name: name)
    var project = Project(name: name, workingDirectory: surroundings.projectDirectory)
    project.files = surroundings.files
    project.environmentFiles = surroundings.environmentFiles
    project.environment = environment
    project.extensions = draft.extensions
    project.activeProfiles = ServiceSelection.profiles(request, environment: environment)
    var (enabled, disabled) = ServiceSelection.split(
        draft.services, profiles: &project.activeProfiles, named: request.services)
    for index in enabled.indices {
        reader.resolveEnvironment(of: &enabled[index])
        reader.resolveLabels(of: &enabled[index])
        Resolution.addImpliedDependencies(&enabled[index])
    }
    var check = ReferenceCheck(enabled: enabled, disabled: disabled, declared: draft)
    check.run()
    var mistakes = check.diagnostics.items
    for draft in enabled {
        var check = ServiceCheck(draft)
        check.run()
        mistakes += check.diagnostics.items
    }

    let all = Diagnostics(
        interpolation.diagnostics.items + merge.diagnostics.items + reader.diagnostics.items + mistakes
    ).sorted(files: surroundings.displayNames)
    for warning in all.warnings { warn(warning) }
    guard !all.hasErrors else { throw .invalid(Diagnostics(all.items.filter { $0.severity == .error })) }

    for index in enabled.indices { Resolution.addDefaultNetwork(&enabled[index]) }
    project.services = enabled.map(Resolution.finished)
    project.disabledServices = disabled.map(Resolution.finished)
    try ServiceSelection.select(request, in: &project)
    Resolution.addResources(draft, to: &project)
    return project
}

/// All documents of all files; each is a mapping.
private func readDocuments(_ surroundings: Surroundings) throws(LoadError) -> [YAMLNode] {
    var documents: [YAMLNode] = []
    var diagnostics = Diagnostics()
    for (path, displayName) in zip(surroundings.files, surroundings.displayNames) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = path == "-" ? try FileReading.standardInput() : try FileReading.bytes(of: path)
        } catch {
            throw .single("bad-file", "compose file \"\(displayName)\" is invalid: \(error.reason)")
        }
        let source = SourceFile(name: displayName, bytes: bytes)
        do throws(Diagnostics) {
            let found = try readYAML(source)
            if found.isEmpty { diagnostics.add(emptyFile(source)) }
            for document in found {
                if case .mapping(let pairs) = document.content {
                    if pairs.isEmpty { diagnostics.add(emptyFile(source)) }
                    documents.append(document)
                } else {
                    diagnostics.add(
                        Diagnostic(
                            code: "wrong-type", "the top level must be a mapping, not \(document.kind)",
                            at: document.place))
                }
            }
        } catch {
            for item in error.items { diagnostics.add(item) }
        }
    }
    guard diagnostics.items.isEmpty else { throw .invalid(diagnostics) }
    guard !documents.isEmpty else { throw .single("empty-file", "empty compose file") }
    return documents
}

private func emptyFile(_ source: SourceFile) -> Diagnostic {
    let range = SourceRange(file: source.name, startLine: 1, startColumn: 1, endLine: 1, endColumn: 1)
    return Diagnostic(code: "empty-file", "empty compose file", at: Diagnostic.Place(range))
}

/// `-p`, `COMPOSE_PROJECT_NAME`, the last top-level `name`, the directory (Compose Specification, 04-version-and-name.md).
private func projectName(
    _ request: LoadRequest, _ surroundings: Surroundings, _ documents: [YAMLNode]
) throws(LoadError) -> String {
    if let name = request.projectName, !name.isEmpty { return try ProjectName.validated(name) }
    if let name = surroundings.environment["COMPOSE_PROJECT_NAME"], !name.isEmpty {
        return try ProjectName.validated(name)
    }
    var name = ""
    var interpolation = TreeInterpolation(environment: surroundings.environment)
    for document in documents {
        // Another type is reported with all other mistakes.
        guard let node = document["name"], case .string(let text)? = node.value else { continue }
        name = ProjectName.normalized(interpolation.expanded(text, node))
    }
    if interpolation.diagnostics.hasErrors { throw .invalid(interpolation.diagnostics) }
    if name.isEmpty { name = ProjectName.normalized(Path.lastComponent(of: surroundings.projectDirectory)) }
    guard !name.isEmpty else {
        throw .single(
            "project-name", "project name must not be empty", hint: "give one with -p, or with the top-level key name")
    }
    return name
}
