package io.fairlead.node.kernel.netlink;

import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.ffi.Native;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Tells when something in the namespace changed, so that the reconciler looks at once instead of at its next round.
 *
 * <p>Has a thread of its own; the listener is called on it, once for all that is pending. What exactly changed is not
 * told: the kernel drops routes without saying so, only a load knows.
 */
public final class NetlinkMonitor implements Closeable {
    /** What to be told about, with its multicast group of linux/rtnetlink.h. */
    public enum Topic {
        LINK(1),
        NEIGHBOUR(3),
        IPV4_ADDRESS(5),
        IPV4_ROUTE(7),
        IPV4_RULE(8),
        IPV6_ADDRESS(9),
        IPV6_ROUTE(11),
        IPV6_RULE(19),
        NEXTHOP(32);

        private final int group;

        Topic(int group) {
            this.group = group;
        }
    }

    /**
     * What is not told.
     *
     * @param ports sockets whose own changes are not, see {@link NetlinkSocket#portId}
     * @param devices names of devices that come and go without being anybody's news
     */
    public record Ignored(Set<Integer> ports, Predicate<String> devices) {
        /** Everything is told. */
        public static final Ignored NOTHING = new Ignored(Set.of(), name -> false);

        public Ignored {
            ports = Set.copyOf(ports);
        }
    }

    /** Is called on the monitor's thread; must not block for long, or notifications are lost. */
    public interface Listener {
        /** Something was changed by somebody else than the sockets the monitor was told to ignore. */
        void changed();

        /** Notifications were lost: anything may have changed. */
        void overflowed();

        /** The monitor ended by a failure; nothing is told any more. */
        void failed(KernelException failure);
    }

    private static final int POLLIN = 1;
    private static final int EFD_CLOEXEC = 02000000;
    private static final int POLL_FOREVER = -1;

    private final Socket socket; // owned by: the monitor's thread, after the constructor
    private final int wake;
    private final Ignored ignored;
    private final Listener listener;
    private final Thread thread;
    private volatile boolean closed;

    private NetlinkMonitor(Set<Topic> topics, Ignored ignored, Listener listener) {
        this.ignored = ignored;
        this.listener = listener;
        this.socket = new Socket();
        try {
            topics.forEach(topic -> socket.join(topic.group));
            this.wake = Native.call("eventfd", () -> Socket.LIBC.eventfd(0, EFD_CLOEXEC));
        } catch (KernelException e) {
            socket.close();
            throw e;
        }
        this.thread = new Thread(this::run, "netlink-monitor");
        thread.setDaemon(true);
    }

    /**
     * Starts listening in the namespace of the calling thread.
     *
     * @param topics at least one; routes of 20,000 nodes are as many notifications
     */
    public static NetlinkMonitor start(Set<Topic> topics, Ignored ignored, Listener listener) {
        NetlinkMonitor monitor = new NetlinkMonitor(EnumSet.copyOf(topics), ignored, listener);
        monitor.thread.start();
        return monitor;
    }

    /** Like {@link #start}, in the namespace at a path. */
    public static NetlinkMonitor startIn(String path, Set<Topic> topics, Ignored ignored, Listener listener) {
        // The monitor's thread is started outside: only its socket is to be in the namespace.
        NetlinkMonitor monitor = NetNs.run(path, () -> new NetlinkMonitor(EnumSet.copyOf(topics), ignored, listener));
        monitor.thread.start();
        return monitor;
    }

    private void run() {
        ByteBuffer descriptors = Socket.direct(16);
        try {
            while (true) {
                descriptors
                        .putInt(0, socket.fd())
                        .putInt(4, POLLIN)
                        .putInt(8, wake)
                        .putInt(12, POLLIN);
                Native.call("poll netlink", () -> Socket.LIBC.poll(descriptors, 2, POLL_FOREVER));
                if (closed) {
                    return;
                }
                drain();
            }
        } catch (KernelException e) {
            listener.failed(e);
        } finally {
            socket.close();
        }
    }

    private void drain() {
        boolean changed = false;
        boolean overflowed = false;
        while (true) {
            try {
                Nlmsg message = socket.receiveNow("receive notification");
                while (message.next()) {
                    changed |= isNews(message);
                }
            } catch (KernelException e) {
                if (e.errno() == Rtm.ENOBUFS) {
                    overflowed = true;
                } else if (e.errno() == Rtm.EAGAIN) {
                    break;
                } else {
                    throw e;
                }
            }
        }
        if (overflowed) {
            listener.overflowed();
        } else if (changed) {
            listener.changed();
        }
    }

    private boolean isNews(Nlmsg message) {
        if (message.portId() != 0 && ignored.ports().contains(message.portId())) {
            return false;
        }
        boolean link = message.type() == Rtm.NEWLINK || message.type() == Rtm.DELLINK;
        return !link || !ignored.devices().test(Link.decode(message).name());
    }

    /** Ends the thread and waits for it; after that the listener is not called any more. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        ByteBuffer one = Socket.direct(8).putLong(0, 1);
        Native.call("wake netlink monitor", () -> Socket.LIBC.write(wake, one, 8));
        try {
            if (!Thread.currentThread().equals(thread)) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Native.call("close eventfd", () -> Socket.LIBC.close(wake));
    }
}
