// SPDX-License-Identifier: Apache-2.0
// Numbered datagrams at a steady rate between network namespaces, counted one by one where they arrive.
//
//   steady SECONDS RATE FLOW...
//     FLOW: KIND,SRC-NETNS,SRC-ADDRESS,SRC-PORT,DST-NETNS,DST-ADDRESS,DST-PORT
//     KIND: both (RATE packets/s each way, on one connection), never (RATE/10 packets/s, half of them of one
//     connection, half of ever new ones; arrivals are counted)
//
// Says "started" once packets have come both ways on every flow "both". Ends after SECONDS or at SIGTERM,
// waits for what is under way, and prints a line a flow and way: packets sent, received and missing, the
// rate, and when the first missing ones were sent.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_FLOWS 16
#define MOST_PACKETS (8u << 20)
#define SHOWN 5
#define LINGER_NS 700000000ll
#define TICK_NS 1000000ll
#define ROOM (16 << 20)

// One way of a flow.
struct way {
    const char *name;
    int from;
    int to;
    bool renews;
    long rate;
    struct sockaddr_storage target;
    socklen_t target_length;
    const char *netns;
    pthread_t sender;
    pthread_t receiver;
    uint32_t sent;
    int64_t sending_ns;
    int64_t *sent_at;
    atomic_uint received;
    uint8_t *seen;
    // The other way, whose target is whoever this one's packets come from.
    struct way *answers;
};

static struct way ways[2 * MOST_FLOWS];
static int way_count;
static atomic_bool ending;
static atomic_bool closed;
static int64_t began;

static void die(const char *what) {
    fprintf(stderr, "steady: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void on_signal(int number) {
    (void)number;
    atomic_store(&ending, true);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void sleep_until(int64_t at) {
    struct timespec t = {.tv_sec = at / 1000000000ll, .tv_nsec = at % 1000000000ll};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void enter(const char *netns) {
    char path[256];
    snprintf(path, sizeof(path), "%s%s", netns[0] == '/' ? "" : "/run/netns/", netns);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
        die(path);
    close(fd);
}

static socklen_t parse_address(const char *address, const char *port, struct sockaddr_storage *to) {
    memset(to, 0, sizeof(*to));
    struct sockaddr_in *v4 = (struct sockaddr_in *)to;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)atoi(port));
        return sizeof(*v4);
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)atoi(port));
        return sizeof(*v6);
    }
    errno = EINVAL;
    die(address);
    return 0;
}

static int open_socket(const struct sockaddr_storage *at, socklen_t length) {
    int fd = socket(at->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int room = ROOM;
    struct timeval wait = {.tv_usec = 50000};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0)
        die("socket");
    if (bind(fd, (const struct sockaddr *)at, length) < 0)
        die("bind");
    return fd;
}

// What is refused at once (an ICMP error that came before, a full queue) has not been sent.
static void send_one(struct way *way, int fd) {
    uint32_t number = way->sent;
    for (int tries = 0; tries < 3; tries++) {
        ssize_t n =
            sendto(fd, &number, sizeof(number), 0, (const struct sockaddr *)&way->target, way->target_length);
        if (n == sizeof(number)) {
            way->sent_at[number] = now_ns();
            way->sent++;
            return;
        }
    }
}

static void send_as_another(struct way *way) {
    int fd = socket(way->target.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    send_one(way, fd);
    close(fd);
}

static void *run_sender(void *argument) {
    struct way *way = argument;
    enter(way->netns);
    int64_t start = now_ns();
    int64_t tick = start;
    double due = 0;
    while (!atomic_load(&ending) && way->sent < MOST_PACKETS - 1000) {
        due += (double)way->rate * TICK_NS / 1e9;
        for (; due >= 1; due--) {
            if (way->renews && way->sent % 2)
                send_as_another(way);
            else
                send_one(way, way->from);
        }
        tick += TICK_NS;
        // What a busy machine has missed is not made up for.
        if (tick < now_ns() - 2 * TICK_NS)
            tick = now_ns();
        sleep_until(tick);
    }
    way->sending_ns = now_ns() - start;
    return NULL;
}

static void *run_receiver(void *argument) {
    struct way *way = argument;
    while (!atomic_load(&closed)) {
        uint32_t number;
        struct sockaddr_storage from;
        socklen_t length = sizeof(from);
        ssize_t n = recvfrom(way->to, &number, sizeof(number), 0, (struct sockaddr *)&from, &length);
        if (n >= 0 && way->answers && !atomic_load(&way->received))
            way->answers->target = from;
        if (n == sizeof(number) && number < MOST_PACKETS && !way->seen[number]) {
            way->seen[number] = 1;
            atomic_fetch_add(&way->received, 1);
        }
    }
    return NULL;
}

static struct way *add_way(const char *name, int from, int to, long rate, const char *netns) {
    struct way *way = &ways[way_count++];
    way->name = name;
    way->from = from;
    way->to = to;
    way->rate = rate;
    way->netns = netns;
    way->sent_at = calloc(MOST_PACKETS, sizeof(int64_t));
    way->seen = calloc(MOST_PACKETS, 1);
    if (!way->sent_at || !way->seen)
        die("memory");
    return way;
}

static void add_flow(char *text, long rate) {
    char *parts[7];
    for (int i = 0; i < 7; i++) {
        parts[i] = strsep(&text, ",");
        if (!parts[i]) {
            errno = EINVAL;
            die("FLOW (expected: KIND and six more, with commas between)");
        }
    }
    bool both = strcmp(parts[0], "both") == 0;
    struct sockaddr_storage src;
    struct sockaddr_storage dst;
    socklen_t length = parse_address(parts[2], parts[3], &src);
    parse_address(parts[5], parts[6], &dst);
    enter(parts[1]);
    int here = open_socket(&src, length);
    enter(parts[4]);
    int there = open_socket(&dst, length);
    struct way *forth = add_way(both ? "forth" : "never", here, there, both ? rate : rate / 10, parts[1]);
    forth->target = dst;
    forth->target_length = length;
    forth->renews = !both;
    if (both) {
        struct way *back = add_way("back", there, here, rate, parts[4]);
        back->target = src;
        back->target_length = length;
        forth->answers = back;
    }
}

static void start(void *(*run)(void *), pthread_t *thread, struct way *way) {
    errno = pthread_create(thread, NULL, run, way);
    if (errno)
        die("thread");
}

static void report(const struct way *way) {
    char there[INET6_ADDRSTRLEN] = "";
    const void *address = way->target.ss_family == AF_INET
                              ? (const void *)&((const struct sockaddr_in *)&way->target)->sin_addr
                              : (const void *)&((const struct sockaddr_in6 *)&way->target)->sin6_addr;
    inet_ntop(way->target.ss_family, address, there, sizeof(there));
    unsigned received = atomic_load(&way->received);
    printf("%s to %s sent %u received %u missing %u rate %.0f", way->name, there, way->sent, received,
           way->sent - received, way->sent / (way->sending_ns / 1e9));
    int shown = 0;
    for (uint32_t i = 0; i < way->sent && shown < SHOWN; i++) {
        bool is_odd = way->seen[i] != !way->renews;
        if (is_odd)
            printf("%s%.3f", shown++ ? " " : " at ", (way->sent_at[i] - began) / 1e9);
    }
    printf("\n");
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 3 + MOST_FLOWS) {
        fprintf(stderr, "usage: steady SECONDS RATE FLOW...\n");
        return 2;
    }
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    for (int i = 3; i < argc; i++)
        add_flow(argv[i], atol(argv[2]));
    began = now_ns();
    for (int i = 0; i < way_count; i++) {
        start(run_receiver, &ways[i].receiver, &ways[i]);
        // Who is asked answers once it has been.
        if (strcmp(ways[i].name, "back") != 0)
            start(run_sender, &ways[i].sender, &ways[i]);
    }
    int64_t end = began + atol(argv[1]) * 1000000000ll;
    int answering = 0;
    bool said = false;
    for (int64_t at = began; at < end && !atomic_load(&ending); at += 5000000) {
        for (int i = 1; i < way_count; i++) {
            if (strcmp(ways[i].name, "back") == 0 && !ways[i].sender && atomic_load(&ways[i - 1].received)) {
                start(run_sender, &ways[i].sender, &ways[i]);
                answering++;
            }
        }
        int backs = 0;
        bool all = true;
        for (int i = 0; i < way_count; i++) {
            backs += strcmp(ways[i].name, "back") == 0;
            all &= strcmp(ways[i].name, "never") == 0 || atomic_load(&ways[i].received) > 0;
        }
        if (!said && all && answering == backs) {
            said = true;
            printf("started\n");
            fflush(stdout);
        }
        sleep_until(at + 5000000);
    }
    atomic_store(&ending, true);
    for (int i = 0; i < way_count; i++) {
        if (ways[i].sender)
            pthread_join(ways[i].sender, NULL);
    }
    sleep_until(now_ns() + LINGER_NS);
    atomic_store(&closed, true);
    for (int i = 0; i < way_count; i++)
        pthread_join(ways[i].receiver, NULL);
    for (int i = 0; i < way_count; i++)
        report(&ways[i]);
    return 0;
}
