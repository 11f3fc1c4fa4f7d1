package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.ffi.Native;
import java.io.Closeable;
import java.nio.BufferOverflowException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Requests to rtnetlink and their answers. Failures carry errno and the kernel's own words (extended ACK).
 *
 * <p>Safe for several threads: one request at a time. The socket stays in the namespace of the thread that made it.
 */
public final class NetlinkSocket implements Closeable {
    // More than 256 in one send may overflow the kernel's queue of answers, and gains nothing (reference: routes).
    private static final int BATCH = 256;
    private static final int LARGEST_REQUEST = 1024;
    private static final int SEND_SIZE = 32 * 1024;
    private static final Duration DUMP_PATIENCE = Duration.ofSeconds(5);
    private static final long FIRST_PAUSE_NANOS = 500_000;
    private static final long LONGEST_PAUSE_NANOS = 50_000_000;
    private static final int NLM_F_CAPPED = 0x100;
    private static final int NLM_F_ACK_TLVS = 0x200;
    private static final int NLMSGERR_ATTR_MSG = 1;

    private final Socket socket = new Socket(); // guarded by: this
    private final NlmsgWriter writer = new NlmsgWriter(Socket.direct(SEND_SIZE)); // guarded by: this
    private int sequence = 1; // guarded by: this

    /** A socket in the namespace of the calling thread. */
    public NetlinkSocket() {}

    /** A socket in the namespace at a path; the calling thread stays where it is. */
    public static NetlinkSocket inNamespace(String path) {
        return NetNs.run(path, NetlinkSocket::new);
    }

    /** The number by which notifications name the changes this socket made. */
    public int portId() {
        return socket.portId();
    }

    /**
     * Sends a message for each item, many a system call, and waits until the kernel has done them all, in order.
     *
     * @param items each at most once
     * @param encode writes the message for an item
     * @param attempt what it is for, in an exception
     * @return the items that failed; the others are done
     * @throws KernelException when the outcome is unknown
     */
    public synchronized <T> Map<T, KernelException> each(
            Collection<T> items, BiConsumer<NlmsgWriter, T> encode, Function<T, String> attempt) {
        Map<T, KernelException> failures = new LinkedHashMap<>();
        List<T> sent = new ArrayList<>(Math.min(items.size(), BATCH));
        Iterator<T> rest = items.iterator();
        while (rest.hasNext()) {
            sent.clear();
            writer.clear();
            int first = sequence;
            while (rest.hasNext() && sent.size() < BATCH && writer.remaining() >= LARGEST_REQUEST) {
                T item = rest.next();
                KernelException refused = encoded(item, encode, attempt);
                if (refused == null) {
                    sent.add(item);
                } else {
                    failures.put(item, refused);
                }
            }
            if (!sent.isEmpty()) {
                exchange(first, sent, attempt, failures);
            }
        }
        return failures;
    }

    /**
     * Sends requests in one go.
     *
     * @throws KernelException the first failure; the requests behind it may have been done
     */
    public void apply(List<Request> requests) {
        Map<Request, KernelException> failures =
                each(requests, (w, request) -> request.encode().accept(w), Request::attempt);
        for (Request request : requests) {
            KernelException failure = failures.get(request);
            if (failure != null) {
                throw failure;
            }
        }
    }

    /** Sends a request and decodes the one message that answers it. */
    public synchronized <T> T get(String attempt, Consumer<NlmsgWriter> encode, Function<Nlmsg, T> decode) {
        int expected = start(attempt, encode);
        while (true) {
            Nlmsg message = socket.receive(attempt);
            while (message.next()) {
                if (message.sequence() != expected) {
                    continue;
                }
                if (message.type() == Rtm.NLMSG_ERROR) {
                    throw failure(attempt, message, 0);
                }
                return decode.apply(message);
            }
        }
    }

    /**
     * Sends a request with NLM_F_DUMP and decodes every message of the answer; starts anew when the table changed
     * meanwhile.
     *
     * @param decode gives null for what is not wanted
     */
    public synchronized <T> List<T> dump(
            String attempt, Consumer<NlmsgWriter> encode, Function<Nlmsg, @Nullable T> decode) {
        long end = System.nanoTime() + DUMP_PATIENCE.toNanos();
        long pause = FIRST_PAUSE_NANOS;
        int attempts = 0;
        do {
            attempts++;
            List<T> result = new ArrayList<>();
            if (dumpOnce(attempt, start(attempt, encode), decode, result)) {
                return result;
            }
            // who changes the table is given time to be done
            LockSupport.parkNanos(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
        } while (System.nanoTime() < end);
        throw new KernelException(
                attempt, 0, "the table changed during each of " + attempts + " dumps", FailureKind.RETRY);
    }

    @Override
    public synchronized void close() {
        socket.close();
    }

    private <T> boolean dumpOnce(String attempt, int expected, Function<Nlmsg, @Nullable T> decode, List<T> result) {
        boolean whole = true;
        while (true) {
            Nlmsg message = socket.receive(attempt);
            while (message.next()) {
                if (message.sequence() != expected) {
                    continue;
                }
                whole &= (message.flags() & Rtm.NLM_F_DUMP_INTR) == 0;
                switch (message.type()) {
                    case Rtm.NLMSG_DONE -> {
                        int error = message.bodyLength() >= 4 ? message.s32(0) : 0;
                        if (error < 0) {
                            throw failure(attempt, message, error);
                        }
                        return whole;
                    }
                    case Rtm.NLMSG_ERROR -> throw failure(attempt, message, 0);
                    case Rtm.NLMSG_NOOP, Rtm.NLMSG_OVERRUN -> {}
                    default -> {
                        T item = decode.apply(message);
                        if (item != null) {
                            result.add(item);
                        }
                    }
                }
            }
        }
    }

    private int start(String attempt, Consumer<NlmsgWriter> encode) {
        writer.clear();
        int mine = sequence;
        KernelException refused = encoded(attempt, (w, text) -> encode.accept(w), text -> text);
        if (refused != null) {
            throw refused;
        }
        socket.send(attempt, writer.buffer(), writer.position());
        return mine;
    }

    /** Appends a message; what does not fit or is no value for the kernel is taken back and reported. */
    private <T> @Nullable KernelException encoded(
            T item, BiConsumer<NlmsgWriter, T> encode, Function<T, String> attempt) {
        int before = writer.position();
        try {
            encode.accept(writer, item);
            writer.end(sequence);
            sequence++;
            return null;
        } catch (BufferOverflowException e) {
            writer.truncate(before);
            return new KernelException(
                    attempt.apply(item),
                    0,
                    "message too long (expected: " + LARGEST_REQUEST + " bytes at most)",
                    FailureKind.GIVE_UP);
        } catch (IllegalArgumentException e) {
            writer.truncate(before);
            return new KernelException(attempt.apply(item), 0, String.valueOf(e.getMessage()), FailureKind.GIVE_UP);
        }
    }

    /** An error is always answered, so only the last message needs to ask for an answer. */
    private <T> void exchange(int first, List<T> sent, Function<T, String> attempt, Map<T, KernelException> failures) {
        writer.flag(Rtm.NLM_F_ACK);
        String lastAttempt = attempt.apply(sent.get(sent.size() - 1));
        socket.send(lastAttempt, writer.buffer(), writer.position());
        while (true) {
            Nlmsg message = socket.receive(lastAttempt);
            while (message.next()) {
                int index = message.sequence() - first;
                if (message.type() != Rtm.NLMSG_ERROR || index < 0 || index >= sent.size()) {
                    continue;
                }
                if (message.s32(0) != 0) {
                    T item = sent.get(index);
                    failures.put(item, failure(attempt.apply(item), message, 0));
                }
                if (index == sent.size() - 1) {
                    return;
                }
            }
        }
    }

    /** @param error negative errno of a finished dump, 0 to read it from an error message */
    private static KernelException failure(String attempt, Nlmsg message, int error) {
        int number = error == 0 ? message.s32(0) : error;
        if (number >= 0) {
            throw Nlmsg.malformed("error", Integer.toString(number), "a negative errno");
        }
        return Native.failure(attempt, -number, words(message, error == 0));
    }

    private static String words(Nlmsg message, boolean echoed) {
        if ((message.flags() & NLM_F_ACK_TLVS) == 0) {
            return "";
        }
        int skip = 4;
        if (echoed) {
            skip += (message.flags() & NLM_F_CAPPED) != 0 ? Nlmsg.HEADER : Math.max(Nlmsg.HEADER, message.s32(4));
        }
        Attr attribute = message.attributes(skip);
        while (attribute.next()) {
            if (attribute.type() == NLMSGERR_ATTR_MSG) {
                return attribute.text();
            }
        }
        return "";
    }
}
