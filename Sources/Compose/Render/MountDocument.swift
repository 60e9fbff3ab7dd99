// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension Mount {
    var document: Document {
        var fields = Fields()
        var options = Fields()
        switch self {
        case .bind(let mount):
            fields.add("type", "bind")
            fields.add("source", mount.source)
            addShared(&fields, mount.consistency)
            options.add("create_host_path", mount.createHostPath == false ? false : nil)
            options.add("selinux", mount.selinux)
            options.add("propagation", mount.propagation?.text)
            options.add("recursive", mount.recursive?.rawValue)
            if mount.hasOptions { fields.add("bind", options.document) }
            var own = Fields()
            own.add("owner", mount.owner?.rawValue)
            fields.addUnlessEmpty("x-trice", own.fields)
        case .volume(let mount):
            fields.add("type", "volume")
            fields.add("source", mount.source)
            addShared(&fields, mount.consistency)
            var bind = Fields()
            bind.add("selinux", mount.selinux)
            bind.add("propagation", mount.propagation?.text)
            fields.addUnlessEmpty("bind", bind.fields)
            options.addIfTrue("nocopy", mount.noCopy)
            options.add("subpath", mount.subpath)
            options.add("labels", mount.labels)
            if mount.hasOptions { fields.add("volume", options.document) }
        case .tmpfs(let mount):
            fields.add("type", "tmpfs")
            addShared(&fields, mount.consistency)
            if let size = mount.size, size.bytes != 0 { options.add("size", size) }
            options.add("mode", mount.mode.map { Int($0) })
            if mount.hasOptions { fields.add("tmpfs", options.document) }
        case .image(let mount):
            fields.add("type", "image")
            fields.add("source", mount.source)
            addShared(&fields, mount.consistency)
            options.add("subpath", mount.subpath)
            if mount.hasOptions { fields.add("image", options.document) }
        case .other(let mount):
            fields.add("type", mount.type)
            fields.add("source", mount.source)
            addShared(&fields, mount.consistency)
        }
        return fields.document
    }

    private func addShared(_ fields: inout Fields, _ consistency: String?) {
        fields.add("target", target)
        fields.addIfTrue("read_only", readOnly)
        fields.add("consistency", consistency)
    }
}
