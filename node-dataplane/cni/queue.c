// SPDX-License-Identifier: Apache-2.0
// DELs kept on disk for an agent that is not there: one file an attachment, so a repeated DEL replaces
// itself.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// FNV-1a, 64 bits: names a file, protects nothing.
static uint64_t hash(uint64_t h, const char *text) {
    for (; *text != 0; text++)
        h = (h ^ (uint8_t)*text) * 0x100000001b3u;
    return h;
}

static int write_whole(const char *path, const struct buffer *frame) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    size_t done = 0;
    int error = 0;
    while (error == 0 && done < frame->length) {
        ssize_t n = write(fd, frame->data + done, frame->length - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            error = errno;
    }
    // The runtime forgets the container after this, so it must survive a power cut.
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    return error;
}

static int make_directories(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int failed = mkdir(path, 0755) != 0 && errno != EEXIST;
        *slash = '/';
        if (failed)
            return errno;
    }
    return mkdir(path, 0700) != 0 && errno != EEXIST ? errno : 0;
}

int queue_delete(const char *socket_path, const char *container, const char *interface,
                 const struct buffer *frame) {
    char directory[160], final[192], temporary[224];
    int parent = (int)(strrchr(socket_path, '/') - socket_path);
    snprintf(directory, sizeof(directory), "%.*s/delete-queue", parent, socket_path);
    int error = make_directories(directory);
    if (error != 0)
        return error;
    uint64_t name = hash(hash(hash(0xcbf29ce484222325u, container), "/"), interface);
    snprintf(final, sizeof(final), "%s/%016llx", directory, (unsigned long long)name);
    snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", final, (long)getpid());
    error = write_whole(temporary, frame);
    if (error == 0 && rename(temporary, final) != 0)
        error = errno;
    if (error != 0)
        unlink(temporary);
    return error;
}
