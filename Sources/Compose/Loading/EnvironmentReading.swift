// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

extension TreeReader {
    /// `environment`; keys without a value stay open until the project's environment is asked.
    mutating func environment(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) {
        for (name, value, node) in keyValues(node, path) {
            if name.isEmpty || name.last == " " {
                let problem =
                    name.isEmpty
                    ? "a variable needs a name" : "environment variable '\(name)' is declared with a trailing space"
                report("bad-value", "\(path): \(problem)", at: node)
                continue
            }
            draft.place("environment.\(name)", node)
            draft.service.environment.append(EnvironmentVariable(name: name, value: value ?? variable(name, node)))
        }
    }

    /// The value that a variable has for the file of the node.
    func variable(_ name: String, _ node: YAMLNode) -> String? {
        contexts.context(of: node).environment[name]
    }

    /// `env_file`: a path, or a list of paths and mappings.
    mutating func environmentFiles(_ node: YAMLNode, _ path: String) -> [EnvironmentFile] {
        if case .scalar = node.content {
            guard let file = string(node, path) else { return [] }
            return [EnvironmentFile(path: file, isRequired: true, isRaw: false, node: node)]
        }
        var files: [EnvironmentFile] = []
        for (index, item) in items(node, path).enumerated() {
            if let file = environmentFile(item, "\(path)[\(index)]") {
                // The same path again takes the place of the first.
                if let same = files.firstIndex(where: { $0.path == file.path }) {
                    files[same] = file
                } else {
                    files.append(file)
                }
            }
        }
        return files
    }

    private mutating func environmentFile(_ node: YAMLNode, _ path: String) -> EnvironmentFile? {
        guard case .mapping(let pairs) = node.content else {
            return string(node, path).map { EnvironmentFile(path: $0, isRequired: true, isRaw: false, node: node) }
        }
        var file = EnvironmentFile(path: "", isRequired: true, isRaw: false, node: node)
        for field in pairs {
            let at = "\(path).\(field.name)"
            switch field.name {
            case "path":
                file.path = string(field.value, at) ?? ""
                file.node = field.value
            case "required": file.isRequired = bool(field.value, at) ?? true
            case "format":
                guard let format = string(field.value, at) else { continue }
                file.isRaw = format == "raw"
                if !format.isEmpty, format != "raw" {
                    report(
                        "bad-value", "\(at): unsupported env_file format \"\(format)\"", at: field.value,
                        hint: "only \"raw\" is known")
                }
            default: unknown(field, path, known: ["path", "required", "format"])
            }
        }
        guard !file.path.isEmpty else {
            report("missing-key", "\(path).path is missing", at: node)
            return nil
        }
        return file
    }

    /// Reads the files of an enabled service and puts what `environment` says over them.
    mutating func resolveEnvironment(of draft: inout ServiceDraft) {
        guard !draft.environmentFiles.isEmpty else { return }
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
        for file in draft.environmentFiles {
            let found = readVariables(
                of: file.path, "env", isRequired: file.isRequired, isRaw: file.isRaw, at: file.node, draft, &dotenv)
            for (name, value) in found {
                set(EnvironmentVariable(name: name, value: value))
                if !own.contains(name) { draft.place("environment.\(name)", file.node) }
            }
        }
        for variable in draft.service.environment { set(variable) }
        draft.service.environment = variables
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
        for node in draft.labelFileNodes {
            for (name, value) in readVariables(of: node.scalar?.text ?? "", "label", at: node, draft, &dotenv) {
                set(name, value)
            }
        }
        for label in draft.service.labels { set(label.name, label.value) }
        draft.service.labels = names.map { Label(name: $0, value: labels[$0] ?? "") }
    }

    /// What an env file or label file says; nothing, and a mistake, where it cannot be read.
    private mutating func readVariables(
        of file: String, _ kind: String, isRequired: Bool = true, isRaw: Bool = false, at node: YAMLNode,
        _ draft: ServiceDraft, _ dotenv: inout Dotenv
    ) -> [(String, String)] {
        let path = hostPath(file, node)
        do {
            let source = SourceFile(name: file, bytes: try FileReading.bytes(of: path))
            return isRaw ? dotenv.readRaw(source) : try dotenv.read(source)
        } catch let error as FileError {
            if error.isMissing, !isRequired { return [] }
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
