// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import SplitMix
import Testing

@testable import Compose

@Suite struct DotenvTests {
    private func read(_ text: String) throws -> [String: String] {
        var dotenv = Dotenv(environment: ["OUT": "outside", "NAME": "process"])
        let found = try dotenv.read(SourceFile(name: "a.env", bytes: Array(text.utf8)))
        return Dictionary(found, uniquingKeysWith: { _, last in last })
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var values: [String: String]
        var testDescription: String { text }
    }

    @Test(
        "Lines of variables are read as docker compose does",
        arguments: [
            Row(text: "A=1\nB=two", values: ["A": "1", "B": "two"]), Row(text: "", values: [:]),
            Row(
                text: "# c\n   # d\nA=1 # after\nB=1#no\nC=\"q\" # x\nD='#in'\nF=# only",
                values: ["A": "1", "B": "1#no", "C": "q", "D": "#in", "F": "# only"]),
            Row(
                text: "A: 1\nB:2\nC: \"x:y\"\nD=http://h:80",
                values: ["A": "1", "B": "2", "C": "x:y", "D": "http://h:80"]),
            Row(text: "\u{FEFF}A=1\r\nB=\"two\"\r\n", values: ["A": "1", "B": "two"]),
            Row(
                text: "export A=1\nexport   B=\"two\"\nexported=3\nexport C = s",
                values: ["A": "1", "B": "two", "exported": "3", "C": "s"]),
            Row(
                text: "N=\"a\\nb\"\nQ=\"say \\\"hi\\\"\"\nB=\"a\\\\b\"\nU=\"a\\qb\"\nP=a\\nb\nS='a\\nb'",
                values: ["N": "a\nb", "Q": "say \"hi\"", "B": "a\\b", "U": "a\\qb", "P": "a\\nb", "S": "a\\nb"]),
            Row(
                text: "D=\"cost \\$5\"\nE=abc$\nF=$1\nG=$$NAME",
                values: ["D": "cost $5", "E": "abc$", "F": "$1", "G": "$NAME"]),
            Row(text: "M=\"first\n  second\"\nA=x", values: ["M": "first\n  second", "A": "x"]),
            Row(
                text: "B=base\nC=$B/x\nD='${B}'\nE=${OUT}\nF=${NOPE:-d}\nL=[${Z}]\nZ=z",
                values: ["B": "base", "C": "base/x", "D": "${B}", "E": "outside", "F": "d", "L": "[]", "Z": "z"]),
            Row(text: "NAME=file\nG=hello $NAME", values: ["NAME": "file", "G": "hello process"]),
            Row(text: "A=1\nOUT\nUNKNOWN\nB=2", values: ["A": "1", "OUT": "outside", "B": "2"]),
            Row(
                text: "  A=1\nB =2\nC= 3\n\tE=5\nF=trail   \nG=\" keep \"",
                values: ["A": "1", "B": "2", "C": "3", "E": "5", "F": "trail", "G": " keep "]),
            Row(text: "A=1\nA=2\nB=$A", values: ["A": "2", "B": "2"]),
            Row(
                text: "With.Dot=2\nwith-dash=3\n1digit=5\nżółw=ż",
                values: ["With.Dot": "2", "with-dash": "3", "1digit": "5", "żółw": "ż"]),
        ])
    func reading(row: Row) throws {
        #expect(try read(row.text) == row.values)
    }

    struct BadRow: Sendable, CustomTestStringConvertible {
        var text: String
        var place: String
        var testDescription: String { text }
    }

    @Test(
        "A bad line is named",
        arguments: [
            BadRow(text: "GOOD=1\nBAD KEY=2\n", place: "a.env:2:1"),
            BadRow(text: "GOOD=1\n  BAD%KEY=2\n", place: "a.env:2:3"),
            BadRow(text: "A=1\nB=\"never closed\nC=3\n", place: "a.env:2:1"), BadRow(text: "=x\n", place: "a.env:1:1"),
            BadRow(text: "A=\"x\ny\"\nB=${MUST:?it must be given}\n", place: "a.env:3:1"),
            BadRow(text: "A=${\n", place: "a.env:1:1"),
        ])
    func refusing(row: BadRow) throws {
        let error = try #require(throws: Diagnostic.self) { try read(row.text) }
        #expect(error.place?.range.start.description == row.place)
    }

    @Test(
        "A line of a raw file whose name is missing or has blanks is refused",
        arguments: [("A=1\n=x\n", 2), ("\nA B=1\n", 2), ("A =2", 1), ("A B", 1), ("A=\u{301}\n=\n", 2)])
    func badRaw(text: String, line: Int) {
        var dotenv = Dotenv(environment: [:])
        let error = #expect(throws: Diagnostic.self) {
            try dotenv.readRaw(SourceFile(name: "e", bytes: Array(text.utf8)))
        }
        #expect(error?.code == "env-syntax")
        #expect(error?.place?.range.startLine == line)
    }

    @Test("In a raw file nothing in a value means anything")
    func raw() throws {
        var dotenv = Dotenv(environment: [:])
        let found = try dotenv.readRaw(
            SourceFile(name: "r", bytes: Array("A=\"q\"\nB=${N} $M # k\n# c\nC=a=b\nD=\nX\n".utf8)))
        #expect(found.map { "\($0)=\($1)" } == ["A=\"q\"", "B=${N} $M # k", "C=a=b", "D="])
    }

    @Test("Random bytes never crash the reader")
    func randomBytes() {
        var random = SplitMix(state: 3)
        let characters = Array("AB=:'\"\\$ {}#\n\t\r.-é".utf8)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in
                characters.randomElement(using: &random)
            }
            var dotenv = Dotenv(environment: [:])
            do throws(Diagnostic) {
                _ = try dotenv.read(SourceFile(name: "f", bytes: bytes))
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }
}
