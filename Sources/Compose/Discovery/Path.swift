// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Paths as text, without a look at the file system.
package enum Path {
    /// `path` with `.`, `..` and repeated slashes resolved; `.` for nothing (as Go's `filepath.Clean`).
    package static func cleaned(_ path: String) -> String {
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if let last = parts.last, last != ".." {
                parts.removeLast()
            } else if !isAbsolute {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
    }

    /// `path`, taken from `directory` unless it is absolute, cleaned.
    package static func absolute(_ path: String, from directory: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? cleaned(path) : cleaned(directory + "/" + path)
    }

    /// Whether it is absolute on Windows: `C:\\dir`, or a pipe or share, `\\\\host`.
    static func isWindows(_ path: String) -> Bool {
        let bytes = path.utf8.prefix(3).map { $0 }
        let backslash = UInt8(ascii: "\\")
        if bytes.starts(with: [backslash, backslash]) { return true }
        return bytes.count == 3 && bytes[0].isASCIILetter && bytes[1] == UInt8(ascii: ":") && bytes[2] == backslash
    }

    package static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    package static func lastComponent(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? ""
    }

    /// `path` as seen from `directory`, both absolute and cleaned: `../compose.yaml`.
    static func relative(_ path: String, to directory: String) -> String {
        let to = path.split(separator: "/")
        let from = directory.split(separator: "/")
        var common = 0
        while common < min(to.count, from.count), to[common] == from[common] { common += 1 }
        let steps = Array(repeating: "..", count: from.count - common) + to[common...].map(String.init)
        return steps.isEmpty ? "." : steps.joined(separator: "/")
    }
}
