// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import Testing

@Suite struct TimeSpanTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var nanoseconds: Int64
        var printed: String
        var testDescription: String { text }
    }

    @Test(
        "Durations are read and printed as docker compose does",
        arguments: [
            Row(text: "0", nanoseconds: 0, printed: "0s"),
            Row(text: "0s", nanoseconds: 0, printed: "0s"),
            Row(text: "20s", nanoseconds: 20_000_000_000, printed: "20s"),
            Row(text: "90s", nanoseconds: 90_000_000_000, printed: "1m30s"),
            Row(text: "1h5m30s20ms", nanoseconds: 3_930_020_000_000, printed: "1h5m30.02s"),
            Row(text: "10us", nanoseconds: 10_000, printed: "10µs"),
            Row(text: "1.5µs", nanoseconds: 1_500, printed: "1.5µs"),
            Row(text: "7ns", nanoseconds: 7, printed: "7ns"),
            Row(text: "2500ms", nanoseconds: 2_500_000_000, printed: "2.5s"),
            Row(text: "1.5h", nanoseconds: 5_400_000_000_000, printed: "1h30m0s"),
            Row(text: "2d", nanoseconds: 172_800_000_000_000, printed: "48h0m0s"),
            Row(text: "1w", nanoseconds: 604_800_000_000_000, printed: "168h0m0s"),
            Row(text: "-1s", nanoseconds: -1_000_000_000, printed: "-1s"),
            Row(text: ".5s", nanoseconds: 500_000_000, printed: "500ms"),
        ])
    func reading(row: Row) throws {
        let span = try TimeSpan(parsing: row.text)
        #expect(span.nanoseconds == row.nanoseconds)
        #expect(span.description == row.printed)
        #expect(try TimeSpan(parsing: row.printed) == span)
    }

    struct BadRow: Sendable, CustomTestStringConvertible {
        var text: String
        var error: TimeSpan.ParseError
        var testDescription: String { "'\(text)'" }
    }

    @Test(
        "What is no duration is refused with the reason",
        arguments: [
            BadRow(text: "", error: .invalid), BadRow(text: "often", error: .invalid),
            BadRow(text: "-", error: .invalid),
            BadRow(text: ".s", error: .invalid), BadRow(text: "30", error: .missingUnit),
            BadRow(text: "1m 30s", error: .unknownUnit("m ")), BadRow(text: "1y", error: .unknownUnit("y")),
            BadRow(text: "99999999999999999999s", error: .tooLarge), BadRow(text: "300y0s", error: .unknownUnit("y")),
            BadRow(text: "99999999w", error: .tooLarge), BadRow(text: "9223372036s9999999999ns", error: .tooLarge),
        ])
    func refusing(row: BadRow) {
        #expect(throws: row.error) { try TimeSpan(parsing: row.text) }
    }
}
