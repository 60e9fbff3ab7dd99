// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// What a scalar means, by the rules that docker compose's YAML library applies: YAML 1.2 words for null and Booleans
/// (`yes` and `on` are strings), YAML 1.1 forms of numbers (`0755` and `0o755` are octal, `1_000` has a separator).
package enum YAMLValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    /// Above the range of `Int64`.
    case unsigned(UInt64)
    case float(Double)
    /// A date, or a date with a time, as written.
    case timestamp(String)
    case string(String)
}

extension YAMLNode {
    /// What the scalar means; nil for sequences and mappings.
    package var value: YAMLValue? {
        guard case .scalar(let scalar) = content else { return nil }
        switch tag {
        case "tag:yaml.org,2002:str": return .string(scalar.text)
        case "tag:yaml.org,2002:binary": return .string(decodedBase64(scalar.text) ?? scalar.text)
        case nil: return scalar.isPlain ? YAMLValue(plain: scalar.text) : .string(scalar.text)
        case let tag? where tag.hasPrefix("tag:yaml.org,2002:"): return YAMLValue(plain: scalar.text)
        default: return scalar.isPlain ? YAMLValue(plain: scalar.text) : .string(scalar.text)
        }
    }

    package var isNull: Bool {
        guard case .scalar(let scalar) = content, scalar.text.utf8.count <= 4 else { return false }
        return value == .null
    }
}

extension YAMLValue {
    package init(plain text: String) {
        guard let first = text.utf8.first else {
            self = .null
            return
        }
        switch first {
        case UInt8(ascii: "~"), UInt8(ascii: "n"), UInt8(ascii: "N"):
            self = ["~", "null", "Null", "NULL"].contains(text) ? .null : .string(text)
        case UInt8(ascii: "t"), UInt8(ascii: "T"):
            self = ["true", "True", "TRUE"].contains(text) ? .bool(true) : .string(text)
        case UInt8(ascii: "f"), UInt8(ascii: "F"):
            self = ["false", "False", "FALSE"].contains(text) ? .bool(false) : .string(text)
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            self = Self.number(text) ?? .string(text)
        default:
            self = .string(text)
        }
    }

    private static func number(_ text: String) -> YAMLValue? {
        switch text {
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .float(-.infinity)
        case ".nan", ".NaN", ".NAN": return .float(.nan)
        default: break
        }
        if isTimestamp(text) { return .timestamp(text) }
        let plain = text.utf8.contains(UInt8(ascii: "_")) ? text.filter { $0 != "_" } : text
        if let integer = integer(plain) { return integer }
        return isFloat(plain) ? Double(plain).map { .float($0) } : nil
    }

    /// Go's `strconv.ParseInt(text, 0, 64)`, then `ParseUint`.
    private static func integer(_ text: String) -> YAMLValue? {
        var digits = Substring(text)
        var negative = false
        if let sign = digits.first, sign == "+" || sign == "-" {
            negative = sign == "-"
            digits.removeFirst()
        }
        var radix = 10
        if digits.utf8.first == UInt8(ascii: "0"), digits.utf8.count > 1 {
            switch digits.utf8.dropFirst().first {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): radix = 16
            case UInt8(ascii: "o"), UInt8(ascii: "O"): radix = 8
            case UInt8(ascii: "b"), UInt8(ascii: "B"): radix = 2
            default: radix = 8
            }
            let hasLetter = digits.utf8.dropFirst().first.map { "xXoObB".utf8.contains($0) } == true
            digits = digits.dropFirst(hasLetter ? 2 : 1)
        }
        // A second sign would be taken by the integer's own parser.
        guard let first = digits.first, first != "+", first != "-", let value = UInt64(digits, radix: radix) else {
            return nil
        }
        if negative {
            return value <= UInt64(Int64.max) + 1 ? .int(Int64(truncatingIfNeeded: 0 &- value)) : nil
        }
        return value <= UInt64(Int64.max) ? .int(Int64(value)) : .unsigned(value)
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
    private static func isFloat(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func digits() -> Int {
            let count = rest.prefix { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }.count
            rest = rest.dropFirst(count)
            return count
        }
        func take(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = take("+-")
        let whole = digits()
        let fraction = take(".") ? digits() : 0
        guard whole + fraction > 0 else { return false }
        if take("eE") {
            _ = take("+-")
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    /// `2001-12-14`, and the same with a time after `T`, `t` or a space.
    private static func isTimestamp(_ text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(11))
        guard bytes.count >= 8, bytes[4] == UInt8(ascii: "-") else { return false }
        let parts = text.utf8.prefix { $0 != UInt8(ascii: "T") && $0 != UInt8(ascii: "t") && $0 != UInt8(ascii: " ") }
            .split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, (1...2).contains(parts[1].count), (1...2).contains(parts[2].count),
            parts.allSatisfy({ $0.allSatisfy { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") } }),
            let month = Int(String(decoding: parts[1], as: UTF8.self)), (1...12).contains(month),
            let day = Int(String(decoding: parts[2], as: UTF8.self)), (1...31).contains(day)
        else { return false }
        let date = parts.reduce(2) { $0 + $1.count }
        return date == text.utf8.count || text.utf8.contains(UInt8(ascii: ":"))
    }
}

/// RFC 4648 §4, blanks allowed; nil if it is not base64 or not UTF-8.
private func decodedBase64(_ text: String) -> String? {
    var bits: UInt32 = 0
    var count = 0
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        let value: UInt32
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): value = 62
        case UInt8(ascii: "/"): value = 63
        case UInt8(ascii: "="), UInt8(ascii: "\n"), UInt8(ascii: " "): continue
        default: return nil
        }
        bits = (bits << 6 | value) & 0xFFFFFF
        count += 6
        if count >= 8 {
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
    }
    return String(validating: bytes, as: UTF8.self)
}
