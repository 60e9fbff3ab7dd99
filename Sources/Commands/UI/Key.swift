// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A key as a terminal in raw mode tells it.
enum Key: Hashable {
    case character(Character)
    case control(Character)
    case up, down, left, right, pageUp, pageDown, home, end
    case enter, escape, tab

    /// The keys in what was read: control characters, and the sequences of ECMA-48 and xterm (ESC [ A, ESC O A, ESC [ 5 ~).
    /// One that is not known is left out.
    static func all(in bytes: [UInt8]) -> [Key] {
        var keys: [Key] = []
        var rest = Array(String(decoding: bytes, as: UTF8.self))[...]
        while let first = rest.popFirst() {
            switch first {
            case "\u{1B}":
                guard let kind = rest.first, kind == "[" || kind == "O" else {
                    keys.append(.escape)
                    continue
                }
                rest.removeFirst()
                let numbers = rest.prefix { ("0"..."?").contains($0) }
                rest = rest.dropFirst(numbers.count)
                guard let final = rest.popFirst() else { continue }
                if let key = final == "~" ? numbered[String(numbers)] : lettered[final] { keys.append(key) }
            case "\r", "\n", "\r\n": keys.append(.enter)
            case "\t": keys.append(.tab)
            case "\u{01}"..."\u{1A}":
                keys.append(.control(Character(Unicode.Scalar((first.asciiValue ?? 0) + 0x60))))
            default:
                if first.asciiValue.map({ (0x20..<0x7F).contains($0) }) ?? true { keys.append(.character(first)) }
            }
        }
        return keys
    }

    private static let lettered: [Character: Key] = [
        "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end,
    ]
    private static let numbered: [String: Key] = [
        "1": .home, "4": .end, "5": .pageUp, "6": .pageDown, "7": .home, "8": .end,
    ]
}
