package io.fairlead.identity.upkeep;

import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Lets numbers that were taken back be given out again: after this replica has seen them rest for a while, and when every
 * node has acknowledged that they mean nothing any more. For one pass at a time.
 */
final class Resting {
    private static final int BATCH = 100;

    private final Realm realm;
    private final Acknowledgements nodes;
    private final Duration atLeast;
    // When each was first seen resting, in ns. owned by: the pass that runs
    private Map<KeyValue, Long> seen = new HashMap<>();

    Resting(Realm realm, Acknowledgements nodes, Duration atLeast) {
        this.realm = realm;
        this.nodes = nodes;
        this.atLeast = atLeast;
    }

    /** Ends the rest of those that have rested; says how many. */
    Future<Integer> pass(List<KeyValue> resting, long now) {
        Map<KeyValue, Long> still = new HashMap<>();
        List<KeyValue> over = new ArrayList<>();
        for (KeyValue entry : resting) {
            long since = seen.getOrDefault(entry, now);
            still.put(entry, since);
            if (now - since >= atLeast.toNanos()) {
                over.add(entry);
            }
        }
        seen = still;
        if (over.isEmpty()) {
            return Future.succeededFuture(0);
        }
        return nodes.reachedByAll().compose(reached -> {
            over.removeIf(entry -> entry.modRevision() > reached);
            Future<Integer> ended = Future.succeededFuture(0);
            for (int i = 0; i < over.size(); i += BATCH) {
                List<KeyValue> batch = over.subList(i, Math.min(over.size(), i + BATCH));
                ended = ended.compose(sofar -> end(batch).map(done -> sofar + done));
            }
            return ended;
        });
    }

    /** One that another replica was quicker with keeps the others until the next pass. */
    private Future<Integer> end(List<KeyValue> batch) {
        List<Condition> conditions = new ArrayList<>();
        List<Op> steps = new ArrayList<>();
        batch.forEach(entry -> {
            conditions.add(new Condition.Unchanged(entry.key(), entry.modRevision()));
            steps.add(new Op.Delete(entry.key()));
        });
        return realm.store()
                .commit(new Txn(conditions, steps, List.of()))
                .map(result -> result.succeeded() ? batch.size() : 0);
    }
}
