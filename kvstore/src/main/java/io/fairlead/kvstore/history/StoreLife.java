package io.fairlead.kvstore.history;

import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import java.util.UUID;

/**
 * Which life a store is in: a name kept in it, made by whoever asks first, and the lineage of its revisions, which a restored
 * backup does not share.
 *
 * @param name the same for everybody who asks with the same key
 * @param revision of the store when it was asked
 */
public record StoreLife(String name, long revision) {
    /** Asks a store, or begins its life under a key. */
    public static Future<StoreLife> read(KvStore store, String key) {
        String fresh = UUID.randomUUID().toString();
        Txn txn = Txn.when(new Condition.Missing(key)).then(Op.put(key, fresh)).otherwise(new Op.Get(key));
        return store.commit(txn).compose(result -> {
            String kept =
                    result.succeeded() ? fresh : result.reads().get(0).get(0).value();
            return store.lineage().map(lineage -> new StoreLife(kept + "." + lineage, result.revision()));
        });
    }
}
