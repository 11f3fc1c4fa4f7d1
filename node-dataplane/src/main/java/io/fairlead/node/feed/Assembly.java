package io.fairlead.node.feed;

import io.fairlead.node.desired.PersistentMap;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One kind of entry of a stream, put together from snapshot parts and differences.
 *
 * <p>A difference costs what it changes, not what there is. Between the first part and the last the former content stays the content: nobody acts on half of what was said.
 */
final class Assembly<K, V> {
    private static final Logger LOGGER = LoggerFactory.getLogger(Assembly.class);

    private PersistentMap<K, V> content = PersistentMap.empty(); // owned by: the feed's executor
    private PersistentMap<K, V> staged = PersistentMap.empty(); // owned by: the feed's executor
    private Stage stage = Stage.NONE; // owned by: the feed's executor

    private enum Stage {
        NONE,
        DIFFERENCE,
        SNAPSHOT
    }

    /** A new stream: parts of what was cut off are forgotten. */
    void restart() {
        stage = Stage.NONE;
    }

    /**
     * Takes a response in.
     *
     * @param snapshot whether it belongs to a snapshot
     * @param complete whether it is the last part
     * @return true when the content is now complete
     */
    boolean apply(boolean snapshot, boolean complete, Map<K, V> upserts, Collection<K> removes) {
        if (snapshot && stage != Stage.SNAPSHOT) {
            staged = PersistentMap.empty();
            stage = Stage.SNAPSHOT;
        } else if (stage == Stage.NONE) {
            staged = content;
            stage = Stage.DIFFERENCE;
        }
        staged = staged.withoutAll(removes).withAll(upserts);
        if (!complete) {
            return false;
        }
        stage = Stage.NONE;
        content = staged;
        return true;
    }

    /** A key as it came; empty, and said in the log, when it is none: it cannot be in the content either. */
    static <K> Optional<K> read(String text, Function<String, K> parse) {
        try {
            return Optional.of(parse.apply(text));
        } catch (IllegalArgumentException e) {
            LOGGER.atWarn()
                    .addKeyValue("key", text)
                    .addKeyValue("error", e.getMessage())
                    .log("removal left out");
            return Optional.empty();
        }
    }

    /** What was said up to the last complete response: the very same object when that changed nothing. */
    PersistentMap<K, V> content() {
        return content;
    }
}
