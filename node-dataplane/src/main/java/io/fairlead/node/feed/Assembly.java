package io.fairlead.node.feed;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One kind of entry of a stream, put together from snapshot parts and differences.
 *
 * <p>Between the first part and the last the former content stays the content: nobody acts on half of what was said.
 */
final class Assembly<K, V> {
    private static final Logger LOGGER = LoggerFactory.getLogger(Assembly.class);

    private Map<K, V> content = Map.of(); // owned by: the feed's executor
    private Map<K, V> staged = new HashMap<>(); // owned by: the feed's executor
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
            staged = new HashMap<>();
            stage = Stage.SNAPSHOT;
        } else if (stage == Stage.NONE) {
            staged = new HashMap<>(content);
            stage = Stage.DIFFERENCE;
        }
        removes.forEach(staged.keySet()::remove);
        staged.putAll(upserts);
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

    Map<K, V> content() {
        return content;
    }
}
