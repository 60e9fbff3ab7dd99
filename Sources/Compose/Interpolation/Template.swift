// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// Text with variables (Compose Specification, 12-interpolation.md).
///
/// `$NAME`, `${NAME}`, `$$` for a dollar sign, and in braces `:-` `-` (default), `:?` `?` (required), `:+` `+` (alternative);
/// what follows the operator may contain variables again. A dollar sign before anything else stands for itself.
package struct Template {
    package enum Failure: Error, Hashable, Sendable {
        /// The text from the dollar sign on that is no variable.
        case invalid(String)
        case required(name: String, message: String)
        case tooDeep
        case tooLong
    }

    /// Deeper nesting of defaults is refused.
    static let depthLimit = 50
    /// Bytes; a longer result is refused: values can hold others many times over.
    private static let lengthLimit = 1 << 20

    private let lookup: (String) -> String?
    private let unset: (String) -> Void

    /// `unset` hears of each variable that is replaced by nothing because it has no value and no default.
    package init(lookup: @escaping (String) -> String?, unset: @escaping (String) -> Void = { _ in }) {
        self.lookup = lookup
        self.unset = unset
    }

    package func expanded(_ text: String) throws(Failure) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        return String(decoding: try expanded(Array(text.utf8)[...], depth: 0), as: UTF8.self)
    }

    private func expanded(_ text: ArraySlice<UInt8>, depth: Int) throws(Failure) -> [UInt8] {
        guard depth <= Self.depthLimit else { throw .tooDeep }
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var rest = text
        while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
            output += rest[..<dollar]
            guard output.count <= Self.lengthLimit else { throw .tooLong }
            let after = rest[(dollar + 1)...]
            switch after.first {
            case UInt8(ascii: "$"):
                output.append(UInt8(ascii: "$"))
                rest = after.dropFirst()
            case UInt8(ascii: "{"):
                guard let close = Self.closingBrace(after) else { throw .invalid(Self.text(rest[dollar...])) }
                let inner = after[(after.startIndex + 1)..<close]
                output += try substituted(inner, whole: rest[dollar...close], depth: depth)
                rest = rest[(close + 1)...]
            default:
                let name = Self.name(after)
                if name.isEmpty {
                    output.append(UInt8(ascii: "$"))
                } else {
                    output += plain(Self.text(name))
                }
                rest = after.dropFirst(name.count)
            }
        }
        return output + rest
    }

    /// What stands for `${inner}`.
    private func substituted(_ inner: ArraySlice<UInt8>, whole: ArraySlice<UInt8>, depth: Int) throws(Failure)
        -> [UInt8]
    {
        let bytes = Self.name(inner)
        guard !bytes.isEmpty else { throw .invalid(Self.text(whole)) }
        let name = Self.text(bytes)
        var rest = inner.dropFirst(bytes.count)
        guard let first = rest.popFirst() else { return plain(name) }
        var sign = first
        let emptyCounts = first != UInt8(ascii: ":")
        if !emptyCounts {
            guard let next = rest.popFirst() else { throw .invalid(Self.text(whole)) }
            sign = next
        }
        let value = lookup(name)
        let isSet = value.map { emptyCounts || !$0.isEmpty } ?? false
        switch sign {
        case UInt8(ascii: "-"):
            return isSet ? Array((value ?? "").utf8) : try expanded(rest, depth: depth + 1)
        case UInt8(ascii: "+"):
            return isSet ? try expanded(rest, depth: depth + 1) : []
        case UInt8(ascii: "?"):
            if isSet { return Array((value ?? "").utf8) }
            throw .required(name: name, message: Self.text(try expanded(rest, depth: depth + 1)[...]))
        default:
            throw .invalid(Self.text(whole))
        }
    }

    private func plain(_ name: String) -> [UInt8] {
        guard let value = lookup(name) else {
            unset(name)
            return []
        }
        return Array(value.utf8)
    }

    /// The brace that closes the one at the start of `text`.
    static func closingBrace(_ text: ArraySlice<UInt8>) -> Int? {
        var depth = 0
        for index in text.indices {
            if text[index] == UInt8(ascii: "{") { depth += 1 }
            if text[index] == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    /// `[A-Za-z_][A-Za-z0-9_]*` at the start of `text`.
    static func name(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = text.first, first == UInt8(ascii: "_") || first.isASCIILetter else { return [] }
        return text.prefix { $0 == UInt8(ascii: "_") || $0.isASCIILetter || $0.isASCIIDigit }
    }

    static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    var isASCIILetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }

    var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
