// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

#define _GNU_SOURCE
#include "CLinux.h"
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int trice_packet_socket(int interface) {
    // Without a protocol it takes nothing before it is bound.
    int packets = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (packets < 0) return -1;
    int on = 1, queue = 32 << 20;
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface};
    // Who may open the socket may have a long queue; where not, the usual one serves.
    setsockopt(packets, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof queue);
    if (setsockopt(packets, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0 &&
        bind(packets, (struct sockaddr *)&address, sizeof address) == 0)
        return packets;
    close(packets);
    return -1;
}

ssize_t trice_receive_packet(int socket, void *bytes, size_t size, size_t *length, uint64_t *time, int *outgoing) {
    char control[256] __attribute__((aligned(8)));
    struct sockaddr_ll from = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1,
        .msg_control = control, .msg_controllen = sizeof control};
    ssize_t count = recvmsg(socket, &message, MSG_TRUNC);
    if (count < 0) return -1;
    *length = (size_t)count;
    *outgoing = from.sll_pkttype == PACKET_OUTGOING;
    struct timespec stamp;
    clock_gettime(CLOCK_REALTIME, &stamp);
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
    *time = (uint64_t)stamp.tv_sec * 1000000000u + (uint64_t)stamp.tv_nsec;
    return (size_t)count < size ? count : (ssize_t)size;
}

int trice_packets_dropped(int socket, uint32_t *count) {
    struct tpacket_stats statistics;
    socklen_t size = sizeof statistics;
    if (getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0) return -1;
    *count = statistics.tp_drops;
    return 0;
}
