package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.ffi.LibC;
import io.fairlead.node.kernel.ffi.Native;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A NETLINK_ROUTE socket: datagrams in and out, nothing of what is in them.
 *
 * <p>It belongs to the network namespace of the thread that makes it, for ever. Not thread-safe.
 */
final class Socket implements Closeable {
    static final LibC LIBC = Native.load(LibC.class, "c");

    private static final int SOCK_RAW_CLOEXEC = 3 | 02000000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_ADD_MEMBERSHIP = 1;
    private static final int NETLINK_CAP_ACK = 10;
    private static final int NETLINK_EXT_ACK = 11;
    private static final int NETLINK_GET_STRICT_CHK = 12;
    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int ADDRESS_LENGTH = 12;
    // The kernel's dumps fill at most 32 KiB a datagram, and only when the reader offers as much.
    private static final int RECEIVE_SIZE = 32 * 1024;
    // One overrun means a whole dump to find out what was lost; 8 MiB holds about 10,000 notifications.
    private static final int KERNEL_BUFFER = 8 * 1024 * 1024;
    static final int TIMEOUT_SECONDS = 10;

    private final int fd;
    private final int portId;
    private final ByteBuffer receive = direct(RECEIVE_SIZE);
    private final ByteBuffer sender = direct(ADDRESS_LENGTH);
    private final ByteBuffer senderLength = direct(4);
    private final ByteBuffer kernel = direct(ADDRESS_LENGTH).putShort(0, (short) 16);
    private boolean closed;

    Socket() {
        fd = Native.call("netlink socket", () -> LIBC.socket(16, SOCK_RAW_CLOEXEC, 0));
        try {
            option(SOL_NETLINK, NETLINK_EXT_ACK, 1);
            option(SOL_NETLINK, NETLINK_CAP_ACK, 1);
            option(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
            option(SOL_SOCKET, SO_RCVBUFFORCE, KERNEL_BUFFER);
            ByteBuffer timeout = direct(16).putLong(0, TIMEOUT_SECONDS);
            Native.call("netlink receive timeout", () -> LIBC.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, 16));
            Native.call("netlink bind", () -> LIBC.bind(fd, kernel, ADDRESS_LENGTH));
            senderLength.putInt(0, ADDRESS_LENGTH);
            Native.call("netlink address", () -> LIBC.getsockname(fd, sender, senderLength));
            portId = sender.getInt(4);
        } catch (KernelException e) {
            close();
            throw e;
        }
    }

    static ByteBuffer direct(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    int fd() {
        return fd;
    }

    int portId() {
        return portId;
    }

    /** Joins a multicast group of linux/rtnetlink.h (RTNLGRP_). */
    void join(int group) {
        option(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
    }

    /** Sends the first bytes of a buffer, whose position goes back to its start. */
    void send(String attempt, ByteBuffer data, int length) {
        // C functions get the address of the position.
        data.position(0);
        int sent = Native.call(attempt, () -> LIBC.sendto(fd, data, length, 0, kernel, ADDRESS_LENGTH));
        if (sent != length) {
            throw new KernelException(
                    attempt, 0, "sent " + sent + " bytes (expected: " + length + ")", FailureKind.RETRY);
        }
    }

    /** Receives one datagram of the kernel; the messages are valid until the next call. */
    Nlmsg receive(String attempt) {
        return new Nlmsg(receiveBytes(attempt, 0));
    }

    /** The same without waiting: EAGAIN when there is nothing. */
    Nlmsg receiveNow(String attempt) {
        return new Nlmsg(receiveBytes(attempt, MSG_DONTWAIT));
    }

    private ByteBuffer receiveBytes(String attempt, int flags) {
        while (true) {
            senderLength.putInt(0, ADDRESS_LENGTH);
            int length;
            try {
                length = Native.call(
                        attempt,
                        () -> LIBC.recvfrom(fd, receive, RECEIVE_SIZE, flags | MSG_TRUNC, sender, senderLength));
            } catch (KernelException e) {
                throw lost(attempt, e, flags);
            }
            // Anyone with CAP_NET_ADMIN may send to a netlink socket; only the kernel has port 0.
            if (sender.getInt(4) != 0) {
                continue;
            }
            if (length > RECEIVE_SIZE) {
                throw new KernelException(
                        attempt,
                        0,
                        "datagram of " + length + " bytes (expected: " + RECEIVE_SIZE + " at most)",
                        FailureKind.RESYNC);
            }
            return receive.clear().limit(length);
        }
    }

    private static KernelException lost(String attempt, KernelException e, int flags) {
        if (e.errno() == Rtm.ENOBUFS) {
            return new KernelException(
                    attempt,
                    e.errno(),
                    "ENOBUFS (messages of the kernel were lost: its buffer is full)",
                    FailureKind.RESYNC);
        }
        if (e.errno() == Rtm.EAGAIN && flags == 0) {
            return new KernelException(
                    attempt,
                    e.errno(),
                    "EAGAIN (no answer of the kernel for " + TIMEOUT_SECONDS + " s)",
                    FailureKind.RESYNC);
        }
        return e;
    }

    private void option(int level, int option, int value) {
        ByteBuffer number = direct(4).putInt(0, value);
        Native.call("netlink socket option " + option, () -> LIBC.setsockopt(fd, level, option, number, 4));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Native.call("close netlink socket", () -> LIBC.close(fd));
        }
    }
}
