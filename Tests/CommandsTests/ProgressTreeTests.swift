// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Supervisor
import Testing

@testable import Commands

/// The picture of what is under way.
@Suite struct ProgressTreeTests {
    private let dependencies: ProgressTree.Dependencies = [
        "web": [("migrate", .completedSuccessfully), ("cache", .started)], "migrate": [("db", .healthy)], "db": [],
        "cache": [],
    ]

    private func tree(_ events: [(String, Event.Action)], exitCode: Int32 = 0) -> ProgressTree {
        var tree = ProgressTree(dependencies)
        for (index, (service, action)) in events.enumerated() {
            var event = Event(time: 0, kind: .container, action: action, id: service, name: service, service: service)
            if action == .die { event.exitCode = exitCode }
            tree.take(event, at: UInt64(index) * 100_000_000)
        }
        return tree
    }

    private func lines(_ tree: ProgressTree, columns: Int = 60, rows: Int = 24) -> [String] {
        tree.lines(columns: columns, rows: rows, now: 2_000_000_000) { text, _ in text }
    }

    private let made: [(String, Event.Action)] = [
        ("cache", .create), ("db", .create), ("migrate", .create), ("web", .create), ("db", .start), ("cache", .start),
    ]

    @Test func `a service stands below the one that it waits for longest, and says what it waits for`() {
        #expect(
            lines(tree(made)) == [
                "[+] 2/4",
                " ✔ Container cache       Started                       0.5s",
                " ✔ Container db          Started                       0.3s",
                " ⠿ └─ Container migrate  Created, waits for db         1.8s",
                " ⠿    └─ Container web   Created, waits for migrate    1.7s",
            ])
    }

    @Test func `what was waited for is not shown any more`() {
        let done = made + [("db", .healthy), ("migrate", .start), ("migrate", .die), ("web", .start)]
        let tree = tree(done)
        #expect(!tree.isPending)
        #expect(lines(tree)[0] == "[+] 4/4")
        #expect(!lines(tree).contains { $0.contains("waits") })
        #expect(self.tree(made).isPending)
    }

    @Test func `a dependency that failed is still waited for`() {
        let failed = made + [("db", .healthy), ("migrate", .start), ("migrate", .die)]
        #expect(lines(tree(failed, exitCode: 1)).contains { $0.contains("waits for migrate") })
    }

    @Test(arguments: [44, 80, 200])
    func `no line is wider than the terminal`(_ columns: Int) {
        for line in lines(tree(made), columns: columns) { #expect(line.count < columns, "\(line)") }
    }

    @Test func `on a small screen what still moves comes first`() {
        let shown = lines(tree(made), rows: 5)
        #expect(shown.count == 4)
        #expect(shown[1].contains("migrate") && shown[2].contains("web"))
        #expect(shown[3] == "   … 2 more")
    }
}
