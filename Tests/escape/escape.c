// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

// What a program in a container may try, one attempt a run: `escape NAME [ARGUMENT …]`. It ends with 0 where the attempt
// succeeded, with 1 and the reason where it was stopped, with 2 where there is no such attempt. None of them does harm when
// it succeeds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The call got past whoever says EPERM.
static int permitted(long result) { return result >= 0 || errno != EPERM ? 0 : -1; }
static int done(long result) { return result < 0 ? -1 : 0; }

static int try_keyctl(char **a) { return done(syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 0)); }
static int try_session(char **a) { return printf("%ld\n", syscall(SYS_keyctl, 0, -3, 0)) > 0 ? 0 : -1; }
static int try_add_key(char **a) { return done(syscall(SYS_add_key, "user", "trice-escape", "x", 1, -2)); }
static int try_request_key(char **a) { return permitted(syscall(SYS_request_key, "user", "trice-none", NULL, 0)); }

// keyctl by its number for 32-bit code: a filter of 64-bit numbers does not see it.
static int try_keyctl_32(char **a) {
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(288L), "b"(0L), "c"(-3L), "d"(0L) : "memory");
    if (result >= 0) return 0;
    errno = (int)-result;
#else
    errno = ENOSYS;
#endif
    return -1;
}

static int try_bpf(char **a) {
    struct bpf_insn program[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attributes.insns = (uint64_t)(uintptr_t)program;
    attributes.insn_cnt = 2;
    attributes.license = (uint64_t)(uintptr_t) "GPL";
    return done(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}
static int try_perf(char **a) {
    struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attributes};
    return done(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, 0));
}
static int try_userfaultfd(char **a) { return done(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */)); }
static int try_io_uring(char **a) {
    char parameters[256] = {0};
    return done(syscall(SYS_io_uring_setup, 1, parameters));
}
static int try_personality(char **a) { return done(personality(ADDR_NO_RANDOMIZE)); }
static int try_move_pages(char **a) { return permitted(syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 0)); }
static int try_sysfs_call(char **a) { return permitted(syscall(SYS_sysfs, 3)); }
static int try_kcmp(char **a) { return done(syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 1)); }
static int try_iopl(char **a) { return permitted(iopl(3)); }
static int try_ioperm(char **a) { return permitted(ioperm(0x80, 1, 1)); }
static int try_syslog(char **a) { return done(syscall(SYS_syslog, 10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0)); }
static int try_set_clock(char **a) {
    struct timespec impossible = {.tv_nsec = -1};
    return permitted(syscall(SYS_clock_settime, CLOCK_REALTIME, &impossible));
}
static int try_quotactl(char **a) { return done(quotactl(QCMD(Q_SYNC, USRQUOTA), NULL, 0, NULL)); }
static int try_fanotify(char **a) { return done(syscall(SYS_fanotify_init, 0, 0)); }
static int try_fsopen(char **a) { return done(syscall(430 /* fsopen */, "tmpfs", 0)); }
static int try_open_tree(char **a) { return done(syscall(428 /* open_tree */, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */)); }
static int try_mount_setattr(char **a) {
    struct {
        uint64_t set, clear, propagation, namespace;
    } attributes = {.clear = 1 /* MOUNT_ATTR_RDONLY */};
    return done(syscall(442 /* mount_setattr */, AT_FDCWD, "/proc/sys", 0, &attributes, sizeof attributes));
}
static int try_pivot_root(char **a) {
    // Where it is permitted, these arguments are wrong.
    return permitted(syscall(SYS_pivot_root, "/proc", "/proc"));
}
static int try_clone_user(char **a) {
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid(pid, NULL, 0);
    return done(pid);
}
static int try_clone3_user(char **a) {
    uint64_t arguments[11] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
    pid_t pid = (pid_t)syscall(435 /* clone3 */, arguments, 64);
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid(pid, NULL, 0);
    return done(pid);
}
static int try_socket(char **a) { return permitted(socket(atoi(a[0]), SOCK_STREAM, 0)); }
static int try_uid(char **a) { return done(setresuid((uid_t)atoi(a[0]), (uid_t)-1, (uid_t)-1)); }
static int try_real_time(char **a) {
    struct sched_param parameter = {.sched_priority = 1};
    return done(sched_setscheduler(0, SCHED_FIFO, &parameter));
}
static int try_nice(char **a) { return done(setpriority(PRIO_PROCESS, 0, -5)); }
static int try_kill(char **a) { return done(kill(atoi(a[0]), 0)); }
static int try_ptrace(char **a) {
    pid_t pid = atoi(a[0]);
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0) return -1;
    waitpid(pid, NULL, 0);
    return done(ptrace(PTRACE_DETACH, pid, NULL, NULL));
}
static int try_shm(char **a) { return done(shmget(atoi(a[0]), 0, 0)); }

// The inode 2 of an ext4, its root directory, by a handle that nobody gave: from a file of the host that is mounted here.
static int try_handle(char **a) {
    struct {
        struct file_handle handle;
        uint32_t id[2];
    } root = {.handle = {.handle_bytes = 8, .handle_type = 1 /* FILEID_INO32_GEN */}, .id = {2, 0}};
    int mount = open(a[0], O_RDONLY);
    return mount < 0 ? -1 : done(open_by_handle_at(mount, &root.handle, O_RDONLY | O_DIRECTORY));
}

static int try_abstract_socket(char **a) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path + 1, a[0], sizeof address.sun_path - 2);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    return done(connect(s, (struct sockaddr *)&address, (socklen_t)(sizeof(sa_family_t) + 1 + strlen(a[0]))));
}

static int try_loopback(char **a) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(a[0])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return done(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address));
}

// The program of another process, for writing: /proc/PID/exe, as CVE-2019-5736 did it to runc.
static int try_write_program(char **a) { return done(open(a[0], O_WRONLY | O_CLOEXEC)); }

static int try_fork(char **a) {
    int count = atoi(a[0]), made = 0;
    for (; made < count; made++) {
        pid_t pid = fork();
        if (pid < 0) break;
        if (pid == 0) pause();
    }
    int failed = made < count ? errno : 0;
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    while (wait(NULL) > 0) {}
    errno = failed;
    return failed ? -1 : 0;
}
static int try_memory(char **a) {
    size_t size = (size_t)atoi(a[0]) << 20;
    char *memory = malloc(size);
    if (!memory) return -1;
    memset(memory, 1, size);
    return memory[size - 1] == 1 ? 0 : -1;
}

static int try_effective_root(char **a) {
    errno = EPERM;
    return geteuid() == 0 ? 0 : -1;
}

// Anything beyond standard input, output and error.
static int try_descriptors(char **a) {
    for (int fd = 3; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) return 0;
    }
    errno = EBADF;
    return -1;
}

static const struct {
    const char *name;
    int (*run)(char **arguments);
} attempts[] = {
    {"abstract-socket", try_abstract_socket}, {"add-key", try_add_key},     {"bpf", try_bpf},
    {"clone-user", try_clone_user},           {"clone3-user", try_clone3_user}, {"descriptors", try_descriptors},
    {"effective-root", try_effective_root},
    {"fanotify", try_fanotify},               {"fork", try_fork},           {"fsopen", try_fsopen},
    {"handle", try_handle},                   {"io-uring", try_io_uring},   {"ioperm", try_ioperm},
    {"iopl", try_iopl},                       {"kcmp", try_kcmp},           {"keyctl", try_keyctl},
    {"keyctl-32", try_keyctl_32},             {"kill", try_kill},           {"loopback", try_loopback}, {"memory", try_memory}, {"nice", try_nice},
    {"mount-setattr", try_mount_setattr},     {"move-pages", try_move_pages}, {"open-tree", try_open_tree},
    {"perf", try_perf},                       {"personality", try_personality}, {"pivot-root", try_pivot_root},
    {"ptrace", try_ptrace},                   {"quotactl", try_quotactl},   {"real-time", try_real_time},
    {"request-key", try_request_key},         {"session", try_session},             {"set-clock", try_set_clock}, {"shm", try_shm},
    {"socket", try_socket},                   {"sysfs-call", try_sysfs_call}, {"syslog", try_syslog},
    {"uid", try_uid},                         {"userfaultfd", try_userfaultfd}, {"write-program", try_write_program},
};

int main(int count, char **arguments) {
    for (size_t i = 0; count > 1 && i < sizeof attempts / sizeof *attempts; i++) {
        if (strcmp(attempts[i].name, arguments[1]) != 0) continue;
        if (attempts[i].run(arguments + 2) == 0) return 0;
        fprintf(stderr, "%s: %s\n", arguments[1], strerror(errno));
        return 1;
    }
    fprintf(stderr, "no such attempt\n");
    return 2;
}
