// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Core
import Glibc
import Runtime

/// Instants as people write and read them.
enum Timestamp {
    /// Of a time, of seconds since 1970, or of how long ago it was, in nanoseconds since 1970.
    static func nanoseconds(_ text: String) -> UInt64? {
        if let span = try? TimeSpan(parsing: text) { return realTime() - span.pause }
        if let seconds = Double(text), seconds >= 0, seconds < 1e10 { return UInt64(seconds * 1e9) }
        return ofTime(text)
    }

    /// `2026-01-02 15:04:05.000000` in the caller's zone.
    static func local(_ time: UInt64) -> String {
        var seconds = time_t(time / 1_000_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        let count = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
        let micros = String(time % 1_000_000_000 / 1000)
        let text = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(text).\(String(repeating: "0", count: 6 - micros.count))\(micros)"
    }

    /// `2026-01-02`, `2026-01-02T15:04`, `2026-01-02T15:04:05.5Z`, `…+02:00`; UTC where no zone is given.
    private static func ofTime(_ text: String) -> UInt64? {
        var parts = tm()
        var rest = ""
        for pattern in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"] {
            parts = tm()
            let matched: String? = text.withCString { start in
                trice_strptime(start, pattern, &parts).map { String(cString: $0) }
            }
            if let matched {
                rest = matched
                break
            }
            if pattern == "%Y-%m-%d" { return nil }
        }
        var nanoseconds = ""
        if rest.hasPrefix(".") {
            nanoseconds = String(rest.dropFirst().prefix { $0.isNumber })
            rest = String(rest.dropFirst(1 + nanoseconds.count))
        }
        var offset = 0
        if rest != "" && rest != "Z" {
            let sign = rest.hasPrefix("-") ? -1 : 1
            let digits = rest.dropFirst().split(separator: ":")
            guard rest.hasPrefix("+") || rest.hasPrefix("-"), digits.count == 2, let hours = Int(digits[0]),
                let minutes = Int(digits[1])
            else {
                return nil
            }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        let seconds = timegm(&parts) - offset
        guard seconds >= 0 else { return nil }
        let padded = String((nanoseconds + "000000000").prefix(9))
        return UInt64(seconds) * 1_000_000_000 + (UInt64(padded) ?? 0)
    }
}
