// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import Foundation

/// Something that a program in a container may try and must not get, and the same where its protection is switched off.
struct EscapeAttempt {
    let name: String
    /// For `sh -c`, with 0 where the attempt succeeded. `escape` is the program of Tests/escape; variables are those of
    /// `EscapeTests`.
    let command: String
    /// Attributes of the service in which it must fail, beside the defaults.
    var closed = ""
    /// Attributes of the service in which it must succeed.
    let open: String
    /// What succeeds there, where it is not the same word for word.
    var openCommand: String?
    /// A path of the host: the attempt is for kernels that have it.
    var needs = "/"
    /// The capability that the host's root must have for it to succeed.
    var needsCapability: UInt64 { open.contains("SYS_RESOURCE") ? 24 : 21 }

    /// AppArmor's profile, where there is one, forbids mounts whatever the capabilities.
    private static let system = "cap_add: [SYS_ADMIN], security_opt: [apparmor=unconfined]"
    private static let unfiltered = "security_opt: [seccomp=unconfined]"
    private static let privileged = "privileged: true"
    private static let hostProcesses = "privileged: true, pid: host"
    private static let hostUser = "userns_mode: host"

    private static func rewrite(_ path: String) -> String { "v=$(cat \(path)) && echo \"$v\" > \(path)" }
    private static let readDisk = "rm -f /tmp/disk && mknod /tmp/disk b $DISK && head -c 1 /tmp/disk"
    private static func mount(_ arguments: String) -> String {
        "mkdir -p /tmp/m && mount \(arguments) /tmp/m && umount /tmp/m"
    }
    private static func fill(_ path: String, _ megabytes: Int) -> String {
        "dd if=/dev/zero of=\(path) bs=1M count=\(megabytes); status=$?; rm -f \(path); exit $status"
    }

    /// The kernel's own files.
    static let kernelFiles: [EscapeAttempt] = [
        .init(name: "core_pattern", command: rewrite("/proc/sys/kernel/core_pattern"), open: privileged),
        .init(
            name: "the path of modprobe", command: rewrite("/proc/sys/kernel/modprobe"), open: privileged,
            needs: "/proc/sys/kernel/modprobe"),
        .init(name: "ip_forward", command: rewrite("/proc/sys/net/ipv4/ip_forward"), open: privileged),
        .init(
            name: "sysrq-trigger", command: "exec 3>/proc/sysrq-trigger", open: privileged, needs: "/proc/sysrq-trigger"
        ),
        .init(
            name: "kcore", command: "head -c 1 /proc/kcore | grep -q .", open: privileged, needs: "/proc/kcore"),
        .init(name: "the host's keys", command: "grep -q . /proc/keys", open: privileged, needs: "/proc/keys"),
        .init(
            name: "timer_list", command: "grep -q . /proc/timer_list", open: privileged, needs: "/proc/timer_list"),
        .init(name: "interrupts", command: "grep -q . /proc/interrupts", open: privileged),
        .init(name: "firmware", command: "ls /sys/firmware | grep -q .", open: privileged, needs: "/sys/firmware/acpi"),
        .init(
            name: "a setting in /sys",
            command:
                "cd /sys/kernel/mm/transparent_hugepage && sed 's/.*\\[\\(.*\\)\\].*/\\1/' enabled > /tmp/v && cat /tmp/v > enabled",
            open: privileged, needs: "/sys/kernel/mm/transparent_hugepage"),
        .init(
            name: "a lower place before the OOM killer", command: "echo -500 > /proc/self/oom_score_adj",
            open: "cap_add: [SYS_RESOURCE]"),
    ]

    static let controlGroups: [EscapeAttempt] = [
        .init(
            name: "a cgroup of one's own making",
            command: "mkdir /sys/fs/cgroup/escape && rmdir /sys/fs/cgroup/escape", open: privileged),
        .init(
            name: "a limit lifted",
            command: "cd /sys/fs/cgroup && echo 60 > $(ls pids.max pids/pids.max 2>/dev/null | head -1)",
            closed: "pids_limit: 50", open: "privileged: true, pids_limit: 50"),
        .init(
            name: "release_agent",
            command:
                "mkdir -p /tmp/c && mount -t cgroup -o pids none /tmp/c && ls /tmp/c/release_agent && umount /tmp/c",
            open: "privileged: true, cgroup: host", needs: "/sys/fs/cgroup/pids"),
    ]

    static let mounts: [EscapeAttempt] = [
        .init(name: "mount a tmpfs", command: mount("-t tmpfs none"), open: system),
        .init(name: "mount a proc", command: mount("-t proc none"), open: privileged),
        .init(name: "mount the root elsewhere", command: mount("--bind /"), open: system),
        .init(name: "mount debugfs", command: mount("-t debugfs none"), open: privileged, needs: "/sys/kernel/debug"),
        .init(name: "make /proc/sys writable", command: "mount -o remount,bind,rw /proc/sys", open: system),
        .init(name: "take a mask away", command: "umount /proc/keys", open: system, needs: "/proc/keys"),
        .init(name: "fsopen", command: "escape fsopen", open: system),
        .init(name: "open_tree", command: "escape open-tree", open: system),
        .init(name: "mount_setattr", command: "escape mount-setattr", open: system),
        .init(
            name: "mount with CAP_SYS_ADMIN, under AppArmor", command: mount("-t tmpfs none"),
            closed: "cap_add: [SYS_ADMIN]", open: system, needs: "/sys/kernel/security/apparmor"),
        .init(name: "pivot_root", command: "escape pivot-root", open: privileged),
        .init(name: "write to a read-only root", command: "touch /escape", closed: "read_only: true", open: ""),
        .init(
            name: "an inode by a handle that nobody gave", command: "escape handle /etc/hostname",
            open: "cap_add: [DAC_READ_SEARCH], userns_mode: host"),
    ]

    static let devices: [EscapeAttempt] = [
        .init(name: "a disk", command: readDisk, open: privileged),
        .init(
            name: "a disk, as the host's root", command: readDisk,
            closed: hostUser, open: privileged),
        .init(
            name: "the kernel's log, as the host's root",
            command: "mknod /tmp/kmsg c 1 11 && dd if=/tmp/kmsg of=/dev/null bs=8k count=1", closed: hostUser,
            open: privileged, needs: "/dev/kmsg"),
        .init(
            name: "memory, as the host's root", command: "mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem",
            closed: hostUser, open: privileged, needs: "/dev/mem"),
        .init(
            name: "loop devices", command: "mknod /tmp/loop c 10 237 && exec 3</tmp/loop", closed: hostUser,
            open: privileged, needs: "/dev/loop-control"),
    ]

    static let processes: [EscapeAttempt] = [
        .init(name: "see the host's processes", command: "ps | grep -q '[s]leep 86399'", open: hostProcesses),
        .init(name: "signal one of them", command: "escape kill $TARGET", open: hostProcesses),
        .init(name: "trace one of them", command: "escape ptrace $TARGET", open: hostProcesses),
        .init(name: "its environment", command: "grep -q . /proc/$TARGET/environ", open: hostProcesses),
        .init(name: "its root", command: "cat /proc/$TARGET/root$MARKER", open: hostProcesses),
        .init(
            name: "the root of PID 1", command: "cat /proc/1/root$MARKER", open: hostProcesses,
            openCommand: "cat /proc/$TARGET/root$MARKER"),
        .init(
            name: "chroot to it", command: "chroot /proc/1/root cat $MARKER", open: hostProcesses,
            openCommand: "chroot /proc/$TARGET/root cat $MARKER"),
        .init(name: "its mount namespace", command: "nsenter -t $TARGET -m cat $MARKER", open: hostProcesses),
        .init(name: "its network", command: "nsenter -t $TARGET -n ip link | grep -q $LINK", open: hostProcesses),
        .init(
            name: "the program of init, for writing", command: "escape write-program /proc/1/exe", open: "",
            openCommand: "cp /bin/busybox /tmp/b && exec 4</tmp/b && escape write-program /proc/self/fd/4"),
        .init(
            name: "the program of init, as the host's root", command: "escape write-program /proc/1/exe",
            closed: hostUser, open: "",
            openCommand: "cp /bin/busybox /tmp/b && exec 4</tmp/b && escape write-program /proc/self/fd/4"),
        .init(
            name: "a descriptor that was left open", command: "escape descriptors", open: "",
            openCommand: "exec 5</dev/null && escape descriptors"),
        .init(
            name: "a variable of the host", command: "env | grep -q TRICE_ESCAPE", open: "environment: [TRICE_ESCAPE]"),
        .init(
            name: "root by a setuid program", command: "/tools/setuid effective-root",
            closed: "user: app, security_opt: [no-new-privileges]", open: "user: app"),
    ]

    static let names: [EscapeAttempt] = [
        .init(name: "the host's name", command: "test \"$(hostname)\" = $HOST", open: "uts: host"),
        .init(name: "another name", command: "hostname escape", open: system),
        .init(name: "the host's shared memory", command: "escape shm $SHM", open: "ipc: host"),
        .init(name: "a file in /dev/shm", command: "cat /dev/shm/$SHARED", open: "ipc: host"),
        .init(name: "another user namespace", command: "unshare -U true", open: unfiltered),
        .init(name: "another mount namespace", command: "unshare -m true", open: system),
        .init(name: "another network namespace", command: "unshare -n true", open: system),
        .init(name: "another name's namespace", command: "unshare -u true", open: system),
        .init(name: "another ipc namespace", command: "unshare -i true", open: system),
        .init(name: "clone with CLONE_NEWUSER", command: "escape clone-user", open: unfiltered),
        .init(name: "clone3 with CLONE_NEWUSER", command: "escape clone3-user", open: unfiltered),
    ]

    static let networks: [EscapeAttempt] = [
        .init(name: "the host's links", command: "ip link | grep -q $LINK", open: "network_mode: host"),
        .init(name: "the host's loopback", command: "escape loopback $PORT", open: "network_mode: host"),
        .init(
            name: "an abstract socket of the host", command: "escape abstract-socket $ABSTRACT",
            open: "network_mode: host"),
        .init(name: "a link", command: "ip link add escape0 type bridge", open: "cap_add: [NET_ADMIN]"),
        .init(name: "an address", command: "ip addr add 192.0.2.1/32 dev lo", open: "cap_add: [NET_ADMIN]"),
        .init(name: "a route", command: "ip route add blackhole 192.0.2.0/28", open: "cap_add: [NET_ADMIN]"),
        .init(name: "AF_ALG", command: "escape socket 38", open: unfiltered),
        .init(name: "AF_VSOCK", command: "escape socket 40", open: unfiltered),
    ]

    static let calls: [EscapeAttempt] = [
        .init(name: "keyctl", command: "escape keyctl", open: unfiltered),
        .init(name: "keyctl as 32-bit code", command: "escape keyctl-32", open: unfiltered),
        .init(name: "add_key", command: "escape add-key", open: unfiltered),
        .init(name: "request_key", command: "escape request-key", open: unfiltered),
        .init(name: "userfaultfd", command: "escape userfaultfd", open: unfiltered),
        .init(name: "io_uring", command: "escape io-uring", open: unfiltered, needs: "/proc/sys/kernel/io_uring_group"),
        .init(name: "personality", command: "escape personality", open: unfiltered),
        .init(name: "move_pages", command: "escape move-pages", open: unfiltered),
        .init(name: "sysfs", command: "escape sysfs-call", open: unfiltered),
        .init(name: "bpf", command: "escape bpf", open: privileged),
        .init(name: "perf_event_open", command: "escape perf", open: privileged),
        .init(name: "iopl", command: "escape iopl", open: privileged),
        .init(name: "ioperm", command: "escape ioperm", open: privileged),
        .init(name: "fanotify", command: "escape fanotify", open: privileged),
        .init(name: "quotactl", command: "escape quotactl", open: privileged),
        .init(name: "syslog", command: "escape syslog", open: "cap_add: [SYSLOG]"),
        .init(name: "the clock", command: "escape set-clock", open: "cap_add: [SYS_TIME]"),
        .init(name: "kcmp", command: "escape kcmp", open: "cap_add: [SYS_PTRACE]"),
        .init(name: "a real-time scheduler", command: "escape real-time", open: "cap_add: [SYS_NICE]"),
        .init(name: "a higher priority", command: "escape nice", open: "cap_add: [SYS_NICE]"),
        .init(
            name: "a higher hard limit", command: "ulimit -Hn $(($(ulimit -Hn) + 1))", open: "cap_add: [SYS_RESOURCE]"),
        .init(name: "an id that is not the project's", command: "escape uid 70000", open: hostUser),
        .init(
            name: "a file for such an id", command: "touch /tmp/f && chown 70000 /tmp/f", open: hostUser),
        .init(name: "the host's root", command: "grep -q ' 0 *0 ' /proc/self/uid_map", open: hostUser),
    ]

    static let limits: [EscapeAttempt] = [
        .init(name: "a fork bomb", command: "escape fork 40", closed: "pids_limit: 20", open: ""),
        .init(
            name: "more memory", command: "escape memory 64", closed: "mem_limit: 16m, memswap_limit: 16m", open: ""),
        .init(
            name: "more of the disk", command: fill("/fill", 32), closed: "storage_opt: { size: 16m }", open: ""),
        .init(name: "more shared memory", command: fill("/dev/shm/fill", 80), open: "shm_size: 128m"),
        .init(
            name: "more of a tmpfs", command: fill("/t/fill", 8), closed: "tmpfs: [\"/t:size=4m\"]",
            open: "tmpfs: [\"/t:size=16m\"]"),
    ]

    static let all = kernelFiles + controlGroups + mounts + devices + processes + names + networks + calls + limits
}
