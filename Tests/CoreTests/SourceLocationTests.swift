// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@Suite struct SourceLocationTests {
    // The testing library has one, too.
    private typealias SourceLocation = Core.SourceLocation

    @Test(arguments: ["compose.yaml", "/a/b c.yaml", "C:/x:1", "", "é:"])
    func `a place is written as its text, and read from it`(_ file: String) throws {
        let place = SourceLocation(file: file, line: 3, column: 14)
        let form = try encodeJSON([place])
        #expect(String(decoding: form, as: UTF8.self) == "[\"\(file):3:14\"]")
        #expect(try decodeJSON([SourceLocation].self, from: form) == [place])
    }

    @Test(arguments: ["", "compose.yaml", "compose.yaml:3", "compose.yaml:x:1", "compose.yaml:1:"])
    func `a text that names no place is refused`(_ text: String) throws {
        #expect(SourceLocation(text) == nil)
        let form = try encodeJSON([text])
        #expect(throws: DecodingError.self) { try decodeJSON([SourceLocation].self, from: form) }
    }
}
