// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

extension Document {
    /// As JSON (RFC 8259). With `indent`, one field a line; else all on one.
    package func json(indent: Bool = true, sortedKeys: Bool = false) -> String {
        var writer = JSONWriter(isIndented: indent, sortsKeys: sortedKeys)
        writer.write(self, depth: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

private struct JSONWriter {
    let isIndented: Bool
    let sortsKeys: Bool
    var bytes: [UInt8] = []

    mutating func write(_ value: Document, depth: Int) {
        switch value {
        case .null: add("null")
        case .bool(let flag): add(flag ? "true" : "false")
        case .int(let number): add("\(number)")
        case .unsigned(let number): add("\(number)")
        case .double(let number): add(goText(number))
        case .string(let text): string(text)
        case .array(let items):
            guard !items.isEmpty else { return add("[]") }
            add("[")
            for (index, item) in items.enumerated() {
                newItem(index, depth + 1)
                write(item, depth: depth + 1)
            }
            newLine(depth)
            add("]")
        case .object(let fields):
            guard !fields.isEmpty else { return add("{}") }
            add("{")
            for (index, field) in (sortsKeys ? fields.sorted { $0.name < $1.name } : fields).enumerated() {
                newItem(index, depth + 1)
                string(field.name)
                add(isIndented ? ": " : ":")
                write(field.value, depth: depth + 1)
            }
            newLine(depth)
            add("}")
        }
    }

    private mutating func newItem(_ index: Int, _ depth: Int) {
        if index > 0 { add(",") }
        newLine(depth)
    }

    private mutating func newLine(_ depth: Int) {
        guard isIndented else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    private mutating func add(_ text: String) {
        bytes += text.utf8
    }

    private mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): add("\\n")
            case UInt8(ascii: "\t"): add("\\t")
            case UInt8(ascii: "\r"): add("\\r")
            case ..<0x20:
                add(byte < 0x10 ? "\\u000" : "\\u00")
                add(String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
