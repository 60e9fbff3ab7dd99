// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@Suite struct NearestNameTests {
    private let keys = [
        "image", "command", "ports", "profiles", "environment", "env_file", "networks", "network_mode", "init", "ipc",
    ]

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var nearest: String?
        var testDescription: String { name }
    }

    @Test(
        "A typo finds the name that was meant, and other words find none",
        arguments: [
            Row(name: "imagee", nearest: "image"), Row(name: "prots", nearest: "ports"),
            Row(name: "Command", nearest: "command"),
            Row(name: "enviroment", nearest: "environment"), Row(name: "network", nearest: "networks"),
            Row(name: "zebra", nearest: nil), Row(name: "x", nearest: nil), Row(name: "", nearest: nil),
        ])
    func nearest(row: Row) {
        #expect(nearestName(to: row.name, among: keys) == row.nearest)
    }
}
