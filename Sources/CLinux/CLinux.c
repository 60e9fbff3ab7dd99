// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

const char *trice_errno_name(int number) { return strerrorname_np(number); }

int trice_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
int trice_openat(int directory, const char *path, int flags, mode_t mode) { return openat(directory, path, flags, mode); }
int trice_ioctl(int fd, unsigned long request, void *argument) { return ioctl(fd, request, argument); }
int trice_fcntl(int fd, int command, long argument) { return fcntl(fd, command, argument); }

int trice_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

pid_t trice_fork(void) { return fork(); }
int trice_setrlimit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit(resource, &limit);
}
int trice_raise_descriptor_limit(uint64_t *before) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    *before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}
int trice_limit_descriptors(uint64_t soft) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    limit.rlim_cur = soft;
    return setrlimit(RLIMIT_NOFILE, &limit);
}
int trice_raise_hard_limit(pid_t pid, int resource, uint64_t hard) {
    struct rlimit limit;
    if (prlimit(pid, resource, NULL, &limit) < 0) return -1;
    if (limit.rlim_max >= hard) return 0;
    limit.rlim_max = hard;
    return prlimit(pid, resource, &limit, NULL);
}
int trice_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
int trice_prctl(int option, unsigned long argument) { return prctl(option, argument, 0, 0, 0); }

struct program {
    const char *path;
    char *const *arguments, *const *environment;
    int error;
};

static int become(void *given) {
    struct program *program = given;
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    if (isatty(0) == 1) tcsetpgrp(0, getpid());
    for (int number = 1; number <= 64; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(program->path, program->arguments, program->environment);
    program->error = errno;
    _exit(127);
}

pid_t trice_start_program(const char *path, char *const *arguments, char *const *environment, int *error) {
    static char stack[1 << 16] __attribute__((aligned(16)));
    struct program program = {.path = path, .arguments = arguments, .environment = environment};
    pid_t child = clone(become, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &program);
    *error = child > 0 ? program.error : 0;
    return child;
}

pid_t trice_clone3(uint64_t flags, int cgroup, int *pidfd) {
    struct clone_args arguments = {.flags = flags, .exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD};
    if (pidfd) {
        arguments.flags |= CLONE_PIDFD;
        arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
    }
    if (cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup;
    }
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

static int idle(void *parent) {
    // It has the caller's descriptors, and must not outlive it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == *(pid_t *)parent) pause();
    _exit(1);
}
pid_t trice_clone_idle(int flags) {
    static char stack[4096] __attribute__((aligned(16)));
    static pid_t parent;
    parent = getpid();
    return clone(idle, stack + sizeof stack, flags | CLONE_VM | SIGCHLD, &parent);
}

int trice_pidfd_open(pid_t pid, unsigned int flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }
int trice_pidfd_send_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }
int trice_pidfd_exit_status(int pidfd, int *status) {
    // struct pidfd_info of linux/pidfd.h, which this distribution's headers do not have yet.
    struct {
        uint64_t mask, cgroup;
        uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
        int32_t exit_code;
    } info = {.mask = 1 << 3 /* PIDFD_INFO_EXIT */};
    if (ioctl(pidfd, _IOWR(0xFF, 11, info), &info) < 0) return -1;
    if (!(info.mask & (1 << 3))) { errno = ENODATA; return -1; }
    *status = info.exit_code;
    return 0;
}
int trice_pivot_root(const char *new_root, const char *put_old) { return (int)syscall(SYS_pivot_root, new_root, put_old); }

int trice_fsopen(const char *type, unsigned int flags) { return (int)syscall(SYS_fsopen, type, flags); }
int trice_fsconfig_string(int fs, const char *key, const char *value) {
    return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}
int trice_fsconfig_flag(int fs, const char *key) { return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, key, NULL, 0); }
int trice_fsconfig_create(int fs) { return (int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0); }
int trice_fsmount(int fs, unsigned int flags, unsigned int attributes) { return (int)syscall(SYS_fsmount, fs, flags, attributes); }
int trice_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned int flags) {
    return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}
int trice_open_tree(int directory, const char *path, unsigned int flags) { return (int)syscall(SYS_open_tree, directory, path, flags); }
int trice_mount_setattr(int directory, const char *path, unsigned int flags, uint64_t set, uint64_t clear, uint64_t propagation, int userns) {
    struct mount_attr attributes = {.attr_set = set, .attr_clr = clear, .propagation = propagation, .userns_fd = (uint64_t)userns};
    return (int)syscall(SYS_mount_setattr, directory, path, flags, &attributes, sizeof attributes);
}

ssize_t trice_splice(int from, int to, size_t count) { return splice(from, NULL, to, NULL, count, SPLICE_F_NONBLOCK); }
ssize_t trice_splice_to(int pipe, int file, int64_t offset, size_t count) {
    off_t place = offset;
    return splice(pipe, NULL, file, &place, count, SPLICE_F_NONBLOCK);
}
int trice_punch_hole(int file, int64_t offset, int64_t count) {
    return fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count);
}

int trice_bpf_load_device(const void *instructions, uint32_t count) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)instructions;
    attributes.insn_cnt = count;
    attributes.license = (uint64_t)(uintptr_t) "Apache-2.0";
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
}
int trice_bpf_attach_device(int cgroup, int program) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = (uint32_t)cgroup;
    attributes.attach_bpf_fd = (uint32_t)program;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes);
}

int trice_new_session_keyring(void) { return (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); }

int trice_seccomp_filter(unsigned int flags, const void *instructions, unsigned short count) {
    struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)instructions};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

ssize_t trice_send_descriptors(int socket, const void *bytes, size_t length, const int *descriptors, int count, int flags) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int) * 64)]; } control;
    if (count < 0 || count > 64) { errno = EINVAL; return -1; }
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
    }
    return sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}

ssize_t trice_receive_descriptors(int socket, void *bytes, size_t length, int *descriptors, int capacity, int *count, int flags) {
    struct iovec part = {.iov_base = bytes, .iov_len = length};
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int) * 64)]; } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    *count = 0;
    ssize_t received = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    if (received < 0) return received;
    int dropped = (message.msg_flags & MSG_CTRUNC) != 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int came = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < came; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + sizeof(int) * (size_t)i, sizeof fd);
            if (*count < capacity) descriptors[(*count)++] = fd;
            else { close(fd); dropped = 1; }
        }
    }
    if (dropped) { errno = ENOBUFS; return -1; }
    return received;
}

ssize_t trice_send_file(int from, int to, size_t length) { return sendfile(to, from, NULL, length); }
int trice_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
int trice_syncfs(int fd) { return syncfs(fd); }
int trice_pipe2(int *ends, int flags) { return pipe2(ends, flags); }
int trice_accept4(int socket, int flags) { return accept4(socket, NULL, NULL, flags); }
int trice_close_range(unsigned int first, unsigned int last, int flags) { return (int)syscall(SYS_close_range, first, last, flags); }
int trice_setns(int fd, int type) { return setns(fd, type); }
int trice_unshare(int flags) { return unshare(flags); }
int trice_setresuid(uid_t real, uid_t effective, uid_t saved) { return setresuid(real, effective, saved); }
int trice_setresgid(gid_t real, gid_t effective, gid_t saved) { return setresgid(real, effective, saved); }
int trice_setgroups(size_t count, const gid_t *groups) { return setgroups(count, groups); }
int trice_setdomainname(const char *name, size_t length) { return setdomainname(name, length); }
int trice_ptsname(int terminal, char *name, size_t length) { return ptsname_r(terminal, name, length); }

const char *trice_strptime(const char *text, const char *pattern, struct tm *parts) { return strptime(text, pattern, parts); }

const int trice_o_path = O_PATH, trice_f_setpipe_sz = F_SETPIPE_SZ, trice_at_empty_path = AT_EMPTY_PATH;

int trice_wifexited(int status) { return WIFEXITED(status); }
int trice_wexitstatus(int status) { return WEXITSTATUS(status); }
int trice_wifsignaled(int status) { return WIFSIGNALED(status); }
int trice_wtermsig(int status) { return WTERMSIG(status); }
int trice_wcoredump(int status) { return WCOREDUMP(status) != 0; }

dev_t trice_makedev(unsigned int major, unsigned int minor) { return makedev(major, minor); }
unsigned int trice_major(dev_t device) { return major(device); }
unsigned int trice_minor(dev_t device) { return minor(device); }

const unsigned int trice_s_ifmt = S_IFMT, trice_s_ifdir = S_IFDIR, trice_s_ifreg = S_IFREG, trice_s_iflnk = S_IFLNK,
                   trice_s_ifchr = S_IFCHR, trice_s_ifblk = S_IFBLK, trice_s_ififo = S_IFIFO, trice_s_ifsock = S_IFSOCK;

static int unix_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) { errno = ENAMETOOLONG; return -1; }
    strcpy(address->sun_path, path);
    return 0;
}
int trice_unix_connect(int socket, const char *path) {
    struct sockaddr_un address;
    return unix_address(path, &address) ? -1 : connect(socket, (struct sockaddr *)&address, sizeof address);
}
int trice_unix_bind(int socket, const char *path) {
    struct sockaddr_un address;
    return unix_address(path, &address) ? -1 : bind(socket, (struct sockaddr *)&address, sizeof address);
}

int trice_spawn_chdir(posix_spawn_file_actions_t *actions, const char *path) {
	return posix_spawn_file_actions_addchdir_np(actions, path);
}
