// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// The services of one file that extend each other.
struct ServiceFile {
    /// Absolute, or `-`.
    var path: String
    /// Of the model that the file was read for, whose variables are replaced in it.
    var projectDirectory: String
    var services: [String: YAMLPair]
    /// Those with all that they extend below them.
    var resolved: [String: YAMLNode] = [:]

    init(path: String, _ document: YAMLNode?, projectDirectory: String = "") {
        self.path = path
        self.projectDirectory = projectDirectory
        let pairs = document?["services"]?.mapping ?? []
        services = Dictionary(pairs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

/// A service on the way along `extends`.
private struct ExtendsStep {
    var path: String
    var service: String
    /// What names the next one.
    var node: YAMLNode
}

/// What `extends` says.
private struct ExtendsReference {
    var service: String
    var serviceNode: YAMLNode
    var file: YAMLNode?
}

/// Compose Specification, 05-services.md, `extends`.
extension Assembly {
    /// Longer chains are refused: each step is a recursion.
    private static let chainLimit = 200

    /// The document with the services that its own ones extend below them.
    mutating func extending(_ document: YAMLNode, path: String) -> YAMLNode {
        guard case .mapping(var pairs) = document.content,
            let index = pairs.firstIndex(where: { $0.name == "services" }),
            case .mapping(var services) = pairs[index].value.content,
            services.contains(where: { $0.value["extends"] != nil })
        else { return document }
        var file = ServiceFile(path: path, document)
        for position in services.indices where services[position].value["extends"] != nil {
            services[position].value = resolved(services[position].name, in: &file, [])
        }
        pairs[index].value.content = .mapping(services)
        var document = document
        document.content = .mapping(pairs)
        return document
    }

    private mutating func resolved(_ name: String, in file: inout ServiceFile, _ chain: [ExtendsStep]) -> YAMLNode {
        if let known = file.resolved[name] { return known }
        guard let pair = file.services[name] else { return YAMLNode.emptyMapping }
        let result = merged(pair, in: &file, chain)
        file.resolved[name] = result
        return result
    }

    /// The service over what it extends; as it is where that fails, which has been said then.
    private mutating func merged(_ pair: YAMLPair, in file: inout ServiceFile, _ chain: [ExtendsStep]) -> YAMLNode {
        guard case .mapping(let fields) = pair.value.content,
            let extends = fields.first(where: { $0.name == "extends" }),
            let reference = reference(extends, pair.name)
        else { return pair.value }
        let chain = chain + [ExtendsStep(path: file.path, service: pair.name, node: reference.serviceNode)]
        guard let base = base(reference, in: &file, chain) else { return pair.value }
        var own = pair.value
        own.content = .mapping(fields.filter { $0.name != "extends" })
        if copied <= Self.copyLimit {
            copied += base.count
            if copied > Self.copyLimit {
                diagnostics.add(
                    Diagnostic(
                        code: "extends-size", "services copy more than \(Self.copyLimit) values by extends",
                        at: reference.serviceNode.place))
            }
        }
        guard copied <= Self.copyLimit else { return pair.value }
        let below = merge.stripped(base)
        merge.keepsTags = true
        defer { merge.keepsTags = false }
        return merge.merge(own, onto: below, path: ["services", pair.name])
    }

    /// The service that the reference means, with all that it extends itself.
    private mutating func base(
        _ reference: ExtendsReference, in file: inout ServiceFile, _ chain: [ExtendsStep]
    ) -> YAMLNode? {
        guard let node = reference.file else { return find(reference, in: &file, chain) }
        let context = contexts.context(of: node)
        let path = Path.absolute(node.scalar?.text ?? "", from: context.directory)
        guard let index = extendedFile(path, context, node) else { return nil }
        var other = extendedFiles[index]
        let result = find(reference, in: &other, chain)
        extendedFiles[index].resolved.merge(other.resolved) { first, _ in first }
        return result
    }

    private mutating func find(
        _ reference: ExtendsReference, in file: inout ServiceFile, _ chain: [ExtendsStep]
    ) -> YAMLNode? {
        let name = reference.service
        if let start = chain.firstIndex(where: { $0.path == file.path && $0.service == name }) {
            reportCycle(Array(chain[start...]), reference.serviceNode)
            return nil
        }
        guard chain.count < Self.chainLimit else {
            diagnostics.add(
                Diagnostic(
                    code: "extends-depth", "more than \(Self.chainLimit) services extend each other in a row",
                    at: reference.serviceNode.place))
            return nil
        }
        guard let found = file.services[name] else {
            guard !isPartial else { return nil }
            let place = reference.file == nil ? "" : " in \(Path.relative(file.path, to: workingDirectory))"
            diagnostics.add(
                Diagnostic(
                    code: "undefined-service",
                    "service \"\(chain.last?.service ?? "")\" extends undefined service \"\(name)\"\(place)",
                    at: reference.serviceNode.place,
                    hint: nearestName(to: name, among: file.services.keys.sorted()).map { "did you mean '\($0)'?" }))
            return nil
        }
        return found.value.isNull ? YAMLNode.emptyMapping : resolved(name, in: &file, chain)
    }

    /// The index of a file in `extendedFiles`, which reads it when it is first asked for.
    private mutating func extendedFile(_ path: String, _ context: FileContext, _ node: YAMLNode) -> Int? {
        let isKnown: (ServiceFile) -> Bool = { $0.path == path && $0.projectDirectory == context.projectDirectory }
        if let index = extendedFiles.firstIndex(where: isKnown) { return index }
        let inner = FileContext(
            directory: Path.directory(of: path), projectDirectory: context.projectDirectory,
            environment: context.environment, variablePlaces: context.variablePlaces)
        guard let file = read(path, inner, namedBy: node, "extended") else { return nil }
        var root: YAMLNode?
        for var document in file.documents {
            interpolation.use(context)
            interpolation.interpolate(&document)
            root = root.map { merge.merge(document, onto: $0) } ?? document
        }
        extendedFiles.append(ServiceFile(path: path, root, projectDirectory: context.projectDirectory))
        return extendedFiles.count - 1
    }

    private mutating func reference(_ extends: YAMLPair, _ service: String) -> ExtendsReference? {
        let path = "services.\(service).extends"
        guard case .mapping(let fields) = extends.value.content else {
            return string(extends.value, path).map { ExtendsReference(service: $0, serviceNode: extends.value) }
        }
        var reference: ExtendsReference?
        var file: YAMLNode?
        for field in fields {
            switch field.name {
            case "service":
                guard let text = string(field.value, "\(path).service") else { return nil }
                reference = ExtendsReference(service: text, serviceNode: field.value)
            case "file":
                guard string(field.value, "\(path).file") != nil else { return nil }
                file = field.value
            default: warnOfUnknown(field, path, known: ["service", "file"])
            }
        }
        guard reference != nil else {
            diagnostics.add(
                Diagnostic(code: "missing-key", "\(path).service is missing", at: extends.key.place))
            return nil
        }
        reference?.file = file
        return reference
    }

    private mutating func string(_ node: YAMLNode, _ path: String) -> String? {
        if case .string(let text)? = node.value { return text }
        diagnostics.add(
            Diagnostic(code: "wrong-type", "\(path) must be a string, not \(node.kind)", at: node.place))
        return nil
    }

    private mutating func reportCycle(_ steps: [ExtendsStep], _ node: YAMLNode) {
        let names = (steps.map(\.service) + [steps[0].service]).joined(separator: " → ")
        let notes = zip(steps.dropLast(), steps.dropFirst()).map { step, next in
            Diagnostic.Note("\(step.service) extends \(next.service) here", at: step.node.place)
        }
        diagnostics.add(
            Diagnostic(code: "extends-cycle", "extends cycle: \(names)", at: node.place, notes: notes))
    }
}

extension YAMLNode {
    /// How many values it has, itself included.
    fileprivate var count: Int {
        switch content {
        case .scalar: 1
        case .sequence(let items): items.reduce(1) { $0 + $1.count }
        case .mapping(let pairs): pairs.reduce(1) { $0 + $1.value.count }
        }
    }

    /// What a service without keys says.
    fileprivate static var emptyMapping: YAMLNode {
        YAMLNode(
            .mapping([]), source: SourceFile(name: "", bytes: []),
            span: YAMLSpan(startLine: 1, startColumn: 1, endLine: 1, endColumn: 1))
    }
}
