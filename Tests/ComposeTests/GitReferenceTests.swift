// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@testable import Compose

@Suite struct GitReferenceTests {
    @Test(
        "What names a repository is told from a path",
        arguments: [
            ("https://example.com/a/b.git", "https://example.com/a/b.git", nil, nil),
            ("https://example.com/b.git#main", "https://example.com/b.git", "main", nil),
            ("http://example.com/b.git#v1:sub/c.yaml", "http://example.com/b.git", "v1", "sub/c.yaml"),
            ("ssh://git@example.com:22/b#:sub", "ssh://git@example.com:22/b", nil, "sub"),
            ("git://example.com/b", "git://example.com/b", nil, nil),
            ("git@example.com:a/b.git#main:", "git@example.com:a/b.git", "main", nil),
            ("github.com/a/b", "https://github.com/a/b", nil, nil),
        ] as [(String, String, String?, String?)])
    func repositories(text: String, repository: String, reference: String?, path: String?) {
        let found = GitReference(parsing: text)
        #expect(found?.repository == repository)
        #expect(found?.reference == reference)
        #expect(found?.path == path)
    }

    @Test(
        "Everything else is a path of this host",
        arguments: [
            "./compose.yaml", "/a@b:c", "a/b@c:d", "compose.yaml#main", "https://example.com/a", "file:///a.git",
            "oci://example.com/a", "-x@example.com:a", "git@-oProxyCommand:a", "git@example.com:", "", "#", "@:",
            "https://example.com/b.git?x=y", "ssh://a b",
        ])
    func paths(text: String) {
        #expect(GitReference(parsing: text) == nil)
    }

    @Test("A failure stands where the file is named, and each file is fetched once")
    func fetching() throws {
        let fixture = try Fixture([
            "compose.yaml": """
            include: ['git@example.com:a', 'git@example.com:a#gone']
            services: {b: {extends: {file: 'git@example.com:a', service: a}}}
            """, "elsewhere/compose.yaml": "services: {a: {image: x}}",
        ])
        let request = fixture.request {
            $0.remote = { [directory = fixture.directory] reference throws(FetchFailure) in
                guard case .git(let git) = reference, git.reference == nil else {
                    throw FetchFailure("it is gone", hint: "look elsewhere")
                }
                return "\(directory)/elsewhere/compose.yaml"
            }
        }
        let error = #expect(throws: LoadError.self) { try load(request) }
        #expect(
            error?.description.hasPrefix(
                "compose.yaml:1:32: error: cannot get 'git@example.com:a#gone': it is gone") == true)
    }
}
