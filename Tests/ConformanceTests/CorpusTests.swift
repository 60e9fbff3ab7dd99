// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation
import Testing

/// The corpus of Compose cases beside the package, each with the answer of docker compose.
private let corpus = "\(Binary.package)/../shared/corpus"

@Suite(.enabled(if: Binary.exists && FileManager.default.fileExists(atPath: corpus), "no binary, or no corpus"))
struct CorpusTests {
    @Test(
        "Every case is answered as docker compose does, and every mistake is placed", arguments: [[], ["--positions"]])
    func corpus(options: [String]) throws {
        let scratch = try Scratch()
        let cases = "\(scratch.directory)/cases"
        try FileManager.default.copyItem(atPath: "\(ConformanceTests.corpus)/cases", toPath: cases)
        try addWorkingDirectories(cases)
        let run = try Binary.run(
            ["/usr/bin/python3", "\(ConformanceTests.corpus)/compare.py", "--candidate", Binary.path, "--cases", cases]
                + options, in: scratch.directory)
        #expect(run.output.hasSuffix("724 passed, 0 failed\n"), "\(run.output)")
    }

    /// A case may run in a directory that holds nothing; copies of the corpus can have lost it.
    private func addWorkingDirectories(_ cases: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: cases) {
            let file = "\(cases)/\(name)/cwd"
            guard FileManager.default.fileExists(atPath: file) else { continue }
            let directory = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
            let path = "\(cases)/\(name)"
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            try FileManager.default.createDirectory(atPath: "\(path)/\(directory)", withIntermediateDirectories: true)
        }
    }
}
