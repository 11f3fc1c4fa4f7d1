package io.fairlead.runtime.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The streams that take part in rounds. A round offers the present table to each; it is cut into slices, so that
 * acknowledgements come in between, and a table published meanwhile makes it go around once more instead of twice: the
 * more a round takes, the more changes one difference carries. Owned by the context of the streams.
 */
final class OpenStreams {
    private static final Logger LOGGER = LoggerFactory.getLogger(OpenStreams.class);
    private static final int SLICE = 256;

    private final Consumer<Runnable> owner;
    // all owned by: the context of the streams
    private final List<TableStream<?, ?>> open = new ArrayList<>();
    private int cursor;
    private int remaining;
    private boolean running;

    OpenStreams(Consumer<Runnable> owner) {
        this.owner = owner;
    }

    boolean isEmpty() {
        return open.isEmpty();
    }

    List<TableStream<?, ?>> all() {
        return List.copyOf(open);
    }

    void add(TableStream<?, ?> stream) {
        stream.index = open.size();
        open.add(stream);
        if (running) {
            // the round goes past it before it comes to those it began behind
            remaining++;
        }
    }

    void remove(TableStream<?, ?> stream) {
        int last = open.size() - 1;
        TableStream<?, ?> moved = open.get(last);
        open.set(stream.index, moved);
        moved.index = stream.index;
        open.remove(last);
        if (running) {
            // the one that was moved may have come to a place that the round has passed
            remaining = open.size();
        }
    }

    /** Offers what is new to all. */
    void round() {
        remaining = open.size();
        if (!running) {
            running = true;
            slice();
        }
    }

    private void slice() {
        for (int i = 0; i < SLICE && remaining > 0 && !open.isEmpty(); i++) {
            cursor = cursor + 1 < open.size() ? cursor + 1 : 0;
            remaining--;
            offer(open.get(cursor));
        }
        if (remaining > 0 && !open.isEmpty()) {
            owner.accept(this::slice);
        } else {
            running = false;
        }
    }

    private static void offer(TableStream<?, ?> stream) {
        try {
            stream.pump();
        } catch (RuntimeException e) {
            // one call in a bad state must not keep others from their routes
            LOGGER.atError().setCause(e).log("a stream failed, its node comes back");
            stream.failed(e);
        }
    }
}
