// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CYAML
import Core

/// Reads all documents of a file.
///
/// Throws all that is wrong with it: the first violation of the syntax (after which nothing can be said), duplicate keys,
/// unknown anchors. Anchors and merge keys (`<<`) are resolved in the result; a value behind an alias keeps the place of
/// its anchor. Time and memory are linear in the size of the file: nesting and the expansion of aliases are bounded.
package func readYAML(_ source: SourceFile) throws(Diagnostics) -> [YAMLNode] {
    let (documents, diagnostics) = readableYAML(source)
    guard diagnostics.items.isEmpty else { throw diagnostics }
    return documents
}

/// What can be read of a file, and all that is wrong with it (see `readYAML`).
///
/// After a violation of the syntax it is what stands before, but for the items of the outermost two levels that were last
/// begun: they may be cut off, or be meant to stand elsewhere. What cannot be resolved or is out of bounds leaves nothing.
package func readableYAML(_ source: SourceFile) -> (documents: [YAMLNode], diagnostics: Diagnostics) {
    var builder = YAMLTreeBuilder(source: source)
    source.bytes.withUnsafeBufferPointer { bytes in
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else {
            builder.report("yaml-memory", "not enough memory to read the file", at: nil)
            return
        }
        defer { yaml_parser_delete(&parser) }
        yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
        var finished = false
        while !finished {
            var event = yaml_event_t()
            guard yaml_parser_parse(&parser, &event) == 1 else {
                builder.reportSyntaxError(parser)
                builder.closeOutermost()
                return
            }
            defer { yaml_event_delete(&event) }
            let isTaken = builder.take(event)
            if !isTaken { builder.documents = [] }
            finished = event.type == YAML_STREAM_END_EVENT || !isTaken
        }
    }
    return (builder.documents, builder.diagnostics.sorted())
}

extension YAMLTreeBuilder {
    /// Says what libyaml could not read, at the place it names.
    fileprivate mutating func reportSyntaxError(_ parser: yaml_parser_t) {
        func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        let problem = text(parser.problem)
        let context = text(parser.context)
        if parser.error == YAML_READER_ERROR {
            let (line, column) = position(ofByte: Int(clamping: parser.problem_offset))
            let span = YAMLSpan(startLine: line, startColumn: column, endLine: line, endColumn: column + 1)
            report("yaml-encoding", "this is not UTF-8 text: \(problem)", at: span)
            return
        }
        let span = YAMLSpan(parser.problem_mark, parser.problem_mark)
        var notes = [unclosed].compactMap { $0 }
        if notes.isEmpty, let explanation = Self.explanations[context] {
            notes.append(
                Diagnostic.Note(explanation, at: place(YAMLSpan(parser.context_mark, parser.context_mark))))
        }
        report("yaml-syntax", problem, at: span, notes: notes, hint: hint(problem, span))
    }

    /// What libyaml was at, in other words; the rest says nothing to a person.
    private static let explanations = [
        "while scanning a quoted scalar": "the quote that starts here is not closed",
        "while scanning a simple key": "no colon follows here",
        "while parsing a block mapping": "in the mapping that starts here",
        "while parsing a block collection": "in the list that starts here",
        "while scanning a block scalar": "in the text that starts here",
        "while scanning an anchor": "in the anchor that starts here",
        "while scanning an alias": "in the alias that starts here",
    ]

    /// What the user can do about the problem at a place.
    private func hint(_ problem: String, _ span: YAMLSpan) -> String? {
        let line = Array(source.line(Int(span.startLine)) ?? "")
        let column = min(Int(span.startColumn) - 1, line.count)
        let (before, here) = (line[..<column], line[column...].first)
        if problem.contains("cannot start any token") {
            let isIndentation = before.allSatisfy { $0 == " " || $0 == "\t" }
            return here == "\t" && isIndentation ? "indent with spaces, not with tabs" : "put the value into quotes"
        }
        if problem.contains("mapping values are not allowed") {
            return before.contains(":")
                ? "put the value into quotes if it contains ': '"
                : "the line above lacks its colon, or this one is indented too far"
        }
        guard problem.contains("did not find expected key") else { return nil }
        switch (before.last, here) {
        case (_, "}"), (_, "]"): return "this closes nothing that is open"
        case ("\"", _): return "within double quotes write \\\" for one"
        case ("'", _): return "within single quotes write '' for one"
        default: return "check that this line is indented as its neighbours are"
        }
    }

    /// Line and column, from 1, of a byte of the source.
    private func position(ofByte offset: Int) -> (UInt32, UInt32) {
        let before = source.bytes.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // Continuation bytes of UTF-8 do not count as characters.
        let column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
        return (UInt32(clamping: line), UInt32(clamping: column))
    }
}

extension YAMLSpan {
    init(_ start: yaml_mark_t, _ end: yaml_mark_t) {
        self.init(
            startLine: UInt32(clamping: start.line + 1), startColumn: UInt32(clamping: start.column + 1),
            endLine: UInt32(clamping: end.line + 1), endColumn: UInt32(clamping: end.column + 1))
    }
}
