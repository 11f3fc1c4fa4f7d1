package io.fairlead.identity.allocation;

import io.fairlead.contract.IdentityId;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the store's watch says of allocated numbers. It may lag behind; it proposes, the transaction decides.
 *
 * <p>Called by the store's thread and by requests.
 */
public final class KnownIdentities implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(KnownIdentities.class);

    private final String prefix;
    private final int clusterId;
    // Encoded labels of each number. guarded by: this
    private final Map<IdentityId, String> labels = new HashMap<>();
    // Numbers of each label set; more than one only when others wrote them. guarded by: this
    private final Map<String, NavigableSet<IdentityId>> numbers = new HashMap<>();
    // This cluster's numbers in use, without the cluster's id. guarded by: this
    private final BitSet used = new BitSet(IdentityId.MAX_ALLOCATED + 1);
    private final Promise<Void> synced = Promise.promise();
    private final Watch watch;

    /** Starts to watch; complete once {@link #synced()} is. */
    public KnownIdentities(KvStore store, IdentityKeys keys, int clusterId) {
        this.prefix = keys.ids();
        this.clusterId = clusterId;
        this.watch = store.watch(prefix, this::onEvents);
    }

    /** Completes when everything the store held has been seen. */
    public Future<Void> synced() {
        return synced.future();
    }

    /** How many numbers are allocated, in all clusters that share the store. */
    public synchronized int size() {
        return labels.size();
    }

    /** The lowest number a label set has. */
    synchronized Optional<IdentityId> number(String encoded) {
        return Optional.ofNullable(numbers.get(encoded)).map(NavigableSet::first);
    }

    /**
     * A number of this cluster that nothing has, drawn at random so that replicas seldom draw the same.
     *
     * @param avoid numbers known to be taken by now
     */
    synchronized Optional<IdentityId> free(RandomGenerator random, Set<IdentityId> avoid) {
        BitSet taken = (BitSet) used.clone();
        avoid.forEach(id -> taken.set(id.value() & 0xffff));
        int start = random.nextInt(IdentityId.MIN_ALLOCATED, IdentityId.MAX_ALLOCATED + 1);
        int local = taken.nextClearBit(start);
        if (local > IdentityId.MAX_ALLOCATED) {
            local = taken.nextClearBit(IdentityId.MIN_ALLOCATED);
        }
        return local > IdentityId.MAX_ALLOCATED
                ? Optional.empty()
                : Optional.of(IdentityId.allocated(clusterId, local));
    }

    @Override
    public void close() {
        watch.close();
    }

    private void onEvents(List<WatchEvent> events) {
        boolean complete = false;
        synchronized (this) {
            for (WatchEvent event : events) {
                if (event instanceof WatchEvent.Put put) {
                    number(put.entry().key(), put.entry().value(), true);
                } else if (event instanceof WatchEvent.Delete delete) {
                    number(delete.key(), "", false);
                } else {
                    complete = true;
                }
            }
        }
        if (complete) {
            synced.tryComplete();
        }
    }

    private void number(String key, String encoded, boolean there) {
        IdentityId id;
        try {
            id = IdentityId.parse(key.substring(prefix.length()));
        } catch (IllegalArgumentException e) {
            LOGGER.atWarn().addKeyValue("key", key).log("Identity key whose name is no number");
            return;
        }
        String before = labels.remove(id);
        if (before != null) {
            NavigableSet<IdentityId> same = numbers.getOrDefault(before, new TreeSet<>());
            same.remove(id);
            if (same.isEmpty()) {
                numbers.remove(before);
            }
        }
        if (there) {
            labels.put(id, encoded);
            numbers.computeIfAbsent(encoded, ignored -> new TreeSet<>()).add(id);
        }
        if (id.value() >>> 16 == clusterId) {
            used.set(id.value() & 0xffff, there);
        }
    }
}
