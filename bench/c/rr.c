// SPDX-License-Identifier: Apache-2.0
// Round trips and one-way batches between two network namespaces, client and server on one CPU.
//
//   rr MODE SERVER-NETNS CLIENT-NETNS SERVER-ADDRESS [SECONDS] [CPU]
//     MODE: udp-rr, tcp-rr, tcp-crr (connect, one round trip, close), udp-batch (32 datagrams one way, then
//     one back), tcp-stream (1 MiB one way, then one byte back)
//
// One CPU and SCHED_FIFO on both sides: no IPI wake-ups, no other task between a packet and its answer, so
// that the fastest transactions show the path's own cost. Prints one JSON object, times in microseconds a
// transaction (udp-batch: a packet).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT 7007
#define BATCH 32
#define STREAM_BYTES (1 << 20)
#define MAX_SAMPLES 4000000u
#define WARM_UP_NS 200000000ull

enum mode { UDP_RR, TCP_RR, TCP_CRR, UDP_BATCH, TCP_STREAM };

static const char *const mode_names[] = {"udp-rr", "tcp-rr", "tcp-crr", "udp-batch", "tcp-stream"};

static void die(const char *what) {
    fprintf(stderr, "rr: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void enter(const char *netns) {
    int fd = open(netns, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
        die(netns);
    close(fd);
}

static void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) < 0)
        die("sched_setaffinity");
    struct sched_param param = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_FIFO, &param) < 0)
        die("sched_setscheduler");
}

static struct sockaddr_in address_of(const char *text) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    if (inet_pton(AF_INET, text, &a.sin_addr) != 1) {
        fprintf(stderr, "rr: server address: %s (expected: an IPv4 address)\n", text);
        exit(2);
    }
    return a;
}

static void no_delay(int fd) {
    int one = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
        die("TCP_NODELAY");
}

// bbr, the default of some machines, paces a stream far below what the path carries.
static void no_pacing(int fd) {
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
}

static int listen_socket(enum mode mode) {
    bool udp = mode == UDP_RR || mode == UDP_BATCH;
    int fd = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0), one = 1;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || (!udp && listen(fd, 128) < 0))
        die("server socket");
    return fd;
}

// Answers every datagram, or the last of each batch, until killed.
static void serve_udp(int fd, bool batches) {
    char byte[64];
    struct sockaddr_in peer;
    for (;;) {
        socklen_t length = sizeof(peer);
        ssize_t got = recvfrom(fd, byte, sizeof(byte), 0, (struct sockaddr *)&peer, &length);
        if (got < 0)
            die("server receive");
        // The last of a batch says so: a lost one must not shift the count.
        if (!batches || byte[0] == 'L')
            sendto(fd, byte, 1, 0, (struct sockaddr *)&peer, length);
    }
}

static void serve_tcp(int fd) {
    for (;;) {
        int connection = accept(fd, NULL, NULL);
        char byte[64];
        if (connection < 0)
            die("accept");
        no_delay(connection);
        for (ssize_t got; (got = recv(connection, byte, sizeof(byte), 0)) > 0;)
            if (send(connection, byte, (size_t)got, MSG_NOSIGNAL) < 0)
                break;
        close(connection);
    }
}

// Takes a stream in and says each time that a transaction's worth of it is there.
static void serve_stream(int fd) {
    static char buffer[1 << 16];
    int connection = accept(fd, NULL, NULL);
    if (connection < 0)
        die("accept");
    no_delay(connection);
    size_t taken = 0;
    for (ssize_t got; (got = recv(connection, buffer, sizeof(buffer), 0)) > 0;) {
        taken += (size_t)got;
        if (taken >= STREAM_BYTES) {
            taken -= STREAM_BYTES;
            if (send(connection, "x", 1, MSG_NOSIGNAL) < 0)
                break;
        }
    }
    close(connection);
}

static int connected_socket(enum mode mode, const struct sockaddr_in *server) {
    bool udp = mode == UDP_RR || mode == UDP_BATCH;
    int fd = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    struct timeval limit = {.tv_sec = 1};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
        die("client socket");
    if (connect(fd, (const struct sockaddr *)server, sizeof(*server)) < 0)
        die("connect");
    if (!udp)
        no_delay(fd);
    if (mode == TCP_STREAM)
        no_pacing(fd);
    return fd;
}

static bool stream_once(int fd) {
    static char buffer[1 << 16];
    for (size_t sent = 0; sent < STREAM_BYTES;) {
        size_t rest = STREAM_BYTES - sent;
        ssize_t n = send(fd, buffer, rest < sizeof(buffer) ? rest : sizeof(buffer), MSG_NOSIGNAL);
        if (n <= 0)
            die("client send");
        sent += (size_t)n;
    }
    char byte;
    return recv(fd, &byte, 1, 0) == 1;
}

// True when the answer came within the receive limit.
static bool round_trip(int fd, char first) {
    char byte = first;
    if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
        die("client send");
    ssize_t got = recv(fd, &byte, 1, 0);
    if (got < 0 && errno != EAGAIN)
        die("client receive");
    return got == 1;
}

// One transaction; false when it was lost.
static bool transact(enum mode mode, int fd, const struct sockaddr_in *server) {
    if (mode == TCP_CRR) {
        int connection = connected_socket(mode, server);
        bool ok = round_trip(connection, 'x');
        // No TIME_WAIT: 28,000 ports would be used up within seconds.
        struct linger reset = {.l_onoff = 1, .l_linger = 0};
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(connection);
        return ok;
    }
    if (mode == TCP_STREAM)
        return stream_once(fd);
    if (mode == UDP_BATCH) {
        for (int i = 1; i < BATCH; i++)
            if (send(fd, "x", 1, 0) != 1)
                die("client send");
        return round_trip(fd, 'L');
    }
    return round_trip(fd, 'x');
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int measure(enum mode mode, const struct sockaddr_in *server, double seconds) {
    uint32_t *sample = malloc(MAX_SAMPLES * sizeof(*sample));
    if (sample == NULL)
        die("samples");
    int fd = mode == TCP_CRR ? -1 : connected_socket(mode, server);
    size_t count = 0, lost = 0;
    for (uint64_t end = now_ns() + WARM_UP_NS; now_ns() < end;)
        transact(mode, fd, server);
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    for (uint64_t from = now_ns(); from < end && count < MAX_SAMPLES && lost < 100;) {
        bool ok = transact(mode, fd, server);
        uint64_t to = now_ns();
        if (ok)
            sample[count++] = (uint32_t)(to - from);
        else
            lost++;
        from = now_ns();
    }
    if (count == 0) {
        fprintf(stderr, "rr: no answer at all (expected: a path between the namespaces)\n");
        return 1;
    }
    qsort(sample, count, sizeof(*sample), by_value);
    double scale = 1000.0 * (mode == UDP_BATCH ? BATCH : 1);
    printf("{\"mode\":\"%s\",\"count\":%zu,\"lost\":%zu,\"min\":%.3f,\"p10\":%.3f,\"median\":%.3f,\"p99\":%."
           "3f}\n",
           mode_names[mode], count, lost, sample[0] / scale, sample[count / 10] / scale,
           sample[count / 2] / scale, sample[count * 99 / 100] / scale);
    return 0;
}

static pid_t start_server(enum mode mode, const char *netns, int cpu) {
    int ready[2];
    if (pipe(ready) < 0)
        die("pipe");
    pid_t server = fork();
    if (server < 0)
        die("fork");
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        enter(netns);
        int fd = listen_socket(mode);
        pin(cpu);
        if (write(ready[1], "r", 1) != 1)
            die("ready");
        if (mode == UDP_RR || mode == UDP_BATCH)
            serve_udp(fd, mode == UDP_BATCH);
        if (mode == TCP_STREAM)
            serve_stream(fd);
        serve_tcp(fd);
    }
    char byte;
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) {
        fprintf(stderr, "rr: the server did not start\n");
        exit(1);
    }
    close(ready[0]);
    return server;
}

int main(int argc, char **argv) {
    if (argc < 5 || argc > 7) {
        fprintf(
            stderr,
            "usage: rr udp-rr|tcp-rr|tcp-crr|udp-batch|tcp-stream SERVER-NETNS CLIENT-NETNS SERVER-ADDRESS "
            "[SECONDS] [CPU]\n");
        return 2;
    }
    int mode = -1;
    for (int i = 0; i < 5; i++)
        if (strcmp(argv[1], mode_names[i]) == 0)
            mode = i;
    if (mode < 0) {
        fprintf(stderr, "rr: mode: %s (expected: udp-rr, tcp-rr, tcp-crr, udp-batch or tcp-stream)\n",
                argv[1]);
        return 2;
    }
    struct sockaddr_in server = address_of(argv[4]);
    double seconds = argc > 5 ? atof(argv[5]) : 1;
    if (!(seconds > 0 && seconds <= 60)) {
        fprintf(stderr, "rr: seconds: %s (expected: more than 0, at most 60)\n", argv[5]);
        return 2;
    }
    int cpu = argc > 6 ? atoi(argv[6]) : 1;
    pid_t child = start_server((enum mode)mode, argv[2], cpu);
    enter(argv[3]);
    pin(cpu);
    // FIFO must not outlive a fault: the kernel ends the client when it is stuck.
    alarm((unsigned)seconds + 20);
    int result = measure((enum mode)mode, &server, seconds);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return result;
}
