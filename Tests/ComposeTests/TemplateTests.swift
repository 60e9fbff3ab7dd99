// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import SplitMix
import Testing

@testable import Compose

@Suite struct TemplateTests {
    private static let variables = ["SET": "value", "EMPTY": "", "NUM": "5", "TRICKY": "$SET ${SET} $$"]

    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var expanded: String
        var testDescription: String { text }
    }

    @Test(
        "Variables are replaced by the rules of the specification",
        arguments: [
            Row(text: "plain", expanded: "plain"), Row(text: "$SET", expanded: "value"),
            Row(text: "${SET}", expanded: "value"),
            Row(text: "pre-${SET}-post", expanded: "pre-value-post"),
            Row(text: "$SET$NUM${SET}", expanded: "value5value"),
            Row(text: "$SET.y $SET/z", expanded: "value.y value/z"), Row(text: "[$UNSET]", expanded: "[]"),
            Row(text: "$$SET $${SET} $$$SET $$$$", expanded: "$SET ${SET} $value $$"),
            Row(text: "${SET:-d}", expanded: "value"), Row(text: "${EMPTY:-d}", expanded: "d"),
            Row(text: "${EMPTY-d}", expanded: ""),
            Row(text: "${UNSET-d}", expanded: "d"), Row(text: "${UNSET:-}", expanded: ""),
            Row(text: "${UNSET:-{}}", expanded: "{}"),
            Row(text: "${UNSET:-http://x:80/y}", expanded: "http://x:80/y"),
            Row(text: "${UNSET:--a-}", expanded: "-a-"),
            Row(text: "${UNSET:-$$x}", expanded: "$x"), Row(text: "${SET:+alt}", expanded: "alt"),
            Row(text: "${EMPTY:+alt}", expanded: ""), Row(text: "${EMPTY+alt}", expanded: "alt"),
            Row(text: "${UNSET+alt}", expanded: ""), Row(text: "${SET:?no}", expanded: "value"),
            Row(text: "${EMPTY?no}", expanded: ""),
            Row(text: "${UNSET:-${A:-${B:-x}}}", expanded: "x"),
            Row(text: "${UNSET:-pre-${SET}-$NUM}", expanded: "pre-value-5"),
            Row(text: "${SET:-${UNSET:?never asked}}", expanded: "value"), Row(text: "a$1", expanded: "a$1"),
            Row(text: "a$ b", expanded: "a$ b"), Row(text: "abc$", expanded: "abc$"),
            Row(text: "$(date)", expanded: "$(date)"),
            Row(text: "$TRICKY", expanded: "$SET ${SET} $$"), Row(text: "żółw-${SET}-☃", expanded: "żółw-value-☃"),
        ])
    func expanding(row: Row) throws {
        #expect(try Template(lookup: { Self.variables[$0] }).expanded(row.text) == row.expanded)
    }

    struct BadRow: Sendable, CustomTestStringConvertible {
        var text: String
        var failure: Template.Failure
        var testDescription: String { text }
    }

    @Test(
        "Bad templates and missing required variables are refused",
        arguments: [
            BadRow(text: "${}", failure: .invalid("${}")), BadRow(text: "${1ABC}", failure: .invalid("${1ABC}")),
            BadRow(text: "${SET!x}", failure: .invalid("${SET!x}")),
            BadRow(text: "a ${SET", failure: .invalid("${SET")),
            BadRow(text: "${SET:}", failure: .invalid("${SET:}")),
            BadRow(text: "${SET:x}", failure: .invalid("${SET:x}")),
            BadRow(text: "${TAG:?give a tag}", failure: .required(name: "TAG", message: "give a tag")),
            BadRow(text: "${TAG?}", failure: .required(name: "TAG", message: "")),
            BadRow(text: "${EMPTY:?$NUM}", failure: .required(name: "EMPTY", message: "5")),
            BadRow(
                text: String(repeating: "${A:-", count: 100) + String(repeating: "}", count: 100), failure: .tooDeep),
        ])
    func refusing(row: BadRow) {
        #expect(throws: row.failure) { try Template(lookup: { Self.variables[$0] }).expanded(row.text) }
    }

    @Test("Those who ask hear of unset variables, but not where a default stands")
    func unset() throws {
        var unset: [String] = []
        _ = try Template(lookup: { _ in nil }, unset: { unset.append($0) }).expanded("$A ${B} ${C:-c} ${D+d} ${E-$F}")
        #expect(unset == ["A", "B", "F"])
    }

    @Test("Random templates end, and without dollar signs nothing changes")
    func randomTemplates() {
        var random = SplitMix(state: 11)
        let characters = Array("$${}{}:-+?AB1_ é")
        for _ in 0..<5000 {
            let text = String(
                (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in characters.randomElement(using: &random)
                })
            do throws(Template.Failure) {
                let result = try Template(lookup: { $0 == "A" ? "x" : nil }).expanded(text)
                if !text.contains("$") { #expect(result == text) }
            } catch {
                #expect(text.contains("${"))
            }
        }
    }
}
