// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@Suite struct SparseTests {
    private struct Record: Codable, Hashable {
        var name: String
        @Sparse var list: [String] = []
        @Sparse var isTold = false
    }

    @Test(
        arguments: [
            (#"{"name":"a"}"#, [], false), (#"{"list":["b"],"name":"a"}"#, ["b"], false),
            (#"{"isTold":true,"name":"a"}"#, [], true),
        ] as [(String, [String], Bool)])
    func `what says nothing is not written`(_ form: String, _ list: [String], _ isTold: Bool) throws {
        let record = Record(name: "a", list: list, isTold: isTold)
        #expect(String(decoding: try encodeJSON(record), as: UTF8.self) == form)
        #expect(try decodeJSON(Record.self, from: Array(form.utf8)) == record)
    }

    @Test func `what an earlier version has written of nothing is read`() throws {
        let form = #"{"isTold":false,"list":[],"name":"a"}"#
        #expect(try decodeJSON(Record.self, from: Array(form.utf8)) == Record(name: "a"))
        #expect(throws: DecodingError.self) { try decodeJSON(Record.self, from: Array(#"{"name":"a","list":1}"#.utf8)) }
    }
}
