package io.fairlead.routes.source;

import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.WatchListener;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows the node records of a store and hands what it hears to the table's context, in order. */
public final class NodeSource implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(NodeSource.class);

    private final Watch watch;

    private NodeSource(Watch watch) {
        this.watch = watch;
    }

    /**
     * Starts to follow.
     *
     * @param owner runs actions on the table's context
     * @param table is told there
     */
    public static NodeSource start(
            KvStore store, String prefix, Consumer<Runnable> owner, Consumer<List<WatchEvent>> table) {
        return new NodeSource(store.watch(prefix, new WatchListener() {
            @Override
            public void onEvents(List<WatchEvent> events) {
                owner.accept(() -> table.accept(events));
            }

            @Override
            public void onDisrupted(KvException cause) {
                LOGGER.atWarn().addKeyValue("error", cause.getMessage()).log("store lost, all routes stay as they are");
            }
        }));
    }

    @Override
    public void close() {
        watch.close();
    }
}
