// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A length of time as Compose files give it: `1m30s`, `2.5h`, `10us`.
///
/// Compose Specification, 11-extension.md, "Specifying durations"; read and printed as Go's `time.Duration`, with days and
/// weeks besides, as docker compose does.
package struct TimeSpan: Hashable, Sendable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: count * 1_000_000_000) }
    package static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: count * 1_000_000) }

    package static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.nanoseconds < b.nanoseconds }

    /// As the standard library's type, for clocks.
    /// As a pause: nanoseconds, 0 for a span that is negative.
    package var pause: UInt64 { UInt64(max(0, nanoseconds)) }

    package var duration: Duration { .nanoseconds(nanoseconds) }
}

extension TimeSpan {
    package enum ParseError: Error, Hashable, Sendable {
        case invalid
        case missingUnit
        case unknownUnit(String)
        case tooLarge
    }

    /// Nil where `init(parsing:)` throws.
    package init?(_ text: String) {
        do throws(ParseError) {
            try self.init(parsing: text)
        } catch {
            return nil
        }
    }

    package init(parsing text: some StringProtocol) throws(ParseError) {
        var rest = Array(text.utf8)[...]
        var negative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            negative = sign == UInt8(ascii: "-")
            rest.removeFirst()
        }
        if rest.elementsEqual([UInt8(ascii: "0")]) {
            self.init(nanoseconds: 0)
            return
        }
        guard !rest.isEmpty else { throw .invalid }
        var total: UInt64 = 0
        while !rest.isEmpty {
            let part = try Self.part(&rest)
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow, sum <= UInt64(Int64.max) else { throw .tooLarge }
            total = sum
        }
        self.init(nanoseconds: negative ? -Int64(total) : Int64(total))
    }

    /// One number with its unit, in nanoseconds.
    private static func part(_ rest: inout ArraySlice<UInt8>) throws(ParseError) -> UInt64 {
        var whole: UInt64 = 0
        var fraction: UInt64 = 0
        var scale: UInt64 = 1
        var digits = 0
        while let digit = rest.first?.digit {
            let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !more else { throw .tooLarge }
            whole = sum
            digits += 1
            rest.removeFirst()
        }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            while let digit = rest.first?.digit {
                // Nine digits are a nanosecond of a second; more do not change the value.
                if scale < 1_000_000_000 {
                    fraction = fraction * 10 + UInt64(digit)
                    scale *= 10
                }
                digits += 1
                rest.removeFirst()
            }
        }
        guard digits > 0 else { throw .invalid }
        let name = rest.prefix { $0.digit == nil && $0 != UInt8(ascii: ".") }
        guard !name.isEmpty else { throw .missingUnit }
        rest = rest.dropFirst(name.count)
        let text = String(decoding: name, as: UTF8.self)
        guard let unit = units[text] else { throw .unknownUnit(text) }
        let (nanoseconds, overflow) = whole.multipliedReportingOverflow(by: unit)
        // unit ≤ 6.1e14 and fraction < 1e9 can pass 64 bits together: divide in floating point, as Go does.
        let extra = UInt64(Double(fraction) * (Double(unit) / Double(scale)))
        let (sum, more) = nanoseconds.addingReportingOverflow(extra)
        guard !overflow, !more else { throw .tooLarge }
        return sum
    }

    private static let units: [String: UInt64] = [
        "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000,
        "m": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000, "w": 604_800_000_000_000,
    ]
}

extension TimeSpan: CustomStringConvertible {
    /// `1h5m30.02s`, `1.5ms`, `0s`.
    package var description: String {
        let amount = nanoseconds.magnitude
        let sign = nanoseconds < 0 ? "-" : ""
        switch amount {
        case 0: return "0s"
        case ..<1_000: return "\(sign)\(amount)ns"
        case ..<1_000_000: return sign + Self.decimal(amount, 1_000) + "µs"
        case ..<1_000_000_000: return sign + Self.decimal(amount, 1_000_000) + "ms"
        default: break
        }
        let (minutes, rest) = amount.quotientAndRemainder(dividingBy: 60_000_000_000)
        var text = Self.decimal(rest, 1_000_000_000) + "s"
        if minutes > 0 { text = "\(minutes % 60)m" + text }
        if minutes >= 60 { text = "\(minutes / 60)h" + text }
        return sign + text
    }

    private static func decimal(_ amount: UInt64, _ unit: UInt64) -> String {
        let (whole, rest) = amount.quotientAndRemainder(dividingBy: unit)
        guard rest > 0 else { return "\(whole)" }
        var digits = String(rest + unit).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}

extension TimeSpan: Codable {
    package init(from decoder: any Decoder) throws {
        nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}

extension UInt8 {
    /// The value of an ASCII digit.
    fileprivate var digit: UInt8? {
        UInt8(ascii: "0") <= self && self <= UInt8(ascii: "9") ? self - UInt8(ascii: "0") : nil
    }
}
