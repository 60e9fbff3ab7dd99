// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc

/// An extended regular expression (regex(7)), as `grep -E` takes it, with glibc's `\w`, `\s` and `\b`.
package final class LinePattern {
    package struct ParseError: Error, CustomStringConvertible {
        package let description: String
    }

    private var compiled = regex_t()

    /// - Throws: what is wrong, in regcomp(3)'s words or, for what other kinds of expressions have and this one would take
    ///   for something else, in our own.
    package init(_ text: String) throws(ParseError) {
        if text.utf8.contains(0) { throw ParseError(description: "a line has no NUL") }
        for (foreign, instead) in [("\\d", "[0-9]"), ("\\D", "[^0-9]"), ("(?", "plain parentheses")]
        where text.contains(foreign) {
            throw ParseError(description: "'\(foreign)' is not of the extended kind (grep -E): write \(instead)")
        }
        let status = regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB)
        guard status != 0 else { return }
        let message = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            _ = regerror(status, &compiled, buffer.baseAddress, buffer.count)
            return String(cString: buffer.baseAddress!)
        }
        throw ParseError(description: message)
    }

    deinit { regfree(&compiled) }

    /// Whether any part of the line matches; what follows a NUL is not looked at.
    package func matches(_ line: UnsafeRawBufferPointer) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: line.count + 1, alignment: 1) { copy in
            copy.copyMemory(from: line)
            copy[line.count] = 0
            return regexec(&compiled, copy.baseAddress!.assumingMemoryBound(to: CChar.self), 0, nil, 0) == 0
        }
    }
}
