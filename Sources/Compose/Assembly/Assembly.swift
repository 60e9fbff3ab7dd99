// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// A Compose file that has been read.
struct LoadedFile {
    /// Absolute, or `-`.
    var path: String
    /// Each is a mapping.
    var documents: [YAMLNode]
}

/// Puts the files of a project together into one tree: replaces variables, includes, extends, merges.
struct Assembly {
    /// More files are no project, but one that includes itself over and over on many ways.
    static let fileLimit = 1000
    /// Bytes of included and extended files together.
    private static let sizeLimit = 64 << 20
    /// How many values `extends` may copy.
    static let copyLimit = 300_000

    let workingDirectory: String
    var contexts: FileContexts
    var interpolation: TreeInterpolation
    var merge = TreeMerge()
    var diagnostics = Diagnostics()
    /// Who asked for a file, by the file's display name.
    var origins: [String: Diagnostic.Note] = [:]
    var included = 0
    private var size = 0
    var copied = 0
    /// Whether something of the files could not be read: then what refers to something else cannot be checked.
    var isPartial = false
    /// Files that services extend, once read.
    var extendedFiles: [ServiceFile] = []

    private let remote: RemoteFetch?
    /// The paths of files from elsewhere, by what names them.
    private var fetched: [String: String] = [:]

    init(workingDirectory: String, project: FileContext, remote: RemoteFetch?) {
        self.remote = remote
        self.workingDirectory = workingDirectory
        contexts = FileContexts(project: project)
        interpolation = TreeInterpolation(environment: project.environment)
    }

    /// The files merged, the later ones over the earlier ones.
    ///
    /// - Parameter chain: the files that led here by `include`.
    mutating func tree(of files: [LoadedFile], _ context: FileContext, chain: [IncludeStep] = []) -> YAMLNode? {
        var root: YAMLNode?
        for file in files {
            let chain = chain + [IncludeStep(path: file.path)]
            for var document in file.documents {
                interpolation.use(context)
                interpolation.interpolate(&document)
                document = including(document, context, chain)
                document = extending(document, path: file.path)
                root = root.map { merge.merge(document, onto: $0) } ?? merge.stripped(document)
            }
        }
        return root
    }

    /// The absolute path of a file that another one names; nil, and a mistake, where it cannot be had from elsewhere.
    mutating func path(_ node: YAMLNode, from directory: String) -> String? {
        let text = node.scalar?.text ?? ""
        if let path = fetched[text] { return path }
        guard let remote, let reference = RemoteReference(parsing: text) else {
            guard text.contains("://") || text.hasPrefix("git@") else {
                return Path.absolute(text, from: directory)
            }
            let isWeb = text.hasPrefix("http://") || text.hasPrefix("https://")
            diagnostics.add(
                Diagnostic(
                    code: "unsupported-value",
                    "'\(text)' is not on this host, and neither in a Git repository nor in a registry", at: node.place,
                    hint: isWeb
                        ? "the address of a Git repository ends in .git" : "fetch it first, and name the file"))
            return nil
        }
        do throws(FetchFailure) {
            let path = try remote(reference)
            fetched[text] = path
            return path
        } catch {
            diagnostics.add(.unfetched(text, reference, error, at: node.place))
            return nil
        }
    }

    /// Reads a file that another one names. What is wrong with it is noted.
    ///
    /// - Parameters:
    ///   - node: the path as written, for messages.
    ///   - word: how it came in: `included` or `extended`.
    mutating func read(_ path: String, _ context: FileContext, namedBy node: YAMLNode, _ word: String) -> LoadedFile? {
        let name = Path.relative(path, to: workingDirectory)
        let source: SourceFile
        do throws(FileError) {
            source = SourceFile(name: name, bytes: try FileReading.bytes(of: path))
        } catch {
            let reason = error.isMissing ? "no such file" : error.reason
            diagnostics.add(
                Diagnostic(
                    code: error.isMissing ? "missing-file" : "bad-file", "cannot read \(name): \(reason)",
                    at: node.place))
            return nil
        }
        size += source.bytes.count
        guard size <= Self.sizeLimit else {
            diagnostics.add(
                Diagnostic(
                    code: "too-many-files", "the files have more than \(Self.sizeLimit >> 20) MiB together",
                    at: node.place))
            return nil
        }
        if origins[name] == nil { origins[name] = Diagnostic.Note("the file is \(word) here", at: node.place) }
        contexts.set(context, for: source)
        let (documents, mistakes) = composeDocuments(source)
        for item in mistakes.items { diagnostics.add(item) }
        if !mistakes.items.isEmpty { isPartial = true }
        return documents.isEmpty ? nil : LoadedFile(path: path, documents: documents)
    }

    var allDiagnostics: [Diagnostic] {
        diagnostics.items + interpolation.diagnostics.items + merge.diagnostics.items
    }

    /// What was found; what is in an included or extended file says how it came in, and a value with variables where they
    /// come from.
    func explained(_ items: [Diagnostic]) -> [Diagnostic] {
        items.map { item in
            guard let start = item.place?.range.start else { return item }
            var item = item
            if item.code != "unset-variable" { item.notes += interpolation.sources(ofValueAt: start) }
            if let origin = origins[start.file] { item.notes.append(origin) }
            return item
        }
    }
}

/// The documents of a Compose file that can be read, each a mapping, and what is wrong with it: at least one must not be empty.
func composeDocuments(_ source: SourceFile) -> (documents: [YAMLNode], diagnostics: Diagnostics) {
    var (documents, diagnostics) = readableYAML(source)
    if documents.isEmpty, diagnostics.items.isEmpty { diagnostics.add(emptyFile(source)) }
    if documents.count > documentLimit {
        diagnostics.add(
            Diagnostic(
                code: "yaml-size", "more than \(documentLimit) documents", at: documents[documentLimit].place))
    }
    for document in documents {
        if case .mapping(let pairs) = document.content {
            if pairs.isEmpty { diagnostics.add(emptyFile(source)) }
        } else {
            diagnostics.add(
                Diagnostic(
                    code: "wrong-type", "the top level must be a mapping, not \(document.kind)", at: document.place))
        }
    }
    documents.removeAll { $0.mapping?.isEmpty ?? true }
    return (documents.count > documentLimit ? [] : documents, diagnostics)
}

/// Each document is merged over all before it.
private let documentLimit = 1000

private func emptyFile(_ source: SourceFile) -> Diagnostic {
    let range = SourceRange(file: source.name, startLine: 1, startColumn: 1, endLine: 1, endColumn: 1)
    return Diagnostic(code: "empty-file", "empty compose file", at: Diagnostic.Place(range))
}
