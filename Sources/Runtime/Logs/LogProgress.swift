// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// How far a container's log is, on record after every write to it: what a killed writer's successor goes on from.
///
/// What stands in the log behind this place is taken back and written again, from the spools.
struct LogProgress: Equatable {
    /// The log's newest file, and its size.
    var number = 0
    var size = 0
    /// The places in the spools up to which the log has their lines.
    var output = 0
    var errors = 0
    /// So many lines are missing at the log's end, and the error of the write(2) that lost the last of them.
    var missing = 0
    var errno = 0

    /// One write(2) of these few bytes, which no signal cuts in two.
    func save(to file: Descriptor) throws(SystemError) {
        let fields = [number, size, output, errors, missing, errno].map(Int64.init)
        var failure: SystemError?
        fields.withUnsafeBytes { bytes in
            do throws(SystemError) { try file.writeAll(bytes, at: 0) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// - Returns: nil where nothing is on record.
    static func load(from file: Descriptor) throws(SystemError) -> LogProgress? {
        // The last two are not in the records of earlier versions.
        var fields: [Int64] = [0, 0, 0, 0, 0, 0]
        let count = try check("pread") { pread(file.raw, &fields, 48, 0) }
        guard count >= 32 else { return nil }
        return LogProgress(
            number: Int(fields[0]), size: Int(fields[1]), output: Int(fields[2]), errors: Int(fields[3]),
            missing: Int(fields[4]), errno: Int(fields[5]))
    }
}
