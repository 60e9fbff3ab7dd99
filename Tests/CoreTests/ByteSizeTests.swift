// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@Suite struct ByteSizeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var bytes: Int64?
        var testDescription: String { "'\(text)'" }
    }

    @Test(
        "Sizes have units of powers of 1024; nil is refused",
        arguments: [
            Row(text: "10b", bytes: 10), Row(text: "10k", bytes: 10_240), Row(text: "10kb", bytes: 10_240),
            Row(text: "10KiB", bytes: 10_240), Row(text: "10 MB", bytes: 10_485_760),
            Row(text: "1.5g", bytes: 1_610_612_736),
            Row(text: "1tb", bytes: 1_099_511_627_776), Row(text: "2048", bytes: 2048),
            Row(text: "0.5mib", bytes: 524_288),
            Row(text: "0", bytes: 0), Row(text: "10xb", bytes: nil), Row(text: "5mm", bytes: nil),
            Row(text: "-5m", bytes: nil),
            Row(text: "", bytes: nil), Row(text: "m", bytes: nil), Row(text: "1.2.3m", bytes: nil),
            Row(text: "99999999999p", bytes: nil), Row(text: "10  m", bytes: nil),
        ])
    func reading(row: Row) {
        #expect((try? ByteSize(parsing: row.text))?.bytes == row.bytes)
    }
}
