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
        let selinux = syntax.options.last { $0 == "z" || $0 == "Z" }
        let propagation = syntax.options.compactMap(BindMount.Propagation.init(rawValue:)).last.map { Choice.known($0) }
        guard syntax.isBind else {
            var volume = VolumeMount(
                source: syntax.source, target: target, readOnly: readOnly, noCopy: syntax.options.contains("nocopy"),
                hasOptions: text.utf8.count > 2)
            volume.selinux = selinux
            volume.propagation = propagation
            return .volume(volume)
        }
        var bind = BindMount(source: hostPath(syntax.source ?? ".", node), target: target, readOnly: readOnly)
        bind.selinux = selinux
        bind.propagation = propagation
        return .bind(bind)
    }

    /// What all kinds of the long syntax have.
    private struct LongMount {
        var type: MountType?
        var source: String?
        var sourceNode: YAMLNode?
        var target: String?
        var readOnly = false
        var consistency: String?
        var options: [String: Field] = [:]
    }

    private enum MountType: String, CaseIterable { case bind, volume, tmpfs, cluster, npipe, image }

    private mutating func longMount(_ node: YAMLNode, _ path: String) -> Mount? {
        let known = [
            "type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs", "image", "x-trice",
        ]
        var mount = LongMount()
        for field in fields(node, path, known: known) ?? [] {
            switch field.name {
            case "type": mount.type = word(field.value, field.path)
            case "source":
                mount.source = string(field.value, field.path).flatMap { $0.isEmpty ? nil : $0 }
                mount.sourceNode = field.value
            case "target": mount.target = string(field.value, field.path)
            case "read_only": mount.readOnly = bool(field.value, field.path) ?? false
            case "consistency": mount.consistency = string(field.value, field.path)
            default: mount.options[field.name] = field
            }
        }
        if let type = mount.type { warnOfForeign(mount, type, path) }
        if node["type"] == nil {
            missing("type", path, node, hint: "it is one of bind, volume, tmpfs, image, cluster, npipe")
        }
        if node["target"] == nil || mount.target == "" { missing("target", path, node) }
        guard let type = mount.type, let target = mount.target, !target.isEmpty else { return nil }
        return self.mount(mount, type, steps.contains(.normalization) ? Path.cleaned(target) : target, node, path)
    }

    /// docker compose hands on what belongs to another type, and its engine refuses it.
    private mutating func warnOfForeign(_ mount: LongMount, _ type: MountType, _ path: String) {
        var foreign = mount.options.values.filter { $0.name != type.rawValue && ($0.name, type) != ("bind", .volume) }
            .filter { ($0.name, type) != ("x-trice", .bind) }.map { ($0.name, $0.key) }
        if type == .tmpfs, mount.source != nil, let node = mount.sourceNode { foreign.append(("source", node)) }
        for (name, node) in foreign { warnOfForeign("\(path).\(name)", node, type) }
    }

    private mutating func warnOfForeign(_ path: String, _ node: YAMLNode, _ type: MountType) {
        diagnostics.add(
            Diagnostic(
                .warning, code: "no-effect", "\(path) has no effect on a mount of type \(type.rawValue)", at: node.place
            ))
    }

    private static let bindKeys = ["create_host_path", "selinux", "propagation", "recursive"]

    private mutating func mount(
        _ mount: LongMount, _ type: MountType, _ target: String, _ node: YAMLNode, _ path: String
    ) -> Mount? {
        switch type {
        case .bind:
            guard let source = mount.source, let sourceNode = mount.sourceNode else {
                missing("source", path, node, hint: "a bind mount needs a path of the host")
                return nil
            }
            return .bind(bindMount(mount, source: hostPath(source, sourceNode), target))
        case .volume: return .volume(volumeMount(mount, target))
        case .tmpfs: return .tmpfs(tmpfsMount(mount, target))
        case .image:
            return .image(imageMount(mount, target))
        case .cluster, .npipe:
            return .other(
                OtherMount(
                    type: type.rawValue, source: mount.source, target: target, readOnly: mount.readOnly,
                    consistency: mount.consistency))
        }
    }

    private mutating func bindMount(_ mount: LongMount, source: String, _ target: String) -> BindMount {
        var bind = BindMount(source: source, target: target, readOnly: mount.readOnly, hasOptions: false)
        bind.consistency = mount.consistency
        if let own = mount.options["x-trice"] { bind.owner = bindOwner(own.value, own.path) }
        guard let options = mount.options["bind"] else { return bind }
        bind.hasOptions = true
        for field in fields(options.value, options.path, known: Self.bindKeys) ?? [] {
            switch field.name {
            case "create_host_path": bind.createHostPath = bool(field.value, field.path)
            case "selinux": bind.selinux = selinux(field.value, field.path)
            case "propagation": bind.propagation = choice(field.value, field.path)
            default: bind.recursive = word(field.value, field.path)
            }
        }
        return bind
    }

    private mutating func selinux(_ node: YAMLNode, _ path: String) -> String? {
        guard let text = string(node, path) else { return nil }
        if text != "z", text != "Z" { report("bad-value", "\(path): '\(text)' is none of z, Z", at: node) }
        return text
    }

    private mutating func volumeMount(_ mount: LongMount, _ target: String) -> VolumeMount {
        var volume = VolumeMount(source: mount.source, target: target, readOnly: mount.readOnly, hasOptions: false)
        volume.consistency = mount.consistency
        if let options = mount.options["bind"] {
            for field in fields(options.value, options.path, known: Self.bindKeys) ?? [] {
                switch field.name {
                case "selinux": volume.selinux = selinux(field.value, field.path)
                case "propagation": volume.propagation = choice(field.value, field.path)
                default: warnOfForeign(field.path, field.key, .volume)
                }
            }
        }
        guard let options = mount.options["volume"] else { return volume }
        volume.hasOptions = true
        for field in fields(options.value, options.path, known: ["nocopy", "subpath", "labels"]) ?? [] {
            switch field.name {
            case "nocopy": volume.noCopy = bool(field.value, field.path) ?? false
            case "subpath": volume.subpath = string(field.value, field.path)
            default: volume.labels = labels(field.value, field.path)
            }
        }
        return volume
    }

    private mutating func tmpfsMount(_ mount: LongMount, _ target: String) -> TmpfsMount {
        var tmpfs = TmpfsMount(target: target, readOnly: mount.readOnly)
        tmpfs.consistency = mount.consistency
        guard let options = mount.options["tmpfs"] else { return tmpfs }
        tmpfs.hasOptions = true
        for field in fields(options.value, options.path, known: ["size", "mode"]) ?? [] {
            if field.name == "size" {
                if case .float? = field.value.value {
                    mismatch(field.value, field.path, "a whole number of bytes")
                } else {
                    tmpfs.size = byteSize(field.value, field.path)
                }
            } else {
                tmpfs.mode = int(field.value, field.path, in: 0...0xFFFF).map { UInt32($0) }
            }
        }
        return tmpfs
    }

    private mutating func imageMount(_ mount: LongMount, _ target: String) -> ImageMount {
        var image = ImageMount(
            source: mount.source, target: target, readOnly: mount.readOnly, consistency: mount.consistency,
            hasOptions: false)
        guard let options = mount.options["image"] else { return image }
        image.hasOptions = true
        for field in fields(options.value, options.path, known: ["subpath"]) ?? [] {
            image.subpath = string(field.value, field.path)
        }
        return image
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
