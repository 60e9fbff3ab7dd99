// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import YAML

extension Document {
    /// As block YAML that any reader of YAML 1.1 or 1.2 reads the same.
    package func yaml() -> String {
        var writer = YAMLWriter()
        writer.write(self)
        return writer.text
    }
}

private struct YAMLWriter {
    var text = ""

    mutating func write(_ root: Document) {
        switch root {
        case .object(let fields) where !fields.isEmpty: write(fields, indent: 0, isFirstPlaced: false)
        case .array(let items) where !items.isEmpty: write(items, indent: 0)
        default: text += scalar(root, indent: 0) + "\n"
        }
    }

    private mutating func write(_ fields: [Document.Field], indent: Int, isFirstPlaced: Bool) {
        for (index, field) in fields.enumerated() {
            if index > 0 || !isFirstPlaced { text += String(repeating: " ", count: indent) }
            text += quoted(field.name) + ":"
            switch field.value {
            case .object(let inner) where !inner.isEmpty:
                text += "\n"
                write(inner, indent: indent + 2, isFirstPlaced: false)
            case .array(let items) where !items.isEmpty:
                text += "\n"
                write(items, indent: indent + 2)
            default: text += " " + scalar(field.value, indent: indent + 2) + "\n"
            }
        }
    }

    private mutating func write(_ items: [Document], indent: Int) {
        for item in items {
            text += String(repeating: " ", count: indent) + "- "
            switch item {
            case .object(let fields) where !fields.isEmpty: write(fields, indent: indent + 2, isFirstPlaced: true)
            case .array(let inner) where !inner.isEmpty:
                // A list right in a list starts on a line of its own.
                text.removeLast()
                text += "\n"
                write(inner, indent: indent + 2)
            default: text += scalar(item, indent: indent + 2) + "\n"
            }
        }
    }

    private func scalar(_ value: Document, indent: Int) -> String {
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return "\(number)"
        case .unsigned(let number): return "\(number)"
        case .double(let number): return goText(number)
        case .array: return "[]"
        case .object: return "{}"
        case .string(let string): return block(string, indent: indent) ?? quoted(string)
        }
    }

    /// Several lines as a literal block, where that says exactly the same.
    private func block(_ string: String, indent: Int) -> String? {
        guard string.contains("\n"),
            string.unicodeScalars.allSatisfy({
                $0 == "\n" || ($0.value >= 0x20 && $0.value < 0x7F) || $0.value >= 0xA1 && $0.value < 0x2028
            })
        else { return nil }
        let lines = string.split(separator: "\n", omittingEmptySubsequences: false)
        // A leading blank would be taken for indentation; trailing ones are easily lost by editors.
        guard let first = lines.first, let start = first.utf8.first, start != UInt8(ascii: " "),
            !string.hasSuffix("\n\n"),
            lines.allSatisfy({ $0.utf8.last != UInt8(ascii: " ") })
        else { return nil }
        let body = string.hasSuffix("\n") ? lines.dropLast() : lines[...]
        let pad = String(repeating: " ", count: indent)
        return (string.hasSuffix("\n") ? "|\n" : "|-\n")
            + body.map { $0.isEmpty ? "" : pad + $0 }.joined(separator: "\n")
    }

    /// Plain where no reader can take it for something else, in double quotes else.
    private func quoted(_ string: String) -> String {
        isPlain(string) ? string : escaped(Document.string(string).json(indent: false))
    }

    /// JSON's quotes with what YAML takes for line breaks, or does not allow, escaped as well.
    private func escaped(_ json: String) -> String {
        guard json.unicodeScalars.contains(where: isSpecial) else { return json }
        var result = ""
        for scalar in json.unicodeScalars {
            if isSpecial(scalar) {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private func isSpecial(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    private func isPlain(_ string: String) -> Bool {
        guard let first = string.utf8.first, let last = string.utf8.last, last != UInt8(ascii: ":"),
            last != UInt8(ascii: " ")
        else { return false }
        guard
            first.isASCIILetter || first == UInt8(ascii: "/") || first == UInt8(ascii: ".")
                || first == UInt8(ascii: "_") || first == UInt8(ascii: "$")
        else { return false }
        let isHarmless = string.utf8.allSatisfy {
            $0.isASCIILetter || $0.isASCIIDigit || " ._-/:@=+,%$()~^".utf8.contains($0)
        }
        guard isHarmless, !string.contains(": "), case .string = YAMLValue(plain: string) else { return false }
        // Words that YAML 1.1 takes for Booleans or null.
        return ComposeBoolean(string) == nil && !["null", "none"].contains(string.lowercased())
    }
}
