// SPDX-License-Identifier: Apache-2.0
// The parts of the CNI shim. DESIGN.md has the frame and the errors.
#ifndef FAIRLEAD_SHIM_H
#define FAIRLEAD_SHIM_H

#include <stddef.h>
#include <stdint.h>

#define DEFAULT_SOCKET "/run/fairlead/cni.sock"
#define DEFAULT_VERSION "1.1.0"
#define MAX_STDIN (1024u * 1024u)
#define MAX_ENVIRONMENT (64u * 1024u)
#define MAX_REPLY (1024u * 1024u)
#define REQUEST_HEADER 16u
#define REPLY_HEADER 12u

#ifndef DEADLINE_MS
#define DEADLINE_MS 60000
#endif

// Error codes of the CNI specification.
enum code {
    CODE_ENVIRONMENT = 4,
    CODE_IO = 5,
    CODE_DECODE = 6,
    CODE_TRY_AGAIN = 11,
    CODE_NOT_AVAILABLE = 50,
};

// What the shim itself must know of the network configuration.
struct config {
    char version[32]; // "" when absent or no version number
    char socket[108]; // as long as sun_path
};

struct buffer {
    uint8_t *data;
    size_t length;
};

enum outcome {
    ANSWERED,
    UNREACHABLE, // nobody listens
    BROKEN,      // the connection ended early or carried nonsense
    TIMED_OUT,
};

struct reply {
    enum outcome outcome;
    int exit_code;
    struct buffer body;
};

// Finds the top-level string keys "cniVersion" and "socket". Returns NULL, or what is wrong with the text.
const char *config_scan(const struct buffer *text, struct config *config);

// Sends one frame and waits for the reply, at most DEADLINE_MS altogether.
struct reply agent_ask(const char *socket_path, const struct buffer *frame);

// Keeps a DEL for the agent: a file with the frame's bytes next to the socket. Returns 0 or an errno.
int queue_delete(const char *socket_path, const char *container, const char *interface,
                 const struct buffer *frame);

#endif
