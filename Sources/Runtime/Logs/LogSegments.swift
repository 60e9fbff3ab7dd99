// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Linux

/// The files of one container's log: `log`, then `log.1`, `log.2` and so on as it is rotated, each of which may have
/// become `log.N.gz`.
///
/// A file keeps its number for good. So rotation is one open(2), which no crash can cut in two, and a reader at the end
/// of file N goes on with the next higher number.
struct LogSegments {
    /// The first file.
    let path: String

    func plain(_ number: Int) -> String { number == 0 ? path : "\(path).\(number)" }
    func compressed(_ number: Int) -> String { "\(plain(number)).gz" }
    /// Where a file is compressed until it is whole.
    func unfinished(_ number: Int) -> String { "\(compressed(number)).tmp" }

    /// The numbers that have a file, ascending.
    func numbers() throws(SystemError) -> [Int] {
        // Twice: a file that becomes its compressed one while a directory is listed may be seen under neither name.
        let names = try names() + self.names()
        return Set(names.compactMap { number(of: $0, dropping: ".gz") }).sorted()
    }

    /// The numbers of files whose compression was cut off.
    func unfinishedNumbers() throws(SystemError) -> [Int] {
        try names().compactMap { $0.hasSuffix(".gz.tmp") ? number(of: $0, dropping: ".gz.tmp") : nil }
    }

    private func names() throws(SystemError) -> [String] {
        let directory = parentDirectory(path)
        return exists(directory) ? try listDirectory(directory) : []
    }

    /// 0 for `log`, 12 for `log.12` and `log.12.gz`; nil for what is no file of this log.
    private func number(of name: String, dropping suffix: String) -> Int? {
        let base = path.split(separator: "/").last ?? ""
        guard name.hasPrefix(base) else { return nil }
        var rest = name.dropFirst(base.count)
        if rest.hasSuffix(suffix) { rest = rest.dropLast(suffix.count) }
        if rest.isEmpty { return 0 }
        guard rest.first == ".", let number = Int(rest.dropFirst()), number > 0 else { return nil }
        return number
    }
}
