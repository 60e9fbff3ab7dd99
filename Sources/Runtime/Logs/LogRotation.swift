// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// When a container's log goes on in a new file, and what becomes of the old ones.
package struct LogRotation: Hashable, Sendable {
    /// Bytes after which a file gets no further record; nil for one file without a bound.
    package var largest: Int?
    /// So many files are kept, the one that is written included.
    package var files: Int
    /// Whether files that are full are compressed with gzip.
    package var compresses: Bool

    package init(largest: Int? = nil, files: Int = 1, compresses: Bool = false) {
        (self.largest, self.files, self.compresses) = (largest, files, compresses)
    }
}
