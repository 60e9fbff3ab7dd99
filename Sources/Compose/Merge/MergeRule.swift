// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// How a value of a later file goes together with that of an earlier one (Compose Specification, 13-merge.md).
enum MergeRule {
    /// Mappings key by key, scalars by the later one; of lists what the earlier one does not have comes after it.
    case byKind
    /// The later value alone, even if it is null.
    case replace
    /// The later value, of whatever kind; null leaves the earlier one.
    case replaceUnlessNull
    /// Lists of `KEY=VALUE` are mappings too; the later value of a key wins, even null.
    case keyValues
    /// Lists of names are mappings too, with `condition: service_started` for `depends_on`.
    case names(isDependency: Bool)
    /// One string is a list of it.
    case append
    /// A string is a mapping with that `context`.
    case build
    /// `all` is a list of one request.
    case gpus
    /// As by kind, but for another `driver`: then the later value alone.
    case logging
    /// Lists of mappings, of which those with the same value of the key are merged.
    case appendBy(String)

    init(_ path: [String]) {
        switch path.first {
        case "services" where path.count == 3: self = Self.service(path[2])
        case "services" where path.count > 3: self = Self.insideService(Array(path[2...]))
        case "networks" where path.count == 3 || path.count == 4, "volumes" where path.count == 3:
            switch path[2...].joined(separator: ".") {
            case "labels", "driver_opts": self = .keyValues
            case "ipam.config": self = .appendBy("subnet")
            case "external": self = .replaceUnlessNull
            default: self = .byKind
            }
        case "configs" where path.count == 3, "secrets" where path.count == 3:
            self = path[2] == "labels" ? .keyValues : .byKind
        default: self = .byKind
        }
    }

    private static func service(_ key: String) -> MergeRule {
        switch key {
        case "command", "entrypoint": .replace
        case "environment", "labels", "sysctls", "annotations": .keyValues
        case "depends_on": .names(isDependency: true)
        case "networks", "models": .names(isDependency: false)
        case "build": .build
        case "gpus": .gpus
        case "logging": .logging
        case "dns", "dns_search", "tmpfs", "env_file", "label_file", "extra_hosts": .append
        default: .byKind
        }
    }

    private static func insideService(_ path: [String]) -> MergeRule {
        switch (path[0], path[1]) {
        case ("healthcheck", "test"): .replaceUnlessNull
        case ("ulimits", _) where path.count == 2: .replaceUnlessNull
        case ("build", "ulimits") where path.count == 3: .replaceUnlessNull
        case ("build", "ssh"): .keyValues
        case ("deploy", "labels"), ("build", "args"), ("build", "labels"), ("build", "additional_contexts"): .keyValues
        case ("build", "extra_hosts"): .append
        default: .byKind
        }
    }
}
