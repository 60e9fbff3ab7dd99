// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// An entry of a tar archive, good or bad.
struct TarEntry {
    var path: String
    /// The type flag of POSIX.1-1988: `0` file, `1` hard link, `2` symbolic link, `3` character device, `5` directory, `6` FIFO.
    var kind: Character = "0"
    var content: [UInt8] = []
    var mode = 0o644
    var user = 0
    var group = 0
    var time = 1_700_000_000
    var target = ""
    var device: (major: Int, minor: Int) = (0, 0)
    /// Extended attributes, written as records of a pax header.
    var attributes: [(name: String, value: String)] = []

    static func file(_ path: String, _ text: String = "", mode: Int = 0o644) -> TarEntry {
        TarEntry(path: path, content: Array(text.utf8), mode: mode)
    }
    static func directory(_ path: String, mode: Int = 0o755) -> TarEntry { TarEntry(path: path, kind: "5", mode: mode) }
    static func link(_ path: String, to target: String) -> TarEntry {
        TarEntry(path: path, kind: "2", mode: 0o777, target: target)
    }
    static func hardLink(_ path: String, to target: String) -> TarEntry {
        TarEntry(path: path, kind: "1", target: target)
    }
}

/// The archive of these entries, in the format ustar (pax(1)) with pax headers for attributes.
func tar(_ entries: [TarEntry]) -> [UInt8] {
    var bytes: [UInt8] = []
    for entry in entries {
        let records = entry.attributes.map { paxRecord("SCHILY.xattr.\($0.name)=\($0.value)") }.joined()
        if !records.isEmpty { append(TarEntry(path: "pax", kind: "x", content: Array(records.utf8)), to: &bytes) }
        append(entry, to: &bytes)
    }
    return bytes + [UInt8](repeating: 0, count: 1024)
}

func tar(_ entries: TarEntry...) -> [UInt8] { tar(entries) }

/// `LENGTH TEXT\n`, where LENGTH counts itself.
private func paxRecord(_ text: String) -> String {
    var length = text.utf8.count + 3
    while "\(length) \(text)\n".utf8.count != length { length += 1 }
    return "\(length) \(text)\n"
}

private func append(_ entry: TarEntry, to bytes: inout [UInt8]) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
        header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: digits - text.count) + text
    }
    put(entry.path, at: 0)
    put(octal(entry.mode, digits: 7), at: 100)
    put(octal(entry.user, digits: 7), at: 108)
    put(octal(entry.group, digits: 7), at: 116)
    put(octal(entry.content.count, digits: 11), at: 124)
    put(octal(entry.time, digits: 11), at: 136)
    put("        ", at: 148)
    put(String(entry.kind), at: 156)
    put(entry.target, at: 157)
    put("ustar", at: 257)
    put("00", at: 263)
    put(octal(entry.device.major, digits: 7), at: 329)
    put(octal(entry.device.minor, digits: 7), at: 337)
    put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6), at: 148)
    header[154] = 0
    bytes += header + entry.content + [UInt8](repeating: 0, count: (512 - entry.content.count % 512) % 512)
}

/// The bytes as gzip has them (RFC 1952), in blocks that are stored, not compressed (RFC 1951, 3.2.4).
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
        let part = rest.prefix(65535)
        rest = rest.dropFirst(65535)
        let count = UInt16(part.count)
        out +=
            [rest.isEmpty ? 1 : 0, UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8)]
            + part
    } while !rest.isEmpty
    for number in [crc32(bytes), UInt32(truncatingIfNeeded: bytes.count)] {
        out += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
    return out
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = (sum >> 1) ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~sum
}
