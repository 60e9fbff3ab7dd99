// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import SplitMix
import Testing

@testable import Commands

/// Templates as `docker inspect -f` has them; what is expected is what Go's text/template prints.
@Suite struct GoTemplateTests {
    private struct Network: Encodable {
        struct Subnet: Encodable {
            let Subnet: String
            let Gateway: String
        }
        let Name = "shop_default"
        let Internal = false
        let Size = 17
        let IPAM = [
            "Config": [Subnet(Subnet: "10.1.0.0/24", Gateway: "10.1.0.1"), Subnet(Subnet: "fd00::/64", Gateway: "")]
        ]
        let Labels = ["a.b": "1", "c": "two words"]
        let Containers: [String] = []
    }

    @Test(arguments: [
        ("{{.Name}} {{.Size}} {{.Internal}}", "shop_default 17 false"),
        ("{{.None}}, {{.Name.Inner}}", "<no value>, <no value>"),
        ("{{range .IPAM.Config}}{{.Subnet}} {{end}}", "10.1.0.0/24 fd00::/64 "),
        ("{{range .IPAM.Config}}\\n{{- .Subnet -}}  ;{{end}}", "10.1.0.0/24;fd00::/64;"),
        ("{{range .Containers}}{{.}}{{else}}nobody{{end}}", "nobody"),
        ("{{range .Labels}}<{{.}}>{{end}}", "<1><two words>"),
        ("{{if .Internal}}in{{else}}out{{end}}", "out"), ("{{if .Labels}}{{if .Size}}both{{end}}{{end}}", "both"),
        ("{{(index .IPAM.Config 0).Gateway}}", "10.1.0.1"), ("{{index .Labels \"a.b\"}}|{{index .Labels `d`}}|", "1||"),
        ("{{json .Labels}}", #"{"a.b":"1","c":"two words"}"#), ("{{.Labels | json}}", #"{"a.b":"1","c":"two words"}"#),
        ("{{.Labels}}", "map[a.b:1 c:two words]"), ("{{len .IPAM.Config}} {{len .Name}}", "2 12"),
        ("{{join (index .Two 0) \"-\"}}", ""), ("{{.Name | upper | lower}}", "shop_default"),
        ("{{.Name}}\\t.", "shop_default\t."),
    ])
    func `a template prints`(_ template: String, _ expected: String) throws {
        #expect(try GoTemplate(template).text(of: Document(encoding: Network())) == expected)
    }

    @Test(arguments: [
        "{{.Name", "{{Name}}", "{{range .}}", "{{if .A}}{{else}}", "{{end}}", "{{else}}", "{{title .Name}}",
        "{{index .A}}",
        "{{json}}", "{{.A .B}}", "{{(.A}}", "{{index .A \"b}}", "{{.A | }}", "{{end .A}}", "{{}}",
        String(repeating: "{{if .}}", count: 100_000), "{{" + String(repeating: "(", count: 100_000) + "}}",
    ])
    func `what is no template is refused`(_ template: String) {
        #expect(throws: (any Error).self) { try GoTemplate(template) }
    }

    @Test(arguments: ["{{index .IPAM.Config 2}}", "{{index .Name 0}}", "{{range .Name}}{{end}}", "{{len .Size}}"])
    func `what does not fit the value is an error`(_ template: String) throws {
        let template = try GoTemplate(template)
        #expect(throws: (any Error).self) { try template.text(of: Document(encoding: Network())) }
    }

    @Test func `no text makes the parser fall`() throws {
        let words = [
            "{{", "}}", "{{-", "-}}", " ", "range", "if", "else", "end", ".", ".IPAM", ".Config", "(", ")", "|", "json",
            "index",
            "0", "\"", "`", "a", "\u{E9}", "99999999999999999999",
        ]
        let value = try Document(encoding: Network())
        var random = SplitMix(state: 3)
        var valid = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                words.randomElement(using: &random) ?? ""
            }.joined()
            guard let template = try? GoTemplate(text) else { continue }
            valid += 1
            _ = try? template.text(of: value)
        }
        #expect(valid > 1000)
    }
}
