package io.fairlead.events.publish;

import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import java.util.UUID;

/**
 * The name of the store's life, which all services share, with the lineage of its revisions, which a restored backup does
 * not share; and the store's present revision.
 */
final class StoreEpoch {
    private static final String KEY = "fairlead/store-epoch";

    private StoreEpoch() {}

    /** Which life the store is in, and how far. */
    record Life(String name, long revision) {}

    static Future<Life> read(KvStore store) {
        String fresh = UUID.randomUUID().toString();
        Txn txn = Txn.when(new Condition.Missing(KEY)).then(Op.put(KEY, fresh)).otherwise(new Op.Get(KEY));
        return store.commit(txn).compose(result -> {
            String name =
                    result.succeeded() ? fresh : result.reads().get(0).get(0).value();
            return store.lineage().map(lineage -> new Life(name + "." + lineage, result.revision()));
        });
    }

    /**
     * The epoch to go on with.
     *
     * @param life of the store
     * @param last epoch of what was told last, empty for none
     * @param mark revision up to which it was told
     */
    static String next(Life life, String last, long mark) {
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
