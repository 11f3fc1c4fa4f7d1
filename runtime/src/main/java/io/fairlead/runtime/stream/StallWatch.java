package io.fairlead.runtime.stream;

import java.time.Duration;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks again and again for streams that are stuck, as long as there are any. Owned by the context of the streams. */
final class StallWatch {
    private static final Logger LOGGER = LoggerFactory.getLogger(StallWatch.class);

    private final OpenStreams open;
    private final BiConsumer<Duration, Runnable> later;
    private final StreamMetrics metrics;
    private final Duration interval;
    // owned by: the context of the streams
    private boolean watching;

    /** @param later runs an action on the context of the streams after a while */
    StallWatch(OpenStreams open, BiConsumer<Duration, Runnable> later, StreamMetrics metrics, Duration stallTimeout) {
        this.open = open;
        this.later = later;
        this.metrics = metrics;
        this.interval = stallTimeout.dividedBy(4);
    }

    /** Begins unless it has begun. */
    void watch() {
        if (watching) {
            return;
        }
        watching = true;
        later.accept(interval, () -> {
            watching = false;
            open.all().forEach(stream -> stream.checkStall().ifPresent(this::cutOff));
            if (!open.isEmpty()) {
                watch();
            }
        });
    }

    private void cutOff(TableStream.Stall stall) {
        (stall.reads() ? metrics.unacknowledged() : metrics.unread()).increment();
        LOGGER.atWarn()
                .addKeyValue("node", stall.node().node)
                .addKeyValue("reads", stall.reads())
                .addKeyValue("version", stall.node().version)
                .log("node is cut off because it is stuck, it gets what it lacks when it comes back");
    }
}
