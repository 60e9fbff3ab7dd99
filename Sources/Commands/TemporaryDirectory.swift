// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Glibc
import Linux

/// A directory below `$TMPDIR`, else `/tmp`, which goes with this value.
final class TemporaryDirectory {
    let path: String

    init() throws(SystemError) {
        let template = "\(Context.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp")/trice-XXXXXX"
        var bytes = template.utf8CString
        let made = bytes.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        guard made else { throw SystemError("mkdtemp", template) }
        path = String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        do { try removeTree(path) } catch { Output.standardError("\(path) stays: \(error)\n") }
    }
}
