package io.fairlead.events.publish;

import io.fairlead.events.outbox.Entry;
import io.fairlead.events.outbox.Entry.Fact;
import io.fairlead.events.outbox.Outbox;
import io.fairlead.events.outbox.OutboxException;
import io.fairlead.runtime.retry.Backoff;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lane's outbox, opened again when the disk failed it. On the owner's thread.
 *
 * <p>When it breaks, what follows the store must stop and start again once it is whole: the comparison with what is known
 * then finds what was not written.
 */
final class Spool {
    private static final Logger LOGGER = LoggerFactory.getLogger(Spool.class);

    private static final String OPENING = "opening";

    private final Owner owner;
    private final Path directory;
    private final long maxBytes;
    private final Meters meters;
    private final Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(10), new Random());
    // all owned by: the owner's thread
    private @Nullable Outbox outbox;
    private Runnable onFlushed = () -> {};
    private Runnable onBroken = () -> {};
    private Runnable onWhole = () -> {};
    private boolean flushing;
    private boolean full;
    private boolean closed;
    private long told;
    private volatile String trouble = OPENING;

    Spool(Owner owner, Path directory, long maxBytes, Meters meters) {
        this.owner = owner;
        this.directory = directory;
        this.maxBytes = maxBytes;
        this.meters = meters;
    }

    /**
     * Opens it, now and whenever it broke.
     *
     * @param broken called when nothing can be written any more
     * @param whole called when it can be written, again or for the first time
     * @param flushed called when there is something to send
     */
    void start(Runnable broken, Runnable whole, Runnable flushed) {
        onBroken = broken;
        onWhole = whole;
        onFlushed = flushed;
        open();
    }

    private void open() {
        if (closed) {
            return;
        }
        try {
            Outbox opened = Outbox.open(directory, maxBytes);
            outbox = opened;
            opened.trim(told);
            full = !opened.hasRoom();
            trouble = trouble.equals(OPENING) ? "" : trouble;
            release(opened);
            if (!full) {
                onWhole.run();
            }
            onFlushed.run();
        } catch (OutboxException e) {
            broke(e);
        }
    }

    /** It could not be written by somebody who had it from here. */
    void failed(OutboxException cause) {
        broke(cause);
    }

    private void broke(OutboxException cause) {
        if (!cause.getMessage().equals(trouble)) {
            LOGGER.atError().addKeyValue("error", cause.getMessage()).log("events wait: outbox cannot be written");
        }
        trouble = String.valueOf(cause.getMessage());
        meters.failed();
        Outbox broken = outbox;
        outbox = null;
        if (broken != null) {
            told = Math.max(told, broken.trimmed());
            broken.abandon();
            onBroken.run();
        }
        owner.after(backoff.next(), this::open);
    }

    /** What is there; empty while it is broken. */
    Optional<Outbox> outbox() {
        return Optional.ofNullable(outbox);
    }

    /** True when events can be added. */
    boolean isWhole() {
        return outbox != null && !full;
    }

    /** What is wrong; empty when nothing is. Any thread. */
    String trouble() {
        return trouble;
    }

    /** Adds an event; false when that failed, and the follower has been stopped. */
    boolean append(String key, String value, Fact fact, long mark) {
        Outbox to = outbox;
        if (to == null || full) {
            return false;
        }
        try {
            to.append(key, value, fact, mark, System.currentTimeMillis());
        } catch (OutboxException e) {
            refused(to, e);
            return false;
        }
        if (!flushing) {
            flushing = true;
            owner.run(this::flush);
        }
        return true;
    }

    /** No room: what is there is sent on, and written to again when half of it is gone. */
    private void refused(Outbox to, OutboxException cause) {
        if (cause.getCause() != null) {
            broke(cause);
            return;
        }
        full = true;
        trouble = String.valueOf(cause.getMessage());
        meters.failed();
        LOGGER.atError().addKeyValue("error", cause.getMessage()).log("events wait: outbox is full");
        onBroken.run();
        flush();
        room(to);
    }

    private void flush() {
        flushing = false;
        Outbox to = outbox;
        if (to != null) {
            try {
                to.flush();
                if (!full) {
                    trouble = "";
                    backoff.reset();
                }
                onFlushed.run();
            } catch (OutboxException e) {
                broke(e);
            }
        }
    }

    /** The next entries to send. */
    List<Entry> read(long after, int most, int mostBytes) {
        Outbox from = outbox;
        if (from == null) {
            return List.of();
        }
        try {
            return from.read(after, most, mostBytes);
        } catch (OutboxException e) {
            broke(e);
            return List.of();
        }
    }

    /** Everything up to an entry is told; kept in mind while it is broken, as nobody says it again. */
    void trim(long seq) {
        told = Math.max(told, seq);
        guarded(from -> from.trim(seq));
    }

    /** Everything up to a revision is told. */
    void trimTo(Fact cursor) {
        guarded(from -> from.trimTo(cursor.epoch(), cursor.revision()));
    }

    private void guarded(Consumer<Outbox> action) {
        Outbox from = outbox;
        if (from != null) {
            try {
                action.accept(from);
                told = from.trimmed();
                release(from);
                room(from);
            } catch (OutboxException e) {
                broke(e);
            }
        }
    }

    /** While the disk is full every byte counts. */
    private void release(Outbox from) {
        if (!trouble.isEmpty()) {
            from.release();
        }
    }

    private void room(Outbox from) {
        if (full && from.hasRoom()) {
            full = false;
            trouble = "";
            LOGGER.info("outbox has room again");
            onWhole.run();
        }
    }

    /** Says how much waits. */
    void measure() {
        Outbox from = outbox;
        if (from != null) {
            List<Entry> head = read(from.trimmed(), 1, 1);
            long age = head.isEmpty()
                    ? 0
                    : System.currentTimeMillis() - head.get(0).timeMs();
            meters.outbox(from.records(), from.bytes(), Math.max(0, age));
        }
    }

    void close() {
        closed = true;
        Outbox last = outbox;
        outbox = null;
        if (last != null) {
            last.close();
        }
    }
}
