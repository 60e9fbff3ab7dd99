// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// A file on the way to an included one.
struct IncludeStep {
    /// Absolute, or `-`.
    var path: String
    /// Where the one before names it.
    var node: YAMLNode?
}

/// An item of `include`.
private struct Inclusion {
    /// The file, and others that go over it.
    var paths: [YAMLNode] = []
    var projectDirectory: YAMLNode?
    /// Nil: `.env` in the project directory, if there is one.
    var environmentFiles: [YAMLNode]?
}

/// Compose Specification, 14-include.md.
extension Assembly {
    private static let sections = ["services", "networks", "volumes", "configs", "secrets", "models"]

    /// The document with what it includes below it, and without its `include`.
    mutating func including(_ document: YAMLNode, _ context: FileContext, _ chain: [IncludeStep]) -> YAMLNode {
        guard case .mapping(var pairs) = document.content,
            let index = pairs.firstIndex(where: { $0.name == "include" })
        else { return document }
        let list = pairs.remove(at: index).value
        var document = document
        document.content = .mapping(pairs)
        for inclusion in inclusions(list) {
            guard let model = model(of: inclusion, context, chain), case .mapping(let all) = model.content else {
                continue
            }
            var below = model
            below.content = .mapping(all.filter { Self.sections.contains($0.name) })
            merge.keepsTags = true
            document = merge.merge(document, onto: below)
            merge.keepsTags = false
        }
        return document
    }

    private mutating func inclusions(_ list: YAMLNode) -> [Inclusion] {
        if list.isNull { return [] }
        guard case .sequence(let items) = list.content else {
            diagnostics.add(
                Diagnostic(
                    code: "wrong-type", "include must be a list, not \(list.kind)", at: list.place,
                    hint: list.scalar.map { "write it as [\($0.text)]" }))
            return []
        }
        return items.enumerated().compactMap { inclusion($1, "include[\($0)]") }
    }

    private mutating func inclusion(_ node: YAMLNode, _ path: String) -> Inclusion? {
        guard case .mapping(let fields) = node.content else {
            return strings(node, path).isEmpty ? nil : Inclusion(paths: [node])
        }
        var inclusion = Inclusion()
        for field in fields {
            let at = "\(path).\(field.name)"
            switch field.name {
            case "path": inclusion.paths = strings(field.value, at)
            case "project_directory": inclusion.projectDirectory = strings(field.value, at).first
            case "env_file": inclusion.environmentFiles = strings(field.value, at)
            default: warnOfUnknown(field, path, known: ["path", "project_directory", "env_file"])
            }
        }
        if fields.first(where: { $0.name == "path" }) == nil {
            diagnostics.add(Diagnostic(code: "missing-key", "\(path).path is missing", at: node.place))
        }
        return inclusion.paths.isEmpty ? nil : inclusion
    }

    /// The files of the inclusion, merged.
    private mutating func model(of inclusion: Inclusion, _ context: FileContext, _ chain: [IncludeStep]) -> YAMLNode? {
        let paths = inclusion.paths.map { Path.absolute($0.scalar?.text ?? "", from: context.directory) }
        for (path, node) in zip(paths, inclusion.paths) where chain.contains(where: { $0.path == path }) {
            reportCycle(path, node, chain)
            return nil
        }
        included += paths.count
        guard included <= Self.fileLimit else {
            if included - paths.count <= Self.fileLimit {
                diagnostics.add(
                    Diagnostic(
                        code: "too-many-files", "more than \(Self.fileLimit) files are included",
                        at: inclusion.paths[0].place, hint: "include each file once, from the outermost file"))
            }
            return nil
        }
        let directory =
            inclusion.projectDirectory?.scalar.map { Path.absolute($0.text, from: context.directory) }
            ?? Path.directory(of: paths[0])
        var inner = FileContext(
            directory: directory, projectDirectory: directory, environment: context.environment,
            variablePlaces: context.variablePlaces)
        guard addEnvironment(of: inclusion, context, to: &inner) else { return nil }
        var files: [LoadedFile] = []
        for (path, node) in zip(paths, inclusion.paths) {
            if let file = read(path, inner, namedBy: node, "included") { files.append(file) }
        }
        guard files.count == paths.count else { return nil }
        var chain = chain
        chain[chain.count - 1].node = inclusion.paths[0]
        return tree(of: files, inner, chain: chain)
    }

    /// Adds the variables of the inclusion's env files; those of the outer file win.
    private mutating func addEnvironment(
        of inclusion: Inclusion, _ context: FileContext, to inner: inout FileContext
    ) -> Bool {
        var dotenv = Dotenv(environment: context.environment)
        var isRight = true
        let nodes: [YAMLNode?] = inclusion.environmentFiles ?? [nil]
        for node in nodes {
            let text = node.map { $0.scalar?.text ?? "" }
            if text == "/dev/null" { continue }
            let path = text.map { Path.absolute($0, from: context.directory) } ?? inner.projectDirectory + "/.env"
            if text == nil, !FileReading.exists(path) || FileReading.isDirectory(path) { continue }
            let name = Path.relative(path, to: workingDirectory)
            do {
                let source = SourceFile(name: name, bytes: try FileReading.bytes(of: path))
                for (name, value) in try dotenv.read(source) where context.environment[name] == nil {
                    inner.environment[name] = value
                    inner.variablePlaces[name] = dotenv.places[name]
                }
                continue
            } catch let error as FileError {
                diagnostics.add(
                    Diagnostic(
                        code: error.isMissing ? "missing-env-file" : "bad-env-file",
                        "cannot read env file \(name): \(error.isMissing ? "no such file" : error.reason)",
                        at: (node ?? inclusion.paths[0]).place))
            } catch let error as Diagnostic {
                var diagnostic = error
                diagnostic.notes.append(
                    Diagnostic.Note("it is read for the file that is included here", at: inclusion.paths[0].place))
                diagnostics.add(diagnostic)
            } catch {
                diagnostics.add(Diagnostic(code: "bad-env-file", "cannot read env file \(name): \(error)"))
            }
            isRight = false
        }
        return isRight
    }

    private mutating func reportCycle(_ path: String, _ node: YAMLNode, _ chain: [IncludeStep]) {
        let start = chain.firstIndex { $0.path == path } ?? 0
        let names = (chain[start...].map(\.path) + [path]).map { Path.relative($0, to: workingDirectory) }
        let notes = zip(chain[start...].dropLast(), names.dropFirst()).compactMap { step, name in
            step.node.map { Diagnostic.Note("\(name) is included here", at: $0.place) }
        }
        diagnostics.add(
            Diagnostic(
                code: "include-cycle", "include cycle: \(names.joined(separator: " → "))", at: node.place, notes: notes)
        )
    }

    /// A string or a list of strings, as the nodes that hold them.
    private mutating func strings(_ node: YAMLNode, _ path: String) -> [YAMLNode] {
        var result: [YAMLNode] = []
        for item in node.sequence ?? [node] {
            if case .string(let text)? = item.value, !text.isEmpty {
                result.append(item)
            } else {
                diagnostics.add(
                    Diagnostic(code: "wrong-type", "\(path) must be a path, not \(item.kind)", at: item.place))
            }
        }
        return result
    }

    /// docker compose takes what it does not know here, and so does trice, but not in silence.
    mutating func warnOfUnknown(_ field: YAMLPair, _ path: String, known: [String]) {
        guard !field.name.hasPrefix("x-") else { return }
        diagnostics.add(
            Diagnostic(
                .warning, code: "unknown-key", "unknown key '\(field.name)' in \(path) has no effect",
                at: field.key.place,
                hint: nearestName(to: field.name, among: known).map { "did you mean '\($0)'?" }))
    }
}
