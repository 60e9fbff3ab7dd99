// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Core

extension Build {
    var document: Document {
        var fields = Fields()
        fields.add("context", .string(context))
        fields.add("dockerfile", dockerfile)
        fields.add("dockerfile_inline", dockerfileInline)
        fields.add("args", args)
        fields.add("ssh", ssh.map { key in key.path.map { "\(key.id)=\($0)" } ?? key.id })
        fields.add("labels", labels)
        fields.add("cache_from", cacheFrom)
        fields.add("cache_to", cacheTo)
        fields.addIfTrue("no_cache", noCache)
        fields.add("no_cache_filter", noCacheFilter)
        fields.add("additional_contexts", additionalContexts)
        fields.add("entitlements", entitlements)
        fields.add("extra_hosts", extraHosts.map { "\($0.name)=\($0.address)" }.sorted())
        fields.add("isolation", isolation)
        fields.add("network", network)
        fields.add("platforms", platforms)
        fields.addIfTrue("privileged", privileged)
        fields.add("provenance", provenance)
        fields.add("sbom", sbom)
        fields.addIfTrue("pull", pull)
        fields.addUnlessEmpty("secrets", secrets.map { $0.document() })
        fields.add("shm_size", shmSize)
        fields.add("tags", tags)
        fields.add("target", target)
        fields.addUnlessEmpty("ulimits", ulimits.map { Document.Field($0.name, $0.document) })
        return fields.document
    }
}

extension Develop {
    var document: Document {
        var fields = Fields()
        fields.addUnlessEmpty("watch", watch.map(\.document))
        return fields.document
    }
}

extension Develop.Trigger {
    fileprivate var document: Document {
        var fields = Fields()
        fields.add("path", .string(path))
        fields.add("action", action.rawValue)
        fields.add("target", target)
        // docker compose shows the empty command of a trigger without one.
        fields.add("exec", (exec ?? Hook(command: nil)).document)
        fields.add("include", include)
        fields.add("ignore", ignore)
        fields.addIfTrue("initial_sync", initialSync)
        return fields.document
    }
}

extension Hook {
    var document: Document {
        var fields = Fields()
        fields.add("command", command.map { .array($0.map { .string($0) }) } ?? .null)
        fields.add("user", user)
        fields.addIfTrue("privileged", privileged)
        fields.add("working_dir", workingDirectory)
        fields.add("environment", environment)
        return fields.document
    }
}

extension Provider {
    var document: Document {
        var fields = Fields()
        fields.add("type", type)
        fields.addUnlessEmpty(
            "options", options.map { Document.Field($0.name, .array($0.values.map { .string($0) })) })
        return fields.document
    }
}
