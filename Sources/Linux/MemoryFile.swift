// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// An anonymous file with this content (memfd_create(2)), to hand a document of any size to another process.
package func memoryFile(_ name: String, _ bytes: [UInt8]) throws(SystemError) -> Descriptor {
    let file = Descriptor(try check("memfd_create", name) { trice_memfd_create(name) })
    try file.writeAll(bytes)
    return file
}

/// The whole content of a file descriptor, from its beginning, at most `limit` bytes.
package func readWhole(_ descriptor: Int32, limit: Int = 1 << 28) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = try check("pread") { pread(descriptor, &buffer, buffer.count, off_t(bytes.count)) }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
        if bytes.count > limit { throw SystemError("pread", errno: EFBIG) }
    }
}
