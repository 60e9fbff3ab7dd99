// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

/// The keys of a service (Compose Specification, 05-services.md).
enum ServiceKeys {
    static let known = [
        "attach", "cap_add", "cap_drop", "cgroup", "command", "container_name", "depends_on", "deploy", "dns",
        "dns_opt",
        "dns_search", "domainname", "entrypoint", "env_file", "environment", "expose", "extra_hosts", "group_add",
        "healthcheck", "hostname", "image", "init", "ipc", "labels", "network_mode", "networks", "oom_score_adj", "pid",
        "platform", "ports", "privileged", "profiles", "pull_policy", "read_only", "restart", "scale", "security_opt",
        "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "sysctls", "tmpfs", "tty", "ulimits", "user",
        "userns_mode", "uts", "volumes", "working_dir",
    ]

    /// Those that trice does not read yet.
    static let later = [
        "annotations", "blkio_config", "build", "cgroup_parent", "configs", "cpu_count", "cpu_percent", "cpu_period",
        "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "credential_spec", "develop",
        "device_cgroup_rules", "devices", "extends", "external_links", "gpus", "isolation", "label_file", "links",
        "logging", "mac_address", "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit", "models",
        "oom_kill_disable", "pids_limit", "post_start", "pre_stop", "provider", "pull_refresh_after", "runtime",
        "secrets",
        "storage_opt", "use_api_socket", "volumes_from",
    ]
}
