// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// The two directories that everything of trice lives in. Two different roots never disturb each other.
package struct Roots: Hashable, Sendable {
    /// What lasts: images, volumes, containers' upper layers, logs, records. `$TRICE_ROOT`.
    package let root: String
    /// What goes with the machine's run: sockets, pipes, locks. `$TRICE_RUN`.
    package let run: String

    package init(root: String, run: String) {
        self.root = root
        self.run = run
    }

    /// `$TRICE_ROOT` and `$TRICE_RUN`; else `/var/lib/trice` and `/run/trice` for root, and the XDG directories for a
    /// plain user.
    package static func fromEnvironment() -> Roots {
        func value(_ name: String) -> String? {
            guard let value = getenv(name) else { return nil }
            let text = String(cString: value)
            return text.isEmpty ? nil : text
        }
        let user = geteuid()
        let data = user == 0 ? "/var/lib" : value("XDG_DATA_HOME") ?? "\(value("HOME") ?? "/")/.local/share"
        let run = user == 0 ? "/run" : value("XDG_RUNTIME_DIR") ?? "/run/user/\(user)"
        return Roots(
            root: absolutePath(value("TRICE_ROOT") ?? "\(data)/trice"),
            run: absolutePath(value("TRICE_RUN") ?? "\(run)/trice"))
    }

    /// Eight hexadecimal digits of this root's path (FNV-1a, 32 bits): stands in every name that lands on the host.
    package var tag: String {
        var hash: UInt32 = 2_166_136_261
        for byte in root.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// The path from the root, without `.`, `..` and double slashes; symbolic links are left as they are.
package func absolutePath(_ path: String) -> String {
    var parts: [Substring] = []
    var whole = path
    if !path.hasPrefix("/") {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let here = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "/"
        whole = "\(here)/\(path)"
    }
    for part in whole.split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}
