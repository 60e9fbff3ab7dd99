// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The keys that a person can write, section by section of the specification.
package enum SpecificationKeys {
    /// Compose Specification, 05-services.md.
    package static let service = [
        "annotations", "attach", "blkio_config", "build", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "command",
        "configs", "container_name", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period",
        "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "credential_spec", "depends_on", "deploy", "develop",
        "device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search", "domainname", "entrypoint", "env_file",
        "environment", "expose", "extends", "external_links", "extra_hosts", "gpus", "group_add", "healthcheck",
        "hostname", "image", "init", "ipc", "isolation", "label_file", "labels", "links", "logging", "mac_address",
        "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit", "models", "network_mode", "networks",
        "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform", "ports", "post_start", "pre_start",
        "pre_stop", "privileged", "profiles", "provider", "pull_policy", "pull_refresh_after", "read_only", "restart",
        "runtime", "scale", "secrets", "security_opt", "shm_size", "stdin_open", "stop_grace_period", "stop_signal",
        "storage_opt", "sysctls", "tmpfs", "tty", "ulimits", "use_api_socket", "user", "userns_mode", "uts",
        "volumes", "volumes_from", "working_dir",
    ]

    /// Compose Specification, 05-services.md, `pre_start`: the keys of a service that a container has by itself.
    package static let preStart =
        ["per_replica"]
        + service.filter {
            ![
                "attach", "build", "container_name", "depends_on", "deploy", "develop", "expose", "extends",
                "external_links", "healthcheck", "label_file", "links", "ports", "post_start", "pre_start", "pre_stop",
                "profiles", "provider", "pull_refresh_after", "restart", "scale", "stdin_open", "stop_grace_period",
                "tty",
            ].contains($0)
        }

    /// Compose Specification, build.md.
    package static let build = [
        "additional_contexts", "args", "cache_from", "cache_to", "context", "dockerfile", "dockerfile_inline",
        "entitlements", "extra_hosts", "isolation", "labels", "network", "no_cache", "no_cache_filter", "platforms",
        "privileged", "provenance", "pull", "sbom", "secrets", "shm_size", "ssh", "tags", "target", "ulimits",
    ]

    /// Compose Specification, 05-services.md, `healthcheck`.
    package static let healthcheck = [
        "test", "interval", "timeout", "retries", "start_period", "start_interval", "disable",
    ]

    /// Compose Specification, deploy.md.
    package static let deploy = [
        "mode", "replicas", "labels", "endpoint_mode", "resources", "restart_policy", "update_config",
        "rollback_config", "placement",
    ]

    /// Where a key belongs that stands at the top level or right in a service.
    ///
    /// - Parameter isTopLevel: whether it stands at the top level.
    static func place(of key: String, isTopLevel: Bool) -> String? {
        if isTopLevel {
            return service.contains(key) ? "'\(key)' is a key of a service: put it below one of services" : nil
        }
        let sections = [("build", build), ("deploy", deploy), ("healthcheck", healthcheck)]
        return sections.first { $0.1.contains(key) }.map { "'\(key)' belongs into \($0.0)" }
    }

    /// Compose Specification, 05-services.md, `networks`.
    package static let attachment = [
        "aliases", "ipv4_address", "ipv6_address", "link_local_ips", "mac_address", "priority", "gw_priority",
        "interface_name", "driver_opts",
    ]

    /// Compose Specification, 06-networks.md.
    package static let network = [
        "name", "driver", "driver_opts", "internal", "external", "attachable", "enable_ipv4", "enable_ipv6", "labels",
        "ipam",
    ]

    /// Compose Specification, 08-configs.md and 09-secrets.md; `content` is for configs only, `driver` and `driver_opts`
    /// for secrets only.
    package static let file = [
        "name", "external", "labels", "template_driver", "file", "environment", "content", "driver", "driver_opts",
    ]

    /// Compose Specification, 07-volumes.md.
    package static let volume = ["name", "driver", "driver_opts", "external", "labels"]
}
