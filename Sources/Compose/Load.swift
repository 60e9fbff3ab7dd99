// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Reads a project: finds the files, replaces variables, merges, checks, and fills in names and defaults.
///
/// Reads files and nothing else. Throws all mistakes at once; `warn` hears of doubts, in the order of the files, also when
/// there are mistakes.
package func load(_ request: LoadRequest, warn: (Diagnostic) -> Void = { _ in }) throws(LoadError) -> Project {
    let (surroundings, name, root, assembly) = try assemble(request)
    let environment = assembly.contexts.project.environment
    var reader = TreeReader(contexts: assembly.contexts, steps: request.steps)
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
        if request.steps.contains(.environmentResolution) { reader.resolveEnvironment(of: &enabled[index]) }
        reader.resolveLabels(of: &enabled[index])
        if request.steps.contains(.normalization) { Resolution.addImpliedDependencies(&enabled[index]) }
    }

    var found = assembly.allDiagnostics + reader.diagnostics.items
    if request.steps.contains(.consistency), !assembly.isPartial {
        found += inconsistencies(enabled, disabled, draft)
        for index in enabled.indices { Resolution.unifyScale(&enabled[index].service) }
    }
    let all = Diagnostics(assembly.explained(found)).sorted(files: surroundings.displayNames)
    for warning in all.warnings { warn(warning) }
    guard !all.hasErrors else { throw .invalid(Diagnostics(all.items.filter { $0.severity == .error })) }

    if request.steps.contains(.normalization) {
        for index in enabled.indices {
            Resolution.addDefaultNetwork(&enabled[index])
            Resolution.completePreStart(&enabled[index].service)
        }
    }
    project.services = enabled.map(Resolution.finished)
    project.disabledServices = disabled.map(Resolution.finished)
    try ServiceSelection.select(request, in: &project)
    Resolution.addResources(draft, to: &project, addsDefault: request.steps.contains(.normalization))
    return project
}

/// The project's name, and nothing else: of all other mistakes in the files only those that keep them from being read as YAML
/// are found.
package func loadName(_ request: LoadRequest) throws(LoadError) -> String {
    let surroundings = try Surroundings(request)
    let (files, unreadable) = try readFiles(surroundings)
    guard unreadable.items.isEmpty else { throw .invalid(unreadable) }
    guard !files.isEmpty else { throw .single("empty-file", "empty compose file") }
    return try projectName(request, surroundings, files)
}

/// The project as one document with no variable replaced, and so with no value read: what `config --no-interpolate` shows.
package func loadUninterpolated(_ request: LoadRequest) throws(LoadError) -> Document {
    let (_, name, root, assembly) = try assemble(request, replacingVariables: false)
    let known = (root["services"]?.mapping ?? []).map(\.name)
    if let unknown = request.services.first(where: { !known.contains($0) }) {
        throw ServiceSelection.noSuchService(unknown, among: known)
    }
    let reader = TreeReader(contexts: assembly.contexts, steps: request.steps)
    return RawRendering(reader: reader, projectName: name).document(root, services: request.services)
}

/// The variables that the project's files refer to, each once, in the order of the files.
package func loadVariables(_ request: LoadRequest) throws(LoadError) -> [TemplateVariable] {
    try assemble(request, replacingVariables: false).root.templateVariables()
}

/// Where the values of the merged files were set, and what they override there: all, or those at the key paths.
package func explain(_ request: LoadRequest, at paths: [String]) throws(LoadError) -> [Explanation] {
    let (_, _, root, assembly) = try assemble(request, recordingHistory: true)
    return assembly.merge.history?.explanations(of: root, at: paths) ?? []
}

/// Reads all files and makes one tree of them.
///
/// - Throws: what is wrong where nothing can be read on; where there is no project after it, all that is wrong.
private func assemble(
    _ request: LoadRequest, replacingVariables: Bool = true, recordingHistory: Bool = false
) throws(LoadError) -> (surroundings: Surroundings, name: String, root: YAMLNode, assembly: Assembly) {
    let surroundings = try Surroundings(request)
    let (files, unreadable) = try readFiles(surroundings)
    let name: String
    do throws(LoadError) {
        name = try projectName(request, surroundings, files)
    } catch {
        throw unreadable.items.isEmpty ? error : .invalid(unreadable)
    }
    var environment = surroundings.environment
    environment["COMPOSE_PROJECT_NAME"] = name
    let directory = surroundings.projectDirectory
    let context = FileContext(
        directory: directory, projectDirectory: directory, environment: environment,
        variablePlaces: surroundings.variablePlaces)
    var assembly = Assembly(workingDirectory: surroundings.workingDirectory, project: context, remote: request.remote)
    assembly.interpolation.replacesVariables = replacingVariables
    assembly.merge.history = recordingHistory ? MergeHistory() : nil
    assembly.diagnostics = unreadable
    assembly.isPartial = !unreadable.items.isEmpty
    guard let root = assembly.tree(of: files, context) else {
        throw assembly.isPartial ? .invalid(unreadable) : .single("empty-file", "empty compose file")
    }
    let found = Diagnostics(assembly.explained(assembly.allDiagnostics)).sorted(files: surroundings.displayNames)
    if !replacingVariables || recordingHistory, found.hasErrors { throw .invalid(found) }
    return (surroundings, name, root, assembly)
}

/// What the services say against each other and against what is declared.
private func inconsistencies(
    _ enabled: [ServiceDraft], _ disabled: [ServiceDraft], _ declared: ProjectDraft
) -> [Diagnostic] {
    var check = ReferenceCheck(enabled: enabled, disabled: disabled, declared: declared)
    check.run()
    var found = check.diagnostics.items
    for draft in enabled {
        var check = ServiceCheck(draft)
        check.run()
        found += check.diagnostics.items
    }
    return found
}

/// The project's own files, and what in them could not be read.
private func readFiles(_ surroundings: Surroundings) throws(LoadError) -> ([LoadedFile], Diagnostics) {
    var files: [LoadedFile] = []
    var diagnostics = Diagnostics()
    for (path, displayName) in zip(surroundings.files, surroundings.displayNames) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = path == "-" ? try FileReading.standardInput() : try FileReading.bytes(of: path)
        } catch {
            throw .single("bad-file", "compose file \"\(displayName)\" is invalid: \(error.reason)")
        }
        let (documents, mistakes) = composeDocuments(SourceFile(name: displayName, bytes: bytes))
        if !documents.isEmpty { files.append(LoadedFile(path: path, documents: documents)) }
        for item in mistakes.items { diagnostics.add(item) }
    }
    return (files, diagnostics)
}

/// `-p`, `COMPOSE_PROJECT_NAME`, the last top-level `name`, the directory (Compose Specification, 04-version-and-name.md).
private func projectName(
    _ request: LoadRequest, _ surroundings: Surroundings, _ files: [LoadedFile]
) throws(LoadError) -> String {
    if let name = request.projectName, !name.isEmpty { return try ProjectName.validated(name) }
    if let name = surroundings.environment["COMPOSE_PROJECT_NAME"], !name.isEmpty {
        return try ProjectName.validated(name)
    }
    var name = ""
    var interpolation = TreeInterpolation(environment: surroundings.environment)
    for document in files.flatMap(\.documents) {
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
