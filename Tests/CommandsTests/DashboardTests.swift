// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Testing

@testable import Commands

@Suite struct DashboardTests {
    @Test(arguments: [
        ("q", [Key.character("q")]), ("\r", [.enter]), ("\t", [.tab]),
        ("\u{03}\u{1A}", [.control("c"), .control("z")]),
        ("\u{1B}[A\u{1B}OB\u{1B}[5~\u{1B}[6~", [.up, .down, .pageUp, .pageDown]), ("\u{1B}", [.escape]),
        ("\u{1B}[1;5Cx", [.right, .character("x")]), ("\u{1B}[<35;1;1Mk", [.character("k")]), ("é", [.character("é")]),
        ("\u{1B}[", []), ("\u{1B}[200~", []), ("\u{00}\u{7F}", []),
    ])
    func `keys are told from what a terminal sends`(_ bytes: String, _ keys: [Key]) {
        #expect(Key.all(in: Array(bytes.utf8)) == keys)
    }

    @Test(
        arguments: [
            ([], 4, 10, "    "), ([0, 5, 10], 3, 10, "▁▅█"), ([0, 5, 10, 0], 3, 10, "▅█▁"), ([20, 10], 3, 10, " █▅"),
            ([0, 0], 2, 0, "▁▁"), ([-1, 1], 2, 1, "▁█"),
        ] as [([Double], Int, Double, String)])
    func `a sparkline shows the last values`(_ values: [Double], _ columns: Int, _ most: Double, _ text: String) {
        #expect(Sparkline.text(values, columns: columns, most: most) == text)
    }

    @Test(arguments: [
        ("plain", "plain"), ("\u{1B}[1;31mred\u{1B}[0m", "red"), ("\u{1B}[2J\u{1B}[Hover", "over"),
        ("a\tb", "a       b"),
        ("ring\u{07}\r", "ring"), ("\u{1B}cx", "x"), ("完了", "完了"),
    ])
    func `a log line cannot move the cursor`(_ text: String, _ printable: String) {
        #expect(LogTail.printable(Array(text.utf8)) == printable)
        #expect(LogTail.printable([0xFF, 0x41]) == "\u{FFFD}A")
    }

    private func row(_ name: String, _ state: String = "running") -> Dashboard.Row {
        Dashboard.Row(id: name, name: "\(name)-1", service: name, number: 1, state: state, status: "Up 1 second")
    }

    private func dashboard(_ rows: Dashboard.Row...) -> Dashboard {
        var dashboard = Dashboard(project: "p")
        dashboard.update(rows)
        return dashboard
    }

    @Test(
        arguments: [
            (.character("r"), "running", ["restart", "a"]), (.character("s"), "running", ["stop", "a"]),
            (.character("s"), "restarting", ["stop", "a"]), (.character("s"), "exited", ["start", "a"]),
            (.character("p"), "running", ["pause", "a"]), (.character("p"), "paused", ["unpause", "a"]),
            (.character("u"), "", ["up", "-d", "a"]),
        ] as [(Key, String, [String])])
    func `keys become commands about the chosen service`(_ key: Key, _ state: String, _ command: [String]) {
        var dashboard = dashboard(row("a", state), row("b"))
        #expect(dashboard.press(key, page: 10) == .command(command))
    }

    @Test(
        arguments: [
            (.character("r"), "", "a-1 is not there: u brings it up"), (.character("p"), "exited", "a-1 does not run"),
            (.enter, "exited", "a-1 does not run"), (.enter, "", "a-1 is not there: u brings it up"),
        ] as [(Key, String, String)])
    func `what cannot be done is said`(_ key: Key, _ state: String, _ message: String) {
        var dashboard = dashboard(row("a", state))
        #expect(dashboard.press(key, page: 10) == nil)
        #expect(dashboard.message == message && dashboard.isFailure)
    }

    @Test func `the choice stays with its container, and goes to the one that replaces it`() {
        var dashboard = dashboard(row("a"), row("b"), row("c"))
        #expect(dashboard.press(.down, page: 10) == nil)
        #expect(dashboard.press(.enter, page: 10) == .shell(service: "b", number: 1))
        dashboard.update([row("0"), row("a"), row("b"), row("c")])
        #expect(dashboard.current?.name == "b-1")
        var replacement = row("b")
        replacement.id = "new"
        dashboard.update([row("0"), row("a"), replacement, row("c")])
        #expect(dashboard.current?.id == "new")
        dashboard.update([row("0")])
        #expect(dashboard.current?.name == "0-1")
        dashboard.update([])
        #expect(dashboard.current == nil && dashboard.press(.character("r"), page: 10) == nil)
    }

    @Test func `the logs are of all, or of the one that is chosen`() {
        var dashboard = dashboard(row("a"), row("b"))
        #expect(dashboard.followed == ["a", "b"])
        #expect(dashboard.press(.tab, page: 10) == .follow)
        #expect(dashboard.followed == ["a"])
        #expect(dashboard.press(.character("j"), page: 10) == .follow)
        #expect(dashboard.followed == ["b"])
    }

    @Test func `who reads further up is not carried away`() {
        var dashboard = dashboard(row("a"))
        dashboard.lines = (1...100).map { LogLine(time: "", name: "a-1", text: "line \($0)") }
        _ = dashboard.press(.pageUp, page: 10)
        #expect(dashboard.scroll == 10)
        dashboard.lines.append(LogLine(time: "", name: "a-1", text: "line 101"))
        dashboard.grew(by: 1)
        let view = DashboardView(columns: 40, rows: 16) { text, _ in text }
        #expect(view.lines(dashboard).contains { $0.hasSuffix("line 90") })
        #expect(!view.lines(dashboard).contains { $0.hasSuffix("line 91") })
        _ = dashboard.press(.character("G"), page: 10)
        #expect(view.lines(dashboard).contains { $0.hasSuffix("line 101") })
        _ = dashboard.press(.home, page: 10)
        #expect(view.lines(dashboard).contains { $0.hasSuffix("line 1") })
    }

    @Test(arguments: [(80, 24), (200, 50), (40, 8), (20, 5), (1, 1)])
    func `every picture fits its terminal`(_ columns: Int, _ rows: Int) {
        var dashboard = Dashboard(project: "project")
        dashboard.lines = (1...100).map { LogLine(time: "", name: "s1-1", text: String(repeating: "長い ", count: $0)) }
        for count in [0, 1, 3, 100] {
            dashboard.update(
                (0..<count).map {
                    var row = row("service-with-a-long-name-\($0)")
                    (row.processor, row.memory, row.ports) = ([1, 200], [1e6, 1e12], "0.0.0.0:8080->80/tcp")
                    return row
                })
            for key in [Key.end, .down, .character("?")] {
                _ = dashboard.press(key, page: 3)
                let lines = DashboardView(columns: columns, rows: rows) { "\u{1B}[\($1)m\($0)\u{1B}[0m" }.lines(
                    dashboard)
                #expect(lines.count == rows)
                for line in lines { #expect(TerminalText(line).width <= columns) }
            }
        }
    }
}
