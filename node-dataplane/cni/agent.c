// SPDX-License-Identifier: Apache-2.0
// One request and its reply over the agent's unix socket, all within one deadline.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum outcome wait_for(int fd, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - now_ms();
        if (left <= 0)
            return TIMED_OUT;
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, (int)left);
        if (n > 0)
            return ANSWERED;
        if (n < 0 && errno != EINTR)
            return BROKEN;
    }
}

static enum outcome send_all(int fd, const struct buffer *frame, int64_t deadline) {
    size_t sent = 0;
    while (sent < frame->length) {
        ssize_t n = send(fd, frame->data + sent, frame->length - sent, MSG_NOSIGNAL);
        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        // An agent that refuses early has still written its answer: read it.
        if (errno == EPIPE || errno == ECONNRESET)
            return ANSWERED;
        if (errno != EAGAIN)
            return BROKEN;
        enum outcome waited = wait_for(fd, POLLOUT, deadline);
        if (waited != ANSWERED)
            return waited;
    }
    return ANSWERED;
}

static enum outcome receive(int fd, uint8_t *into, size_t length, int64_t deadline) {
    size_t got = 0;
    while (got < length) {
        ssize_t n = recv(fd, into + got, length - got, 0);
        if (n > 0) {
            got += (size_t)n;
            continue;
        }
        if (n == 0)
            return BROKEN;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return BROKEN;
        enum outcome waited = wait_for(fd, POLLIN, deadline);
        if (waited != ANSWERED)
            return waited;
    }
    return ANSWERED;
}

static enum outcome open_connection(const char *path, int64_t deadline, int *out) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    *out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*out < 0)
        return UNREACHABLE;
    while (connect(*out, (struct sockaddr *)&address, sizeof(address)) != 0) {
        // EAGAIN is a full backlog: a busy agent, for which poll has no event.
        if (errno != EAGAIN && errno != EINTR)
            return UNREACHABLE;
        if (now_ms() >= deadline)
            return TIMED_OUT;
        poll(NULL, 0, 10);
    }
    return ANSWERED;
}

static uint32_t get32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static enum outcome receive_reply(int fd, int64_t deadline, struct reply *reply) {
    uint8_t header[REPLY_HEADER];
    enum outcome got = receive(fd, header, sizeof(header), deadline);
    if (got != ANSWERED)
        return got;
    uint32_t length = get32(header + 8);
    bool known = memcmp(header, "FLCR", 4) == 0 && header[4] == 0 && header[5] == 1;
    if (!known || header[6] != 0 || length > MAX_REPLY)
        return BROKEN;
    reply->exit_code = header[7];
    reply->body.length = length;
    reply->body.data = malloc(length + 1u);
    if (reply->body.data == NULL)
        return BROKEN;
    return receive(fd, reply->body.data, length, deadline);
}

struct reply agent_ask(const char *socket_path, const struct buffer *frame) {
    struct reply reply = {0};
    int fd = -1;
    int64_t deadline = now_ms() + DEADLINE_MS;
    reply.outcome = open_connection(socket_path, deadline, &fd);
    if (reply.outcome == ANSWERED)
        reply.outcome = send_all(fd, frame, deadline);
    if (reply.outcome == ANSWERED)
        reply.outcome = receive_reply(fd, deadline, &reply);
    if (fd >= 0)
        close(fd);
    return reply;
}
