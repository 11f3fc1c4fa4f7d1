package io.fairlead.node.kernel.ffi;

import java.nio.ByteBuffer;

/**
 * Functions of the C library, in C names; all return -1 and set errno when they fail, so call them through {@link
 * Native#call}.
 *
 * <p>Buffers are direct, in native byte order, and are passed from their position on.
 */
public interface LibC {
    int socket(int domain, int type, int protocol);

    int bind(int fd, ByteBuffer address, int length);

    int getsockname(int fd, ByteBuffer address, ByteBuffer length);

    int setsockopt(int fd, int level, int option, ByteBuffer value, int length);

    int sendto(int fd, ByteBuffer data, long length, int flags, ByteBuffer address, int addressLength);

    int recvfrom(int fd, ByteBuffer data, long size, int flags, ByteBuffer address, ByteBuffer addressLength);

    int poll(ByteBuffer descriptors, long count, int timeoutMillis);

    int eventfd(int initial, int flags);

    int write(int fd, ByteBuffer data, long length);

    int open(String path, int flags);

    int close(int fd);

    int setns(int fd, int type);
}
