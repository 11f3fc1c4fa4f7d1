package io.fairlead.events.publish;

import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.history.StoreLife;
import io.vertx.core.Future;

/**
 * The name of the store's life, which all services share, with the lineage of its revisions, which a restored backup does
 * not share; and the store's present revision.
 */
final class StoreEpoch {
    private static final String KEY = "fairlead/store-epoch";

    private StoreEpoch() {}

    static Future<StoreLife> read(KvStore store) {
        return StoreLife.read(store, KEY);
    }

    /**
     * The epoch to go on with.
     *
     * @param life of the store
     * @param last epoch of what was told last, empty for none
     * @param mark revision up to which it was told
     */
    static String next(StoreLife life, String last, long mark) {
        boolean same = last.equals(life.name()) || last.startsWith(life.name() + "+");
        if (!same) {
            return life.name();
        }
        if (life.revision() >= mark) {
            return last;
        }
        // the store was put back to an older state: its revisions mean something else from here on
        int plus = last.indexOf('+');
        int times = plus < 0 ? 0 : Integer.parseInt(last.substring(plus + 1));
        return life.name() + "+" + (times + 1);
    }
}
