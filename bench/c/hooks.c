// SPDX-License-Identifier: Apache-2.0
// Time a program of the datapath takes for one packet, by BPF_PROG_TEST_RUN: nothing is sent.
//
//   hooks LINK NETNS DEVICE FROM-MAC TO-MAC PROTOCOL SRC[:PORT] DST[:PORT] KIND [RUNS]
//     LINK: pinned link of the hook; DEVICE: where the packet is, in NETNS; PROTOCOL: tcp, udp or icmp
//     KIND: steady  one flow, one packet a call
//           row     one flow, 200 packets a call: caches are warm
//           new     a flow each packet, one a call; ports from SRC's on upwards, to be used only once
//   A FROM-MAC or TO-MAC may be anything the hook does not look at. Mark: HOOKS_MARK in the environment.
//
// Prints one JSON object, ns a packet; "empty" is the same of a program that does nothing, to be taken off.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROW 200
#define MAX_RUNS 100000
#define TCP_ACK 0x10
#define TCP_SYN 0x02

struct packet {
    uint8_t bytes[64];
    uint32_t length;
};

struct flow {
    uint8_t protocol;
    struct in_addr src;
    struct in_addr dst;
    uint16_t sport;
    uint16_t dport;
};

static void die(const char *what) {
    fprintf(stderr, "hooks: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void mistake(const char *what, const char *value, const char *expected) {
    fprintf(stderr, "hooks: %s: %s (expected: %s)\n", what, value, expected);
    exit(2);
}

static int bpf(int command, union bpf_attr *attr) {
    return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

// The program behind a pinned link.
static int program_of(const char *path) {
    union bpf_attr get = {.pathname = (uint64_t)(uintptr_t)path};
    int link = bpf(BPF_OBJ_GET, &get);
    struct bpf_link_info info = {0};
    union bpf_attr about = {.info = {.info_len = sizeof(info), .info = (uint64_t)(uintptr_t)&info}};

    if (link < 0)
        die(path);
    about.info.bpf_fd = (uint32_t)link;
    if (bpf(BPF_OBJ_GET_INFO_BY_FD, &about) < 0)
        die("link info");
    close(link);
    union bpf_attr by_id = {.prog_id = info.prog_id};
    int program = bpf(BPF_PROG_GET_FD_BY_ID, &by_id);
    if (program < 0)
        die("program of the link");
    return program;
}

static int empty_program(void) {
    // r0 = 0; exit
    struct bpf_insn code[] = {{.code = 0xb7}, {.code = 0x95}};
    union bpf_attr load = {
        .prog_type = BPF_PROG_TYPE_SCHED_CLS,
        .insns = (uint64_t)(uintptr_t)code,
        .insn_cnt = 2,
        .license = (uint64_t)(uintptr_t) "GPL",
    };
    int program = bpf(BPF_PROG_LOAD, &load);

    if (program < 0)
        die("empty program");
    return program;
}

static void put16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t checksum(const uint8_t *bytes, size_t length) {
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < length; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void mac(uint8_t *to, const char *text) {
    if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", to, to + 1, to + 2, to + 3, to + 4, to + 5) != 6)
        mistake("MAC", text, "six bytes in hexadecimal, with colons");
}

// Payload 1 byte, TTL 255: a row takes a hop off with each run.
static struct packet packet_of(const struct flow *flow, const char *from, const char *to, bool first) {
    uint32_t header = flow->protocol == IPPROTO_TCP ? 20 : 8;
    struct packet p = {.length = 14 + 20 + header + 1};
    uint8_t *ip = p.bytes + 14, *l4 = ip + 20;

    mac(p.bytes, to);
    mac(p.bytes + 6, from);
    put16(p.bytes + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, (uint16_t)(p.length - 14));
    ip[8] = 255;
    ip[9] = flow->protocol;
    memcpy(ip + 12, &flow->src, 4);
    memcpy(ip + 16, &flow->dst, 4);
    put16(ip + 10, checksum(ip, 20));
    if (flow->protocol == IPPROTO_ICMP) {
        l4[0] = 8;
        put16(l4 + 4, flow->sport);
        return p;
    }
    put16(l4, flow->sport);
    put16(l4 + 2, flow->dport);
    if (flow->protocol == IPPROTO_UDP) {
        put16(l4 + 4, 9);
    } else {
        l4[12] = 5 << 4;
        l4[13] = first ? TCP_SYN : TCP_ACK;
    }
    return p;
}

// ns of a run, on average over repeat; verdict is the last's.
static uint32_t run(int program, const struct packet *p, uint32_t ifindex, uint32_t mark, uint32_t repeat,
                    uint32_t *verdict) {
    struct __sk_buff context = {.ifindex = ifindex, .mark = mark};
    union bpf_attr test = {.test = {
                               .prog_fd = (uint32_t)program,
                               .data_in = (uint64_t)(uintptr_t)p->bytes,
                               .data_size_in = p->length,
                               .ctx_in = (uint64_t)(uintptr_t)&context,
                               .ctx_size_in = sizeof(context),
                               .repeat = repeat,
                           }};

    if (bpf(BPF_PROG_TEST_RUN, &test) < 0)
        die("test run");
    *verdict = test.test.retval;
    return test.test.duration;
}

static void end_of(const char *text, struct in_addr *address, uint16_t *port) {
    char host[64];
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);

    if (length >= sizeof(host))
        mistake("address", text, "an IPv4 address, perhaps with :PORT");
    memcpy(host, text, length);
    host[length] = 0;
    if (inet_pton(AF_INET, host, address) != 1)
        mistake("address", text, "an IPv4 address, perhaps with :PORT");
    *port = colon ? (uint16_t)atoi(colon + 1) : 7007;
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    static uint32_t sample[MAX_RUNS], empty[MAX_RUNS];
    struct flow flow;
    uint32_t verdict = 0, first_verdict = 0, ignored;

    if (argc < 10 || argc > 11) {
        fprintf(stderr, "usage: hooks LINK NETNS DEVICE FROM-MAC TO-MAC tcp|udp|icmp SRC[:PORT] DST[:PORT] "
                        "steady|row|new [RUNS]\n");
        return 2;
    }
    const char *protocol = argv[6], *kind = argv[9], *marked = getenv("HOOKS_MARK");
    bool row = !strcmp(kind, "row"), fresh = !strcmp(kind, "new");
    if (!row && !fresh && strcmp(kind, "steady") != 0)
        mistake("KIND", kind, "steady, row or new");
    if (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0 && strcmp(protocol, "icmp") != 0)
        mistake("PROTOCOL", protocol, "tcp, udp or icmp");
    flow.protocol = protocol[0] == 't' ? IPPROTO_TCP : protocol[0] == 'u' ? IPPROTO_UDP : IPPROTO_ICMP;
    end_of(argv[7], &flow.src, &flow.sport);
    end_of(argv[8], &flow.dst, &flow.dport);
    int runs = argc > 10 ? atoi(argv[10]) : 20000;
    if (runs < 10 || runs > MAX_RUNS)
        mistake("RUNS", argv[10], "10 to 100000");
    uint32_t mark = marked ? (uint32_t)strtoul(marked, NULL, 0) : 0;
    int first_port = flow.sport;
    if (fresh && first_port + runs + 20 > 65535)
        mistake("RUNS", argc > 10 ? argv[10] : "20000", "as many ports above SRC's");
    int program = program_of(argv[1]), nothing = empty_program();
    int ns = open(argv[2], O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
        die(argv[2]);
    uint32_t ifindex = if_nametoindex(argv[3]);
    if (!ifindex)
        die(argv[3]);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(1, &one);
    sched_setaffinity(0, sizeof(one), &one);
    uint32_t repeat = row ? ROW : 1;
    int calls = row ? (runs + ROW - 1) / ROW : runs;
    for (int i = -20; i < calls; i++) {
        if (fresh)
            flow.sport = (uint16_t)(first_port + (i + 20));
        struct packet p = packet_of(&flow, argv[4], argv[5], fresh || i == -20);
        uint32_t ns_empty = run(nothing, &p, ifindex, mark, repeat, &ignored);
        uint32_t ns_run = run(program, &p, ifindex, mark, repeat, &verdict);
        if (i == -20)
            first_verdict = verdict;
        if (verdict != first_verdict || verdict == 2) {
            fprintf(stderr,
                    "hooks: packet %d: verdict %d (expected: that of the first, %d, and not 2: dropped)\n", i,
                    (int)verdict, (int)first_verdict);
            return 1;
        }
        if (i >= 0) {
            sample[i] = ns_run;
            empty[i] = ns_empty;
        }
    }
    qsort(sample, (size_t)calls, sizeof(*sample), by_value);
    qsort(empty, (size_t)calls, sizeof(*empty), by_value);
    printf("{\"kind\":\"%s\",\"verdict\":%d,\"runs\":%d,\"p10\":%u,\"median\":%u,\"empty_p10\":%u,\"empty_"
           "median\":%u}\n",
           kind, (int)verdict, calls, sample[calls / 10], sample[calls / 2], empty[calls / 10],
           empty[calls / 2]);
    return 0;
}
