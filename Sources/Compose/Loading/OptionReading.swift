// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// Values of the command line in the short syntax of the file: `run -v ./data:/data:ro -p 8080:80`.
package enum OptionReading {
    /// - Parameters:
    ///   - option: as typed, such as `-v`: errors name it as their file.
    ///   - directory: absolute; relative paths are meant from here.
    /// - Throws: all that is wrong with them.
    package static func mounts(
        _ texts: [String], option: String, directory: String
    ) throws(Diagnostics) -> [Mount] {
        try read(texts, option, directory) { reader, node, draft in reader.mounts(node, "volumes", &draft) }
    }

    /// - Throws: all that is wrong with them.
    package static func ports(
        _ texts: [String], option: String, directory: String
    ) throws(Diagnostics) -> [PortMapping] {
        try read(texts, option, directory) { reader, node, draft in reader.ports(node, "ports", &draft) }
    }

    private static func read<T>(
        _ texts: [String], _ option: String, _ directory: String,
        _ body: (inout TreeReader, YAMLNode, inout ServiceDraft) -> [T]
    ) throws(Diagnostics) -> [T] {
        let context = FileContext(directory: directory, projectDirectory: directory, environment: [:])
        var reader = TreeReader(contexts: FileContexts(project: context), steps: .all)
        var result: [T] = []
        for text in texts {
            let source = SourceFile(name: option, bytes: Array(text.utf8))
            let span = YAMLSpan(startLine: 1, startColumn: 1, endLine: 1, endColumn: UInt32(text.count + 1))
            let node = YAMLNode(.scalar(YAMLScalar(text, isPlain: false)), source: source, span: span)
            let list = YAMLNode(.sequence([node]), source: source, span: span)
            var draft = ServiceDraft(YAMLPair(key: node, name: option, value: list))
            result += body(&reader, list, &draft)
        }
        guard !reader.diagnostics.hasErrors else { throw reader.diagnostics }
        return result
    }
}
