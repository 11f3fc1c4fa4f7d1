// SPDX-License-Identifier: Apache-2.0
/* Says when the last of several network namespaces has got its routes: rtwatch NAMESPACE-PATH...
 *
 * Commands on standard input, a line each; answers on standard output:
 *   add N    from now on count routes of 10.0.0.0/8 that appear; "done NS-OF-CLOCK_MONOTONIC" when each
 * namespace has N del N    the same for routes that go Each command is answered with "ok" when counting has
 * begun. A socket filter lets one bulk route in 16 through (10.x.y.0/24 with y mod 16 = 15) and every route
 * of 10.255.0.0/16, so that watching costs what it measures little.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_NAMESPACES 64
#define DST 40 /* nlmsghdr 16, rtmsg 12, RTA_TABLE 8, header of RTA_DST 4 */

struct place {
    int fd;
    unsigned int seen;
    uint8_t bits[8192];
};

static struct place places[MAX_NAMESPACES];
static int count;

static void fail(const char *what) {
    fprintf(stderr, "rtwatch: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_in(const char *path) {
    /* accepted: 10.255.0.0/16, and 10.x.y.0/24 with y mod 16 = 15 */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, DST + 4, 0, 8),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, DST),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 10, 0, 6),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, DST + 1),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 255, 3, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, DST + 2),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 15),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 15, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE};
    int room = 64 << 20;
    int ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET))
        fail(path);
    close(ns);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
        setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)))
        fail("netlink socket");
    return fd;
}

/* Counts each destination once, whatever is said of it how often. */
static void take(struct place *place, const uint8_t *message, ssize_t length, int type) {
    const struct nlmsghdr *header = (const struct nlmsghdr *)message;
    if (length < DST + 4 || header->nlmsg_type != type)
        return;
    unsigned int index = message[DST + 1] << 8 | message[DST + 2];
    if (place->bits[index / 8] & 1 << index % 8)
        return;
    place->bits[index / 8] |= (uint8_t)(1 << index % 8);
    place->seen++;
}

static void drain(struct place *place, int type) {
    uint8_t buffer[65536];
    for (;;) {
        ssize_t length = recv(place->fd, buffer, sizeof(buffer), 0);
        if (length < 0 && errno == ENOBUFS) {
            fprintf(stderr, "rtwatch: notifications were lost\n");
            exit(1);
        }
        if (length < 0)
            return;
        take(place, buffer, length, type);
    }
}

static int complete(unsigned int wanted) {
    for (int i = 0; i < count; i++)
        if (places[i].seen < wanted)
            return 0;
    return 1;
}

int main(int argc, char **argv) {
    struct pollfd fds[MAX_NAMESPACES + 1];
    unsigned int wanted = 0;
    int type = RTM_NEWROUTE;
    char line[64];
    if (argc < 2 || argc > MAX_NAMESPACES + 1) {
        fprintf(stderr, "usage: rtwatch NAMESPACE-PATH... (1 to %d)\n", MAX_NAMESPACES);
        return 2;
    }
    struct sched_param first = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_FIFO, &first); /* without it times are only less exact */
    setvbuf(stdout, NULL, _IOLBF, 0);
    count = argc - 1;
    for (int i = 0; i < count; i++) {
        places[i].fd = open_in(argv[i + 1]);
        fds[i] = (struct pollfd){.fd = places[i].fd, .events = POLLIN};
    }
    fds[count] = (struct pollfd){.fd = 0, .events = POLLIN};
    puts("ready");
    while (poll(fds, count + 1, -1) >= 0) {
        for (int i = 0; i < count; i++)
            if (fds[i].revents)
                drain(&places[i], type);
        if (wanted && complete(wanted)) {
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            printf("done %lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
            wanted = 0;
        }
        if (!fds[count].revents)
            continue;
        /* one command at a time, each waited for: no more than a line is there */
        ssize_t length = read(0, line, sizeof(line) - 1);
        if (length <= 0)
            return 0;
        line[length] = 0;
        type = !strncmp(line, "del", 3) ? RTM_DELROUTE : RTM_NEWROUTE;
        wanted = (unsigned int)strtoul(line + 3, NULL, 10);
        for (int i = 0; i < count; i++) {
            drain(&places[i], 0);
            places[i].seen = 0;
            memset(places[i].bits, 0, sizeof(places[i].bits));
        }
        puts("ok");
    }
    fail("poll");
}
