// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core
import YAML

extension TreeReader {
    /// Compose Specification, 05-services.md, `volumes`. Of those with the same target the last counts.
    mutating func mounts(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) -> [Mount] {
        var result: [Mount] = []
        var positions: [String: Int] = [:]
        for (index, item) in items(node, path).enumerated() {
            let at = "\(path)[\(index)]"
            guard let mount = item.mapping == nil ? shortMount(item, at) : longMount(item, at) else { continue }
            let position = positions[mount.target] ?? result.count
            draft.place("volumes[\(position)]", item)
            if let source = item["source"] { draft.place("volumes[\(position)].source", source) }
            if position == result.count {
                positions[mount.target] = position
                result.append(mount)
            } else {
                result[position] = mount
            }
        }
        return result
    }

    private mutating func shortMount(_ node: YAMLNode, _ path: String) -> Mount? {
        guard let text = string(node, path) else { return nil }
        let syntax: VolumeSyntax
        do throws(VolumeSyntax.Failure) {
            syntax = try VolumeSyntax(parsing: text)
        } catch {
            report(
                "bad-volume", "\(path): invalid volume spec '\(text)': \(error.message)", at: node,
                hint: "write it as [SOURCE:]TARGET[:OPTIONS]")
            return nil
        }
        let target = Path.cleaned(syntax.target)
        let readOnly = syntax.options.last { $0 == "ro" || $0 == "rw" } == "ro"
        let propagations = ["rprivate", "private", "rshared", "shared", "rslave", "slave"]
        if let propagation = syntax.options.first(where: propagations.contains) {
            report("unsupported-value", "\(path): mount propagation '\(propagation)' is not supported yet", at: node)
        }
        guard syntax.isBind else {
            return .volume(
                VolumeMount(
                    source: syntax.source, target: target, readOnly: readOnly, noCopy: syntax.options.contains("nocopy")
                ))
        }
        var bind = BindMount(source: hostPath(syntax.source ?? "."), target: target, readOnly: readOnly)
        bind.selinux = syntax.options.last { $0 == "z" || $0 == "Z" }
        return .bind(bind)
    }

    /// A path of the host, absolute; `~` is the home directory.
    private func hostPath(_ path: String) -> String {
        if path == "~" || path.hasPrefix("~/"), let home = environment["HOME"] {
            return Path.cleaned(home + path.dropFirst())
        }
        return Path.absolute(path, from: directory)
    }

    /// The long syntax, kind by kind.
    private struct LongMount {
        var type: String?
        var source: String?
        var target: String?
        var readOnly = false
        var consistency: String?
        var options: [String: YAMLNode] = [:]
    }

    private mutating func longMount(_ node: YAMLNode, _ path: String) -> Mount? {
        var mount = LongMount()
        for field in node.mapping ?? [] {
            let at = "\(path).\(field.name)"
            switch field.name {
            case "type": mount.type = string(field.value, at)
            case "source": mount.source = string(field.value, at)
            case "target": mount.target = string(field.value, at)
            case "read_only": mount.readOnly = bool(field.value, at) ?? false
            case "consistency": mount.consistency = string(field.value, at)
            case "bind", "volume", "tmpfs": mount.options[field.name] = field.value
            default:
                unknown(
                    field, path,
                    known: ["type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs"],
                    later: ["image"])
            }
        }
        guard let type = mount.type else {
            if node["type"] == nil {
                report("missing-key", "\(path).type is missing", at: node, hint: "it is one of bind, volume, tmpfs")
            }
            return nil
        }
        guard let target = mount.target, !target.isEmpty else {
            if node["target"] == nil || mount.target != nil {
                report("missing-key", "\(path).target is missing", at: node)
            }
            return nil
        }
        switch type {
        case "bind": return bindMount(mount, Path.cleaned(target), node, path)
        case "volume": return volumeMount(mount, Path.cleaned(target), path)
        case "tmpfs": return tmpfsMount(mount, Path.cleaned(target), path)
        case "image", "cluster", "npipe":
            report("unsupported-value", "\(path).type: '\(type)' is not supported yet", at: node["type"] ?? node)
        default:
            report(
                "bad-value", "\(path).type: '\(type)' is none of bind, volume, tmpfs", at: node["type"] ?? node,
                hint: nearestName(to: type, among: ["bind", "volume", "tmpfs"]).map { "did you mean '\($0)'?" })
        }
        return nil
    }

    private mutating func bindMount(_ mount: LongMount, _ target: String, _ node: YAMLNode, _ path: String) -> Mount? {
        guard let source = mount.source, !source.isEmpty else {
            report("missing-key", "\(path).source is missing: a bind mount needs a path of the host", at: node)
            return nil
        }
        var bind = BindMount(source: hostPath(source), target: target, readOnly: mount.readOnly, hasOptions: false)
        bind.consistency = mount.consistency
        guard let options = mount.options["bind"], let fields = pairs(options, "\(path).bind") else {
            return .bind(bind)
        }
        bind.hasOptions = true
        for field in fields {
            let at = "\(path).bind.\(field.name)"
            switch field.name {
            case "create_host_path": bind.createHostPath = bool(field.value, at)
            case "selinux":
                bind.selinux = string(field.value, at)
                if let selinux = bind.selinux, selinux != "z", selinux != "Z" {
                    report("bad-value", "\(at): '\(selinux)' is none of z, Z", at: field.value)
                }
            default:
                unknown(
                    field, "\(path).bind", known: ["create_host_path", "selinux"], later: ["propagation", "recursive"])
            }
        }
        return .bind(bind)
    }

    private mutating func volumeMount(_ mount: LongMount, _ target: String, _ path: String) -> Mount {
        var volume = VolumeMount(
            source: mount.source.flatMap { $0.isEmpty ? nil : $0 }, target: target, readOnly: mount.readOnly,
            hasOptions: false)
        volume.consistency = mount.consistency
        guard let options = mount.options["volume"], let fields = pairs(options, "\(path).volume") else {
            return .volume(volume)
        }
        volume.hasOptions = true
        for field in fields {
            switch field.name {
            case "nocopy": volume.noCopy = bool(field.value, "\(path).volume.nocopy") ?? false
            default: unknown(field, "\(path).volume", known: ["nocopy"], later: ["subpath", "labels"])
            }
        }
        return .volume(volume)
    }

    private mutating func tmpfsMount(_ mount: LongMount, _ target: String, _ path: String) -> Mount {
        var tmpfs = TmpfsMount(target: target, readOnly: mount.readOnly)
        tmpfs.consistency = mount.consistency
        guard let options = mount.options["tmpfs"], let fields = pairs(options, "\(path).tmpfs") else {
            return .tmpfs(tmpfs)
        }
        tmpfs.hasOptions = true
        for field in fields {
            let at = "\(path).tmpfs.\(field.name)"
            switch field.name {
            case "size": tmpfs.size = byteSize(field.value, at)
            case "mode": tmpfs.mode = int(field.value, at, in: 0...0xFFFF).map { UInt32($0) }
            default: unknown(field, "\(path).tmpfs", known: ["size", "mode"])
            }
        }
        return .tmpfs(tmpfs)
    }

    /// The service's `tmpfs`: `PATH[:OPTIONS]`, one or more.
    mutating func tmpfs(_ node: YAMLNode, _ path: String, _ draft: inout ServiceDraft) -> [TmpfsPath] {
        let list = node.sequence ?? [node]
        var seen: Set<String> = []
        var result: [TmpfsPath] = []
        for (index, item) in list.enumerated() {
            guard let text = string(item, node.sequence == nil ? path : "\(path)[\(index)]"), seen.insert(text).inserted
            else {
                continue
            }
            draft.place("tmpfs[\(result.count)]", item)
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let options = parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : []
            result.append(TmpfsPath(target: parts[0], options: options))
        }
        return result
    }
}
