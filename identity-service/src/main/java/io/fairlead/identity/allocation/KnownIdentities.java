package io.fairlead.identity.allocation;

import io.fairlead.contract.IdentityId;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the store's watch says of numbers: which are allocated, decided or resting. It may lag behind; it proposes, the
 * transaction decides.
 *
 * <p>Called by the store's thread and by requests.
 */
public final class KnownIdentities implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(KnownIdentities.class);

    private final IdentityKeys keys;
    private final int clusterId;
    // Encoded labels of each number. guarded by: this
    private final Map<IdentityId, String> labels = new HashMap<>();
    // Numbers of each label set; more than one only when others wrote them. guarded by: this
    private final Map<String, NavigableSet<IdentityId>> numbers = new HashMap<>();
    // Number each label set was given for good. guarded by: this
    private final Map<String, IdentityId> decided = new HashMap<>();
    // Numbers that rest. guarded by: this
    private final Set<IdentityId> freed = new HashSet<>();
    // This cluster's numbers that none of these hold. guarded by: this
    private final FreeNumbers free = new FreeNumbers();

    private final List<Consumer<String>> torn = new CopyOnWriteArrayList<>();
    private final Promise<Void> ids = Promise.promise();
    private final Promise<Void> own = Promise.promise();
    private final List<Watch> watches;

    /** Starts to watch; complete once {@link #synced()} is. */
    public KnownIdentities(KvStore store, IdentityKeys keys, int clusterId) {
        this.keys = keys;
        this.clusterId = clusterId;
        this.watches = List.of(
                store.watch(keys.ids(), events -> onEvents(events, ids)),
                store.watch(List.of(keys.deciding(), keys.freed()), events -> onEvents(events, own)));
    }

    /** Completes when everything the store held has been seen. */
    public Future<Void> synced() {
        return Future.all(ids.future(), own.future()).mapEmpty();
    }

    /** How many numbers are allocated, in all clusters that share the store. */
    public synchronized int size() {
        return labels.size();
    }

    /** How many numbers this cluster could give out now. */
    public synchronized int available() {
        return free.size();
    }

    /** How many numbers rest before they can be given out again. */
    public synchronized int resting() {
        return freed.size();
    }

    /** The labels of a number, as the store has them. */
    public synchronized Optional<String> labels(IdentityId id) {
        return Optional.ofNullable(labels.get(id));
    }

    /**
     * Calls an action with a label set that lost its number's key or its deciding key but not both, on the store's thread,
     * which it must not block.
     */
    public void onTorn(Consumer<String> action) {
        torn.add(action);
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
        return free.draw(random, local -> avoid.contains(IdentityId.allocated(clusterId, local)))
                .map(local -> IdentityId.allocated(clusterId, local));
    }

    /** How many numbers were looked at to find free ones. */
    synchronized long probes() {
        return free.probes();
    }

    @Override
    public void close() {
        watches.forEach(Watch::close);
    }

    private void onEvents(List<WatchEvent> events, Promise<Void> synced) {
        boolean complete = false;
        List<String> lost = new ArrayList<>();
        synchronized (this) {
            for (WatchEvent event : events) {
                if (event instanceof WatchEvent.Put put) {
                    changed(put.entry().key(), Optional.of(put.entry().value()), lost);
                } else if (event instanceof WatchEvent.Delete delete) {
                    changed(delete.key(), Optional.empty(), lost);
                } else {
                    complete = true;
                }
            }
        }
        if (complete) {
            synced.tryComplete();
        }
        for (String encoded : lost) {
            torn.forEach(action -> action.accept(encoded));
        }
    }

    private void changed(String key, Optional<String> value, List<String> lost) {
        try {
            if (key.startsWith(keys.ids())) {
                number(NumberText.ofKey(key, keys.ids()), value, lost);
            } else if (key.startsWith(keys.freed())) {
                rests(NumberText.ofKey(key, keys.freed()), value.isPresent());
            } else if (key.startsWith(keys.deciding())) {
                decides(key.substring(keys.deciding().length()), value.map(NumberText::parse), lost);
            }
        } catch (IllegalArgumentException e) {
            LOGGER.atWarn()
                    .addKeyValue("key", key)
                    .addKeyValue("reason", e.getMessage())
                    .log("Identity entry cannot be read");
        }
    }

    private void number(IdentityId id, Optional<String> encoded, List<String> lost) {
        String before = labels.remove(id);
        if (before != null) {
            NavigableSet<IdentityId> same = numbers.getOrDefault(before, new TreeSet<>());
            same.remove(id);
            if (same.isEmpty()) {
                numbers.remove(before);
            }
            letGo(id);
            if (encoded.isEmpty() && id.equals(decided.get(before))) {
                lost.add(before);
            }
        }
        encoded.ifPresent(there -> {
            labels.put(id, there);
            numbers.computeIfAbsent(there, ignored -> new TreeSet<>()).add(id);
            hold(id);
        });
    }

    private void decides(String encoded, Optional<IdentityId> id, List<String> lost) {
        IdentityId before = decided.remove(encoded);
        if (before != null) {
            letGo(before);
            if (id.isEmpty() && encoded.equals(labels.get(before))) {
                lost.add(encoded);
            }
        }
        id.ifPresent(there -> {
            decided.put(encoded, there);
            hold(there);
        });
    }

    private void rests(IdentityId id, boolean there) {
        if (there && freed.add(id)) {
            hold(id);
        } else if (!there && freed.remove(id)) {
            letGo(id);
        }
    }

    private void hold(IdentityId id) {
        if (id.value() >>> 16 == clusterId) {
            free.hold(id.value() & 0xffff);
        }
    }

    private void letGo(IdentityId id) {
        if (id.value() >>> 16 == clusterId) {
            free.letGo(id.value() & 0xffff);
        }
    }
}
