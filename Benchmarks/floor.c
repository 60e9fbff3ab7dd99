// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors
//
// What the kernel alone needs for N containers: a process in six new namespaces, an overlay as its root, a veth pair with
// one end on a bridge, and an exec. Nothing is recorded, watched or cleaned up nicely: no orchestrator can be faster.
//
// usage: floor ROOTFS N      prints start and stop in milliseconds; as root; in namespaces of its own
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

// One RTM_NEWLINK request at a time.
static int netlink;
static union {
    struct nlmsghdr header;
    char bytes[1024];
} request;

static struct rtattr *attribute(int type, const void *value, size_t size) {
    struct rtattr *attribute = (void *)(request.bytes + NLMSG_ALIGN(request.header.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = RTA_LENGTH(size);
    if (size) memcpy(RTA_DATA(attribute), value, size);
    request.header.nlmsg_len = NLMSG_ALIGN(request.header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
    return attribute;
}

static void close_nest(struct rtattr *nest) { nest->rta_len = request.bytes + request.header.nlmsg_len - (char *)nest; }

static void begin_link(const char *name) {
    memset(&request, 0, sizeof request);
    request.header.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg));
    request.header.nlmsg_type = RTM_NEWLINK;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    ((struct ifinfomsg *)NLMSG_DATA(&request.header))->ifi_flags = IFF_UP;
    ((struct ifinfomsg *)NLMSG_DATA(&request.header))->ifi_change = IFF_UP;
    attribute(IFLA_IFNAME, name, strlen(name) + 1);
}

static void send_link(const char *what) {
    char answer[1024];
    if (send(netlink, &request, request.header.nlmsg_len, 0) < 0 || recv(netlink, answer, sizeof answer, 0) < 0) die(what);
    struct nlmsgerr *error = NLMSG_DATA((struct nlmsghdr *)answer);
    if ((errno = -error->error)) die(what);
}

static void add_bridge(void) {
    begin_link("floor");
    struct rtattr *info = attribute(IFLA_LINKINFO, NULL, 0);
    attribute(IFLA_INFO_KIND, "bridge", 6);
    close_nest(info);
    send_link("bridge");
}

static void add_veth(int number, int bridge, pid_t process) {
    char name[16];
    snprintf(name, sizeof name, "floor%d", number);
    begin_link(name);
    attribute(IFLA_MASTER, &bridge, sizeof bridge);
    struct rtattr *info = attribute(IFLA_LINKINFO, NULL, 0);
    attribute(IFLA_INFO_KIND, "veth", 4);
    struct rtattr *data = attribute(IFLA_INFO_DATA, NULL, 0);
    struct rtattr *peer = attribute(VETH_INFO_PEER, NULL, 0);
    request.header.nlmsg_len += NLMSG_ALIGN(sizeof(struct ifinfomsg));
    attribute(IFLA_IFNAME, "eth0", 5);
    attribute(IFLA_NET_NS_PID, &process, sizeof process);
    close_nest(peer);
    close_nest(data);
    close_nest(info);
    send_link("veth");
}

// The container's side. Its exec closes `ready`, which tells the parent that it runs.
static void contained(const char *rootfs, const char *base, int number, int go) {
    char path[3][256], options[1024], byte;
    const char *parts[] = {"upper", "work", "root"};
    for (int i = 0; i < 3; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s%d", base, parts[i], number);
        if (mkdir(path[i], 0755)) _exit(1);
    }
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", rootfs, path[0], path[1]);
    if (mount("overlay", path[2], "overlay", 0, options)) _exit(2);
    if (chdir(path[2]) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH)) _exit(3);
    if (mount("proc", "/proc", "proc", 0, NULL)) _exit(4);
    if (read(go, &byte, 1) < 0) _exit(5);  // the network is there
    execl("/bin/busybox", "sleep", "3600", NULL);
    _exit(6);
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: floor ROOTFS N\n"), 2;
    int number = atoi(arguments[2]);
    char base[] = "/tmp/floor-XXXXXX";
    if (!mkdtemp(base)) die("mkdtemp");
    if (unshare(CLONE_NEWNS | CLONE_NEWNET) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) die("unshare");
    netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    add_bridge();
    int bridge = if_nametoindex("floor");
    pid_t *processes = calloc(number, sizeof *processes);
    int *ready = calloc(number, sizeof *ready);

    double start = milliseconds();
    for (int i = 0; i < number; i++) {
        int go[2], done[2];
        if (pipe2(go, O_CLOEXEC) || pipe2(done, O_CLOEXEC)) die("pipe2");
        struct clone_args how = {
            .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
            .exit_signal = SIGCHLD,
        };
        processes[i] = syscall(SYS_clone3, &how, sizeof how);
        if (processes[i] < 0) die("clone3");
        if (processes[i] == 0) {
            close(go[1]);
            contained(arguments[1], base, i, go[0]);
        }
        add_veth(i, bridge, processes[i]);
        close(go[0]), close(go[1]), close(done[1]);
        ready[i] = done[0];
    }
    char byte;
    for (int i = 0; i < number; i++) {
        if (read(ready[i], &byte, 1) != 0 || waitpid(processes[i], NULL, WNOHANG) != 0) die("a container did not start");
    }
    double started = milliseconds();
    for (int i = 0; i < number; i++) kill(processes[i], SIGKILL);
    for (int i = 0; i < number; i++) waitpid(processes[i], NULL, 0);
    printf("%.1f %.1f\n", started - start, milliseconds() - started);

    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command) != 0;
}
