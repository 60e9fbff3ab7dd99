// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

// One function for each gap between Swift and the kernel: a variadic call, a system call without a libc wrapper, a
// macro. None decides anything. Each returns what the call returns, with errno set.
#ifndef TRICE_CLINUX_H
#define TRICE_CLINUX_H

#include <linux/close_range.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <time.h>
#include <sys/mount.h>
#include <sys/xattr.h>

// strerrorname_np(3): "ENOENT" for ENOENT; NULL for an unknown number.
const char *trice_errno_name(int number);

// open(2), openat(2) and ioctl(2) are variadic.
int trice_open(const char *path, int flags, mode_t mode);
int trice_openat(int directory, const char *path, int flags, mode_t mode);
int trice_ioctl(int fd, unsigned long request, void *argument);
int trice_fcntl(int fd, int command, long argument);

// openat2(2), Linux 5.6: libc has no wrapper.
int trice_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

// clone3(2), Linux 5.3: no stack of its own, so the child goes on in the caller's code as after fork(2).
// `cgroup` is the descriptor of a cgroup v2 directory to be born in, or -1. `pidfd` receives a descriptor of the child.
// fork(2) and prctl(2) are not imported or variadic.
pid_t trice_fork(void);
// PR_SET_NAME: what ps shows as the command, at most 15 bytes.
int trice_set_name(const char *name);
int trice_prctl(int option, unsigned long argument);
// prlimit(2) is a GNU extension: raises a hard limit of another process, where it is lower.
int trice_raise_hard_limit(pid_t pid, int resource, uint64_t hard);
// RLIMIT_NOFILE: the soft limit as high as the hard one; the soft limit alone.
int trice_raise_descriptor_limit(uint64_t *before);
int trice_limit_descriptors(uint64_t soft);
int trice_setrlimit(int resource, uint64_t soft, uint64_t hard);
// A child that becomes the program, without a copy of the caller's memory: in a process group of its own, in the foreground of
// the terminal, with every signal as a new program expects it. Returns when it has, or with what execve(2) said in `error`.
pid_t trice_start_program(const char *path, char *const *arguments, char *const *environment, int *error);
pid_t trice_clone3(uint64_t flags, int cgroup, int *pidfd);

// clone(2): a child that does nothing until it is killed or the caller has ended, one at a time. It shares the memory, so
// that none is copied.
pid_t trice_clone_idle(int flags);

// pidfd_open(2) 5.3, pidfd_send_signal(2) 5.1, pivot_root(2): no wrapper in this libc.
int trice_pidfd_open(pid_t pid, unsigned int flags);
int trice_pidfd_send_signal(int pidfd, int signal);
// ioctl PIDFD_GET_INFO, Linux 6.15: the wait(2) status of a process that has ended. ENODATA where it is not known.
int trice_pidfd_exit_status(int pidfd, int *status);
int trice_pivot_root(const char *new_root, const char *put_old);

// fsopen(2) family, Linux 5.2; mount_setattr(2), Linux 5.12: not in this libc's headers on every release.
int trice_fsopen(const char *type, unsigned int flags);
int trice_fsconfig_string(int fs, const char *key, const char *value);
int trice_fsconfig_flag(int fs, const char *key);
int trice_fsconfig_create(int fs);
int trice_fsmount(int fs, unsigned int flags, unsigned int attributes);
int trice_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned int flags);
int trice_open_tree(int directory, const char *path, unsigned int flags);
int trice_mount_setattr(int directory, const char *path, unsigned int flags, uint64_t set, uint64_t clear, uint64_t propagation, int userns);

// splice(2) between a pipe and a socket, without waiting. Where the socket's other end is closed, SIGPIPE comes.
ssize_t trice_splice(int from, int to, size_t count);
// splice(2) from a pipe to a place in a file, without waiting; fallocate(2) with FALLOC_FL_PUNCH_HOLE.
ssize_t trice_splice_to(int pipe, int file, int64_t offset, size_t count);
int trice_punch_hole(int file, int64_t offset, int64_t count);

// bpf(2): loads a BPF_PROG_TYPE_CGROUP_DEVICE program; attaches it to a cgroup v2 directory.
int trice_bpf_load_device(const void *instructions, uint32_t count);
int trice_bpf_attach_device(int cgroup, int program);

// FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR (linux/fs.h): the project of a directory, which what is made in it will have too.
int trice_project(int directory, uint32_t *project);
int trice_set_project(int directory, uint32_t project);
// quotactl_fd(2), Linux 5.14, of project quotas. Whether limits are enforced: 0 or 1. Limits and usage are in bytes; 0 is
// no limit.
int trice_project_quota_enforced(int directory);
int trice_project_quota(int directory, uint32_t project, uint64_t *limit, uint64_t *used);
int trice_set_project_quota(int directory, uint32_t project, uint64_t limit);

// loop(4): the number of a free loop device; makes a file the content of an open one, until nobody uses it (LOOP_CONFIGURE
// with LO_FLAGS_AUTOCLEAR, Linux 5.8).
int trice_loop_free(int control);
int trice_loop_configure(int device, int file);

// keyctl(2), KEYCTL_JOIN_SESSION_KEYRING: a new, empty session keyring for this process.
int trice_new_session_keyring(void);

// seccomp(2) with SECCOMP_SET_MODE_FILTER, Linux 3.17: `count` instructions of classic BPF (struct sock_filter).
int trice_seccomp_filter(unsigned int flags, const void *instructions, unsigned short count);

// The macros of cmsg(3): sends `count` descriptors with the bytes; receives up to `capacity` of them, close-on-exec.
// Received descriptors beyond the capacity are closed and ENOBUFS is set. `*count` says how many came.
ssize_t trice_send_descriptors(int socket, const void *bytes, size_t length, const int *descriptors, int count, int flags);
ssize_t trice_receive_descriptors(int socket, void *bytes, size_t length, int *descriptors, int capacity, int *count, int flags);

// packet(7): a socket that takes what goes through an interface, without waiting; its next packet, of which at most `size`
// bytes are kept, with its whole length, the time in nanoseconds since 1970, and whether the host has sent it; the number of
// packets that its queue had no room for, since the last question.
int trice_packet_socket(int interface);
ssize_t trice_receive_packet(int socket, void *bytes, size_t size, size_t *length, uint64_t *time, int *outgoing);
int trice_packets_dropped(int socket, uint32_t *count);

// The macros of wait(2).
int trice_wifexited(int status);
int trice_wexitstatus(int status);
int trice_wifsignaled(int status);
int trice_wtermsig(int status);
int trice_wcoredump(int status);

// pipe2(2), accept4(2), close_range(2), setns(2), unshare(2), setresuid(2), setresgid(2), setgroups(2), setdomainname(2),
// setns(2) and execvpe(3) are GNU extensions, which Swift's view of libc leaves out.
// sendfile(2) from where both files stand.
ssize_t trice_send_file(int from, int to, size_t length);
int trice_memfd_create(const char *name);
int trice_syncfs(int fd);
int trice_pipe2(int *ends, int flags);
int trice_accept4(int socket, int flags);
int trice_close_range(unsigned int first, unsigned int last, int flags);
int trice_setns(int fd, int type);
int trice_unshare(int flags);
int trice_setresuid(uid_t real, uid_t effective, uid_t saved);
int trice_setresgid(gid_t real, gid_t effective, gid_t saved);
int trice_setgroups(size_t count, const gid_t *groups);
int trice_setdomainname(const char *name, size_t length);
int trice_ptsname(int terminal, char *name, size_t length);

// posix_spawn_file_actions_addchdir_np(3) is a GNU extension.
int trice_spawn_chdir(posix_spawn_file_actions_t *actions, const char *path);

// strptime(3): the rest of the text after what the pattern matched, or NULL.
const char *trice_strptime(const char *text, const char *pattern, struct tm *parts);

// Values that only the GNU view of the headers has.
extern const int trice_o_path, trice_f_setpipe_sz, trice_at_empty_path;

// The macros of makedev(3).
dev_t trice_makedev(unsigned int major, unsigned int minor);
unsigned int trice_major(dev_t device);
unsigned int trice_minor(dev_t device);

// S_IFMT and the like are macros with casts that Swift does not import.
extern const unsigned int trice_s_ifmt, trice_s_ifdir, trice_s_ifreg, trice_s_iflnk, trice_s_ifchr, trice_s_ifblk, trice_s_ififo, trice_s_ifsock;

// sockaddr_un with a path of up to 107 bytes; connect(2) or bind(2) it. ENAMETOOLONG for a longer one.
int trice_unix_connect(int socket, const char *path);
int trice_unix_bind(int socket, const char *path);


#endif
