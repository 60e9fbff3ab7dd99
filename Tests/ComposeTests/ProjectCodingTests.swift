// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import FoundationEssentials
import Testing

@testable import Compose

/// A project goes to its supervisor, and to disk, as JSON.
@Suite struct ProjectCodingTests {
    /// Cases with each attribute of the Compose Specification.
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../../shared/corpus/cases"
    ).standardized.path

    @Test(.enabled(if: FileManager.default.fileExists(atPath: corpus), "no corpus"))
    func `every project of the corpus is read as it was written, and written again to the letter`() throws {
        var count = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: ProjectCodingTests.corpus).sorted() {
            let request = LoadRequest(
                projectName: "p", environment: [:], workingDirectory: "\(ProjectCodingTests.corpus)/\(name)")
            // Cases with mistakes are looked at elsewhere.
            guard case .success(let project) = Result(catching: { try load(request) }) else { continue }
            let text = try encodeJSON(project)
            let read = try decodeJSON(Project.self, from: text)
            #expect(read == project, "\(name)")
            #expect(try encodeJSON(read) == text, "\(name)")
            count += 1
        }
        #expect(count > 300)
    }

    @Test(arguments: [#"["image"]"#, #"["image","nowhere"]"#, #"[1,"a:1:1"]"#, "{}"])
    func `what is no list of places is refused`(_ text: String) {
        #expect(throws: DecodingError.self) { try decodeJSON(PlaceList.self, from: Array(text.utf8)) }
    }
}
