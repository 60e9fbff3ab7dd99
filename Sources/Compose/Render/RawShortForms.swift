// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import YAML

/// The short forms of a service's keys written out, with no variable replaced.
extension RawRendering {
    func dependencies(_ node: YAMLNode) -> Document {
        let required = Document.Field("required", .bool(true))
        guard case .mapping(let pairs) = node.content else {
            return names(node) { _ in .object([.init("condition", .string("service_started")), required]) }
        }
        return .object(
            pairs.map { pair in
                let value = reader.document(pair.value)
                guard case .object(let fields) = value, value["required"] == nil else { return .init(pair.name, value) }
                return .init(pair.name, .object(fields + [required]))
            })
    }

    func environmentFile(_ node: YAMLNode) -> Document {
        guard case .mapping(let pairs) = node.content else {
            return .object([.init("path", path(node)), .init("required", .bool(true))])
        }
        var fields = pairs.map {
            Document.Field($0.name, $0.name == "path" ? path($0.value) : reader.document($0.value))
        }
        if node["required"] == nil { fields.append(.init("required", .bool(true))) }
        return .object(fields)
    }

    func grant(_ node: YAMLNode) -> Document {
        node.scalar.map { .object([.init("source", .string($0.text))]) } ?? reader.document(node)
    }

    func secret(_ node: YAMLNode) -> Document {
        let document = grant(node)
        guard case .object(let fields) = document, case .string(let source)? = document["source"] else {
            return document
        }
        guard document["target"] == nil else { return document }
        return .object(fields + [.init("target", .string("/run/secrets/\(source)"))])
    }

    func device(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return reader.document(node) }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 3 else { return .string(text) }
        return .object([
            .init("source", .string(parts[0])), .init("target", .string(parts.count > 1 ? parts[1] : parts[0])),
            .init("permissions", .string(parts.count > 2 ? parts[2] : "rwm")),
        ])
    }

    func develop(_ node: YAMLNode) -> Document {
        .object(
            (node.mapping ?? []).map { pair in
                guard pair.name == "watch" else { return .init(pair.name, reader.document(pair.value)) }
                return .init(
                    pair.name,
                    items(pair.value) { trigger in
                        .object(
                            (trigger.mapping ?? []).map { field in
                                switch field.name {
                                case "path": .init(field.name, path(field.value))
                                case "ignore", "include": .init(field.name, items(field.value, reader.document))
                                case "x-initialSync": .init("initial_sync", reader.document(field.value))
                                default: .init(field.name, reader.document(field.value))
                                }
                            })
                    })
            })
    }

    func volume(_ node: YAMLNode) -> Document {
        guard let text = node.scalar?.text else { return longVolume(node) }
        let syntax: VolumeSyntax
        do throws(VolumeSyntax.Failure) {
            syntax = try VolumeSyntax(parsing: text)
        } catch {
            return .string(text)
        }
        let type = syntax.isBind ? "bind" : "volume"
        var fields = Fields()
        fields.add("type", type)
        if let source = syntax.source {
            fields.add("source", syntax.isBind ? reader.hostPath(source, node) : source)
        }
        fields.add("target", cleaned(syntax.target))
        fields.addIfTrue("read_only", syntax.options.last { $0 == "ro" || $0 == "rw" } == "ro")
        let selinux = syntax.options.last { $0 == "z" || $0 == "Z" }
        let propagation = syntax.options.last { BindMount.Propagation(rawValue: $0) != nil }
        var bind = Fields()
        if syntax.isBind || selinux != nil || propagation != nil { bind.add("create_host_path", true) }
        bind.add("selinux", selinux)
        bind.add("propagation", propagation)
        fields.addUnlessEmpty("bind", bind.fields)
        if !syntax.isBind {
            var options = Fields()
            options.addIfTrue("nocopy", syntax.options.contains("nocopy"))
            fields.add("volume", options.document)
        }
        return fields.document
    }

    private func cleaned(_ target: String) -> String {
        reader.steps.contains(.normalization) ? Path.cleaned(target) : target
    }

    private func longVolume(_ node: YAMLNode) -> Document {
        guard case .mapping(let pairs) = node.content else { return reader.document(node) }
        let isBind = node["type"]?.scalar?.text == "bind"
        return .object(
            pairs.map { pair in
                let value =
                    switch pair.name {
                    case "source" where isBind: path(pair.value)
                    case "target": pair.value.scalar.map { .string(cleaned($0.text)) } ?? reader.document(pair.value)
                    default: reader.document(pair.value)
                    }
                guard pair.name == "bind", case .object(let fields) = value, value["create_host_path"] == nil else {
                    return .init(pair.name, value)
                }
                return .init(pair.name, .object(fields + [.init("create_host_path", .bool(true))]))
            })
    }

    /// In the long form where all of them can be read without variables; else as written.
    func ports(_ node: YAMLNode) -> Document {
        var result: [Document] = []
        for item in node.sequence ?? [node] {
            guard let text = item.scalar?.text else {
                result.append(longPort(item))
                continue
            }
            do throws(PortSyntax.Failure) {
                result += try PortSyntax.parse(text).map(\.document)
            } catch {
                return reader.document(node)
            }
        }
        return .array(result)
    }

    private func longPort(_ node: YAMLNode) -> Document {
        let document = reader.document(node)
        guard case .object(var fields) = document else { return document }
        if document["mode"] == nil { fields.append(.init("mode", .string("ingress"))) }
        if document["protocol"] == nil { fields.append(.init("protocol", .string("tcp"))) }
        return .object(fields)
    }
}
