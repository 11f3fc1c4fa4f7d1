package io.fairlead.node.health;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.ffi.LibC;
import io.fairlead.node.kernel.ffi.Native;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends ICMP echo requests and hears their answers, in the namespace of the thread that makes it: a raw socket of one
 * family and a thread that reads it. Any thread may send.
 */
final class EchoSocket implements Closeable {
    private static final Logger LOGGER = LoggerFactory.getLogger(EchoSocket.class);
    private static final LibC LIBC = Native.load(LibC.class, "c");
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOCK_RAW_CLOEXEC = 3 | 02000000;
    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_ICMPV6 = 58;
    private static final int SOL_RAW = 255;
    private static final int FILTER = 1; // ICMP_FILTER and ICMPV6_FILTER
    private static final int MSG_DONTWAIT = 0x40;
    private static final int EFD_CLOEXEC = 02000000;
    private static final short POLLIN = 1;
    private static final int SOCKADDR_IN = 16;
    private static final int SOCKADDR_IN6 = 28;
    private static final int MOST_WAITING = 4096;

    private final Ip.Family family;
    private final int fd;
    private final int wake;
    private final int identifier;
    private final RandomGenerator random;
    private final Map<Long, Waiting> waiting = new ConcurrentHashMap<>();
    private final Thread reader;
    private final ReadWriteLock sending = new ReentrantReadWriteLock(); // write: closing
    private volatile boolean closed;

    private record Waiting(Ip ip, long sent, CompletableFuture<Duration> answer) {}

    /** @throws KernelException when the kernel gives no such socket */
    EchoSocket(Ip.Family family, RandomGenerator random) {
        this.family = family;
        this.random = random;
        identifier = random.nextInt(1 << 16);
        fd = Native.call(
                "raw ICMP socket",
                () -> family == Ip.Family.V4
                        ? LIBC.socket(AF_INET, SOCK_RAW_CLOEXEC, IPPROTO_ICMP)
                        : LIBC.socket(AF_INET6, SOCK_RAW_CLOEXEC, IPPROTO_ICMPV6));
        try {
            hearRepliesOnly();
            wake = Native.call("eventfd", () -> LIBC.eventfd(0, EFD_CLOEXEC));
        } catch (KernelException e) {
            LIBC.close(fd);
            throw e;
        }
        reader = new Thread(this::read, "health-echo");
        reader.setDaemon(true);
        reader.start();
    }

    private void hearRepliesOnly() {
        // a set bit keeps a type away: 0 is the reply of IPv4, 129 of IPv6
        ByteBuffer filter = buffer(family == Ip.Family.V4 ? 4 : 32);
        for (int i = 0; i < filter.capacity(); i += 4) {
            filter.putInt(i, -1);
        }
        int bit = family == Ip.Family.V4 ? 0 : 129;
        filter.putInt(bit / 32 * 4, ~(1 << bit % 32));
        int level = family == Ip.Family.V4 ? SOL_RAW : IPPROTO_ICMPV6;
        Native.call("ICMP filter", () -> LIBC.setsockopt(fd, level, FILTER, filter, filter.capacity()));
    }

    /** Sends a request; fails with a {@link KernelException} when the kernel sends none, else by timeout. */
    CompletableFuture<Duration> send(Ip ip, Duration deadline) {
        if (waiting.size() >= MOST_WAITING) {
            return CompletableFuture.failedFuture(new IllegalStateException("too many probes under way"));
        }
        long token = random.nextLong();
        ByteBuffer request = buffer(EchoPacket.LENGTH);
        EchoPacket.request(family, identifier, token, request);
        CompletableFuture<Duration> answer = new CompletableFuture<>();
        waiting.put(token, new Waiting(ip, System.nanoTime(), answer));
        CompletableFuture<Duration> limited = answer.orTimeout(deadline.toNanos(), TimeUnit.NANOSECONDS);
        var unused = limited.whenComplete((v, e) -> waiting.remove(token));
        ByteBuffer address = address(ip);
        sending.readLock().lock();
        try {
            if (closed) {
                throw new KernelException("ICMP echo to " + ip, 0, "the agent stops", FailureKind.GIVE_UP);
            }
            Native.call(
                    "ICMP echo to " + ip,
                    () -> LIBC.sendto(fd, request, EchoPacket.LENGTH, MSG_DONTWAIT, address, address.capacity()));
        } catch (KernelException e) {
            answer.completeExceptionally(e);
        } finally {
            sending.readLock().unlock();
        }
        return limited;
    }

    private void read() {
        ByteBuffer packet = buffer(2048);
        ByteBuffer from = buffer(SOCKADDR_IN6);
        ByteBuffer fromLength = buffer(4);
        ByteBuffer descriptors = buffer(16);
        descriptors.putInt(0, fd).putShort(4, POLLIN).putInt(8, wake).putShort(12, POLLIN);
        try {
            while (!closed) {
                Native.call("poll ICMP", () -> LIBC.poll(descriptors, 2, -1));
                if (closed) {
                    break;
                }
                fromLength.putInt(0, SOCKADDR_IN6);
                receive(packet, from, fromLength);
            }
        } catch (KernelException e) {
            LOGGER.atWarn().addKeyValue("error", e.getMessage()).log("answers to ICMP probes are not heard any more");
        } finally {
            LIBC.close(fd);
            LIBC.close(wake);
        }
    }

    private void receive(ByteBuffer packet, ByteBuffer from, ByteBuffer fromLength) {
        packet.clear();
        int length;
        try {
            length = Native.call(
                    "receive ICMP", () -> LIBC.recvfrom(fd, packet, packet.capacity(), MSG_DONTWAIT, from, fromLength));
        } catch (KernelException e) {
            // errors of packets sent before are told here; each probe has its own deadline
            return;
        }
        long now = System.nanoTime();
        packet.limit(length);
        EchoPacket.reply(family, identifier, packet).ifPresent(token -> {
            Waiting asked = waiting.get(token);
            if (asked != null && asked.ip().equals(sender(from))) {
                asked.answer().complete(Duration.ofNanos(now - asked.sent()));
            }
        });
    }

    private Ip sender(ByteBuffer address) {
        byte[] bytes = new byte[family == Ip.Family.V4 ? 4 : 16];
        address.get(family == Ip.Family.V4 ? 4 : 8, bytes);
        return Ip.of(bytes);
    }

    private static ByteBuffer address(Ip ip) {
        ByteBuffer address = buffer(ip.isV4() ? SOCKADDR_IN : SOCKADDR_IN6);
        address.putShort(0, (short) (ip.isV4() ? AF_INET : AF_INET6));
        address.put(ip.isV4() ? 4 : 8, ip.bytes());
        return address;
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() {
        // once closed the number of the descriptor may be somebody else's
        sending.writeLock().lock();
        try {
            closed = true;
        } finally {
            sending.writeLock().unlock();
        }
        ByteBuffer one = buffer(8).putLong(0, 1);
        if (reader.isAlive()) {
            Native.call("wake ICMP reader", () -> LIBC.write(wake, one, 8));
        }
        waiting.values()
                .forEach(asked -> asked.answer().completeExceptionally(new IllegalStateException("the agent stops")));
    }
}
