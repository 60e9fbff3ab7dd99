// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// A sequence of keys that lets go of a container's terminal: `ctrl-p,ctrl-q` (docker's default), `ctrl-@,x`.
struct DetachKeys: Hashable {
    /// What the keys send.
    let sequence: [UInt8]
    private var matched = 0

    /// - Parameter text: letters, and `ctrl-` with one of a–z, `@`, `[`, `\`, `]`, `^`, `_`, commas between them.
    init?(_ text: String) {
        var sequence: [UInt8] = []
        for key in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bytes = Array(key.utf8)
            if bytes.count == 1 {
                sequence.append(bytes[0])
            } else if key.hasPrefix("ctrl-"), bytes.count == 6, let code = DetachKeys.control(bytes[5]) {
                sequence.append(code)
            } else {
                return nil
            }
        }
        self.sequence = sequence
    }

    private static func control(_ key: UInt8) -> UInt8? {
        switch key {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): key - UInt8(ascii: "a") + 1
        case UInt8(ascii: "@"): 0
        case UInt8(ascii: "[")...UInt8(ascii: "_"): key - UInt8(ascii: "@")
        default: nil
        }
    }

    /// Takes what was typed.
    ///
    /// - Returns: what is for the container, without the sequence, and whether the sequence was typed. Keys that may begin
    ///   it are held back until the next ones tell.
    mutating func take(_ bytes: some Sequence<UInt8>) -> (forwarded: [UInt8], isDetached: Bool) {
        var forwarded: [UInt8] = []
        for byte in bytes {
            if byte != sequence[matched] {
                forwarded += sequence[..<matched]
                matched = 0
            }
            if byte == sequence[matched] {
                matched += 1
                if matched == sequence.count { return (forwarded, true) }
            } else {
                forwarded.append(byte)
            }
        }
        return (forwarded, false)
    }
}
