// SPDX-License-Identifier: Apache-2.0
// The CNI plugin a container runtime executes: it hands each command to the agent and prints the answer.
// VERSION is answered here, because runtimes ask it often; everything else is the agent's.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void print_escaped(const char *text) {
    for (; *text != 0; text++) {
        uint8_t c = (uint8_t)*text;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", (unsigned)c);
        else
            putchar(c < 0x7f ? c : '?');
    }
}

static const char *version_of(const struct config *config) {
    return config->version[0] != 0 ? config->version : DEFAULT_VERSION;
}

static int fail(const struct config *config, enum code code, const char *msg, const char *details) {
    printf("{\"cniVersion\":\"%s\",\"code\":%d,\"msg\":\"", version_of(config), (int)code);
    print_escaped(msg);
    printf("\",\"details\":\"");
    print_escaped(details);
    printf("\"}\n");
    return 1;
}

// Returns 0 or an errno; E2BIG when there is more than MAX_STDIN.
static int read_stdin(struct buffer *into) {
    into->data = malloc(MAX_STDIN + 1u);
    if (into->data == NULL)
        return ENOMEM;
    while (into->length <= MAX_STDIN) {
        ssize_t n = read(STDIN_FILENO, into->data + into->length, MAX_STDIN + 1u - into->length);
        if (n == 0)
            return 0;
        if (n > 0)
            into->length += (size_t)n;
        else if (errno != EINTR)
            return errno;
    }
    return E2BIG;
}

static void put32(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

// False when the CNI_ variables are too long or there is no memory.
static bool make_frame(const struct buffer *text, struct buffer *frame) {
    uint32_t environment = 0;
    for (char **e = environ; *e != NULL; e++) {
        size_t length = strlen(*e) + 1;
        if (strncmp(*e, "CNI_", 4) != 0)
            continue;
        if (length > MAX_ENVIRONMENT - environment)
            return false;
        environment += (uint32_t)length;
    }
    frame->length = REQUEST_HEADER + environment + text->length;
    frame->data = calloc(1, frame->length);
    if (frame->data == NULL)
        return false;
    memcpy(frame->data, "FLCN\0\1\0\0", 8);
    put32(frame->data + 8, environment);
    put32(frame->data + 12, (uint32_t)text->length);
    uint8_t *at = frame->data + REQUEST_HEADER;
    for (char **e = environ; *e != NULL; e++) {
        if (strncmp(*e, "CNI_", 4) == 0)
            at = (uint8_t *)stpcpy((char *)at, *e) + 1;
    }
    memcpy(at, text->data, text->length);
    return true;
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static int keep_delete(const struct config *config, const struct buffer *frame) {
    char details[256];
    const char *container = variable("CNI_CONTAINERID");
    const char *interface = variable("CNI_IFNAME");
    if (container[0] == 0 || interface[0] == 0)
        return fail(config, CODE_ENVIRONMENT,
                    container[0] == 0 ? "CNI_CONTAINERID: missing (expected: the container's id)"
                                      : "CNI_IFNAME: missing (expected: an interface name such as eth0)",
                    "");
    int error = queue_delete(config->socket, container, interface, frame);
    if (error == 0)
        return 0;
    snprintf(details, sizeof(details), "agent at %s does not answer and the delete queue failed: %s",
             config->socket, strerror(error));
    return fail(config, CODE_IO, "delete not queued", details);
}

static int ask(const struct config *config, const char *command, const struct buffer *frame) {
    char msg[192];
    struct reply reply = agent_ask(config->socket, frame);
    if (reply.outcome == ANSWERED) {
        fwrite(reply.body.data, 1, reply.body.length, stdout);
        return reply.exit_code;
    }
    // DEL may not depend on the agent; done twice it does no harm.
    if (strcmp(command, "DEL") == 0)
        return keep_delete(config, frame);
    static const char *const details[] = {
        [UNREACHABLE] = "the agent is not running on this node, or uses another socket",
        [BROKEN] = "the connection ended without an answer",
        [TIMED_OUT] = "no answer in time",
    };
    snprintf(msg, sizeof(msg), "unable to connect to Fairlead agent: %s", config->socket);
    bool status = strcmp(command, "STATUS") == 0;
    return fail(config, status ? CODE_NOT_AVAILABLE : CODE_TRY_AGAIN, msg, details[reply.outcome]);
}

static bool known(const char *command) {
    static const char *const commands[] = {"ADD", "DEL", "CHECK", "STATUS", "GC", "VERSION"};
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(command, commands[i]) == 0)
            return true;
    }
    return false;
}

static int run(void) {
    struct config config = {.version = "", .socket = DEFAULT_SOCKET};
    struct buffer text = {0}, frame = {0};
    char msg[160];
    const char *command = variable("CNI_COMMAND");
    int error = read_stdin(&text);
    if (error == E2BIG)
        return fail(&config, CODE_DECODE, "network configuration: too long (expected: at most 1048576 bytes)",
                    "");
    if (error != 0)
        return fail(&config, CODE_IO, "network configuration: not readable on stdin", strerror(error));
    const char *wrong = config_scan(&text, &config);
    if (!known(command)) {
        snprintf(msg, sizeof(msg),
                 "CNI_COMMAND: \"%.32s\" (expected: ADD, DEL, CHECK, STATUS, GC or VERSION)", command);
        return fail(&config, CODE_ENVIRONMENT, msg, "");
    }
    if (strcmp(command, "VERSION") == 0) {
        printf("{\"cniVersion\":\"%s\",\"supportedVersions\":[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n",
               version_of(&config));
        return 0;
    }
    if (wrong != NULL) {
        snprintf(msg, sizeof(msg), "network configuration: not understood (expected: %s)", wrong);
        return fail(&config, CODE_DECODE, msg, "");
    }
    if (!make_frame(&text, &frame))
        return fail(&config, CODE_ENVIRONMENT, "CNI_ variables: too long (expected: at most 65536 bytes)",
                    "");
    return ask(&config, command, &frame);
}

int main(void) {
    int exit_code = run();
    return fflush(stdout) == 0 ? exit_code : 1;
}
