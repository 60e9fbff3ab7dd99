// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

/// `x-trice` of a service. Other than extension fields in general, what is wrong in it is a mistake.
extension TreeReader {
    mutating func triceExtension(_ node: YAMLNode, _ path: String) -> TriceExtension? {
        guard let fields = fields(node, path, known: ["ready", "on-unhealthy", "rerun", "dns", "owner"]) else {
            return nil
        }
        var result = TriceExtension()
        for field in fields {
            switch field.name {
            case "ready": result.ready = readiness(field.value, field.path)
            case "dns": result.dns = word(field.value, field.path)
            case "owner": result.owner = word(field.value, field.path)
            case "on-unhealthy": result.onUnhealthy = word(field.value, field.path)
            default: result.rerun = word(field.value, field.path)
            }
        }
        return result
    }

    /// `x-trice` of a bind mount.
    mutating func bindOwner(_ node: YAMLNode, _ path: String) -> TriceExtension.Owner? {
        fields(node, path, known: ["owner"])?.first.flatMap { word($0.value, $0.path) }
    }

    private mutating func readiness(_ node: YAMLNode, _ path: String) -> Readiness? {
        let signs = ["port", "log", "file", "http"]
        guard let fields = fields(node, path, known: signs + ["timeout"]) else { return nil }
        let given = fields.filter { signs.contains($0.name) }
        guard let first = given.first else {
            report("missing-key", "\(path) needs one of \(signs.joined(separator: ", "))", at: node)
            return nil
        }
        if given.count > 1 {
            report(
                "conflict", "\(path): a service is ready by one sign, not by \(first.name) and \(given[1].name)",
                at: given[1].key, notes: [Diagnostic.Note("`\(first.name)` is here", at: first.key.place)])
        }
        guard let sign = sign(first) else { return nil }
        let timeout = fields.first { $0.name == "timeout" }.flatMap { timeSpan($0.value, $0.path) }
        return Readiness(sign, timeout: timeout)
    }

    private mutating func sign(_ field: Field) -> Readiness.Sign? {
        switch field.name {
        case "port": return port(field).map { .port($0) }
        case "http": return http(field)
        case "log":
            guard let text = string(field.value, field.path) else { return nil }
            do throws(LinePattern.ParseError) { _ = try LinePattern(text) } catch {
                report("bad-value", "\(field.path): \(error)", at: field.value)
                return nil
            }
            return .log(text)
        default:
            guard let file = string(field.value, field.path) else { return nil }
            guard file.hasPrefix("/"), !file.utf8.contains(0) else {
                report("bad-value", "\(field.path): '\(file)' is no absolute path", at: field.value)
                return nil
            }
            return .file(file)
        }
    }

    private mutating func port(_ field: Field) -> UInt16? {
        int(field.value, field.path, in: 1...65535).map { UInt16($0) }
    }

    private mutating func http(_ field: Field) -> Readiness.Sign? {
        guard let parts = fields(field.value, field.path, known: ["port", "path"]) else { return nil }
        guard let number = parts.first(where: { $0.name == "port" }) else {
            missing("port", field.path, field.value)
            return nil
        }
        let port = port(number)
        var target = "/"
        if let part = parts.first(where: { $0.name == "path" }) {
            guard let text = string(part.value, part.path) else { return nil }
            // RFC 9112, section 3.2.1: no byte of a request's target may end it.
            guard text.hasPrefix("/"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                report("bad-value", "\(part.path): '\(text)' is no path of a URL, such as /health", at: part.value)
                return nil
            }
            target = text
        }
        return port.map { .http(port: $0, path: target) }
    }
}
