// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

extension TreeReader {
    /// `environment`; keys without a value stay open until the project's environment is asked.
    mutating func environment(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) {
        for (name, value, node) in namedVariables(node, path) {
            draft.place("environment.\(name)", node)
            draft.service.environment.append(EnvironmentVariable(name: name, value: value ?? variable(name, node)))
        }
    }

    /// The items of `environment` whose names are right.
    mutating func namedVariables(
        _ node: YAMLNode, _ path: String
    ) -> [(name: String, value: String?, node: YAMLNode)] {
        keyValues(node, path).filter { name, _, node in
            guard name.isEmpty || name.last == " " else { return true }
            let problem =
                name.isEmpty
                ? "a variable needs a name" : "environment variable '\(name)' is declared with a trailing space"
            report("bad-value", "\(path): \(problem)", at: node)
            return false
        }
    }

    /// The value that a variable has for the file of the node.
    func variable(_ name: String, _ node: YAMLNode) -> String? {
        contexts.context(of: node).environment[name]
    }

    /// `env_file`: a path, or a list of paths and mappings. The same path again takes the place of the first.
    mutating func environmentFiles(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) {
        var positions: [String: Int] = [:]
        for (index, item) in (node.sequence ?? [node]).enumerated() {
            let at = node.sequence == nil ? path : "\(path)[\(index)]"
            guard let (file, place) = environmentFile(item, at) else { continue }
            if let same = positions[file.path] {
                draft.service.environmentFiles[same] = file
                draft.environmentFileNodes[same] = place
            } else {
                positions[file.path] = draft.service.environmentFiles.count
                draft.service.environmentFiles.append(file)
                draft.environmentFileNodes.append(place)
            }
        }
    }

    /// The file with the node of its path.
    private mutating func environmentFile(_ node: YAMLNode, _ path: String) -> (EnvironmentFile, YAMLNode)? {
        guard case .mapping = node.content else {
            return string(node, path).map { (EnvironmentFile(path: hostPath($0, node)), node) }
        }
        var file = EnvironmentFile(path: "")
        var place = node
        for field in fields(node, path, known: ["path", "required", "format"]) ?? [] {
            switch field.name {
            case "path":
                file.path = string(field.value, field.path).map { hostPath($0, field.value) } ?? ""
                place = field.value
            case "required": file.isRequired = bool(field.value, field.path) ?? true
            default:
                guard let format = string(field.value, field.path) else { continue }
                file.isRaw = format == "raw"
                if !format.isEmpty, format != "raw" {
                    report(
                        "bad-value", "\(field.path): unsupported env_file format \"\(format)\"", at: field.value,
                        hint: "only \"raw\" is known")
                }
            }
        }
        if node["path"] == nil { missing("path", path, node) }
        return file.path.isEmpty ? nil : (file, place)
    }

    /// Reads the files of an enabled service and puts what `environment` says over them.
    mutating func resolveEnvironment(of draft: inout ServiceDraft) {
        guard !draft.service.environmentFiles.isEmpty else { return }
        let own = Set(draft.service.environment.map(\.name))
        var dotenv = Dotenv(environment: environment)
        var variables: [EnvironmentVariable] = []
        var positions: [String: Int] = [:]
        func set(_ variable: EnvironmentVariable) {
            if let position = positions[variable.name] {
                variables[position] = variable
            } else {
                positions[variable.name] = variables.count
                variables.append(variable)
            }
        }
        for (file, node) in zip(draft.service.environmentFiles, draft.environmentFileNodes) {
            for (name, value) in readVariables(file, "env", at: node, draft, &dotenv) {
                set(EnvironmentVariable(name: name, value: value))
                if !own.contains(name) { draft.place("environment.\(name)", node) }
            }
        }
        for variable in draft.service.environment { set(variable) }
        draft.service.environment = variables
        draft.service.environmentFiles = []
    }

    /// Reads the label files of an enabled service and puts what `labels` says over them.
    mutating func resolveLabels(of draft: inout ServiceDraft) {
        guard !draft.labelFileNodes.isEmpty else { return }
        var labels: [String: String] = [:]
        var names: [String] = []
        func set(_ name: String, _ value: String) {
            if labels.updateValue(value, forKey: name) == nil { names.append(name) }
        }
        var dotenv = Dotenv(environment: environment)
        for (path, node) in zip(draft.service.labelFiles, draft.labelFileNodes) {
            for (name, value) in readVariables(EnvironmentFile(path: path), "label", at: node, draft, &dotenv) {
                set(name, value)
            }
        }
        for label in draft.service.labels { set(label.name, label.value) }
        draft.service.labels = names.map { Label(name: $0, value: labels[$0] ?? "") }
    }

    /// What an env file or label file says; nothing, and a mistake, where it cannot be read.
    private mutating func readVariables(
        _ file: EnvironmentFile, _ kind: String, at node: YAMLNode, _ draft: ServiceDraft, _ dotenv: inout Dotenv
    ) -> [(String, String)] {
        let path = Path.absolute(file.path, from: contexts.project.directory)
        do {
            let source = SourceFile(name: node.scalar?.text ?? file.path, bytes: try FileReading.bytes(of: path))
            return file.isRaw ? try dotenv.readRaw(source) : try dotenv.read(source)
        } catch let error as FileError {
            if error.isMissing, !file.isRequired { return [] }
            report(
                error.isMissing ? "missing-\(kind)-file" : "bad-\(kind)-file",
                error.isMissing ? "\(kind) file \(path) not found" : "failed to read \(path): \(error.reason)", at: node
            )
        } catch let error as Diagnostic {
            var diagnostic = error
            diagnostic.notes.append(
                Diagnostic.Note("service \(draft.service.name) reads the file here", at: node.place))
            diagnostics.add(diagnostic)
        } catch {
            report("bad-\(kind)-file", "failed to read \(path): \(error)", at: node)
        }
        return []
    }
}
