// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Compose
import Glibc
import Linux

/// Where files from elsewhere are kept: below `$XDG_CACHE_HOME/trice` (XDG Base Directory Specification), else
/// `~/.cache/trice`.
enum CacheDirectory {
    /// The directory of this name, without symbolic links in its path; it is made where it is not there.
    static func path(_ name: String, _ environment: [String: String]) throws(FetchFailure) -> String {
        guard
            let base = environment["XDG_CACHE_HOME"].flatMap({ $0.hasPrefix("/") ? $0 : nil })
                ?? environment["HOME"].map({ "\($0)/.cache" })
        else { throw FetchFailure("there is no place for the cache", hint: "set XDG_CACHE_HOME or HOME") }
        let directory = Path.cleaned("\(base)/trice/\(name)")
        do {
            try makeDirectories(directory, mode: 0o700)
            guard let real = realpath(directory, nil) else { throw SystemError("realpath", directory) }
            defer { free(real) }
            return String(cString: real)
        } catch { throw FetchFailure("\(error)") }
    }
}
