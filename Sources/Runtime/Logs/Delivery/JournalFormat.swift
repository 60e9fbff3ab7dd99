// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Entries of systemd's journal in its native protocol (systemd, JOURNAL_NATIVE_PROTOCOL), with the fields of Docker's driver
/// (moby, daemon/logger/journald).
package struct JournalFormat: Hashable, Sendable {
    /// Fields of every entry: what container it is of.
    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: String
        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    package var fields: [Field]

    package init(_ fields: [Field]) { self.fields = fields }

    func bytes(of entry: LogEntry) -> [UInt8] {
        var message: [UInt8] = []
        func add(_ name: String, _ value: [UInt8]) {
            message += name.utf8
            if value.contains(10) {
                // Binary: the length as 64 bits, little-endian.
                message.append(10)
                withUnsafeBytes(of: UInt64(value.count).littleEndian) { message += $0 }
            } else {
                message.append(UInt8(ascii: "="))
            }
            message += value
            message.append(10)
        }
        add("MESSAGE", entry.text)
        add("PRIORITY", Array("\(entry.severity)".utf8))
        add("SYSLOG_TIMESTAMP", Array(entry.time.utf8))
        if entry.isPartial { add("CONTAINER_PARTIAL_MESSAGE", Array("true".utf8)) }
        for field in fields { add(field.name, Array(field.value.utf8)) }
        return message
    }

    /// The name of a label or variable as a field's: upper case letters, digits and `_`, no `_` in front.
    package static func fieldName(_ name: String) -> String {
        let upper = name.uppercased().utf8.map { byte -> UInt8 in
            (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) ? byte : UInt8(ascii: "_")
        }
        return String(decoding: upper.drop { $0 == UInt8(ascii: "_") }, as: UTF8.self)
    }
}
