package io.fairlead.events.publish;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.events.EventKind;
import io.fairlead.contract.events.EventRecord;
import io.fairlead.events.outbox.Entry.Fact;
import io.fairlead.events.outbox.Outbox;
import io.fairlead.events.source.Change;
import io.fairlead.events.source.Projection;
import io.fairlead.events.source.StateSource;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.WatchListener;
import io.fairlead.runtime.retry.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the store and writes what changes into the spool. On the owner's thread, but for what the store's thread says.
 *
 * <p>Each time it starts it compares everything the store has with what is known, so whatever was missed is found: an
 * entity's last state, and that one is gone.
 */
final class Follower {
    private static final Logger LOGGER = LoggerFactory.getLogger(Follower.class);
    /** What may wait for the disk before the watch is given up and begun again. */
    private static final long MAX_WAITING = 50_000;

    private final Owner owner;
    private final KvStore store;
    private final StateSource source;
    private final String cluster;
    private final Spool spool;
    private final Meters meters;
    private final Backoff backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5), new Random());
    // all owned by: the owner's thread
    private @Nullable Session session;
    private boolean starting;

    Follower(Owner owner, KvStore store, StateSource source, String cluster, Spool spool, Meters meters) {
        this.owner = owner;
        this.store = store;
        this.source = source;
        this.cluster = cluster;
        this.spool = spool;
        this.meters = meters;
    }

    /** Begins, unless it has. */
    void start() {
        if (session != null || starting) {
            return;
        }
        starting = true;
        StoreEpoch.read(store)
                .onComplete(life -> owner.run(() -> {
                    if (!starting) {
                        return;
                    }
                    starting = false;
                    if (life.failed()) {
                        meters.failed();
                        starting = true;
                        owner.after(backoff.next(), () -> {
                            if (starting) {
                                starting = false;
                                start();
                            }
                        });
                        return;
                    }
                    backoff.reset();
                    spool.outbox().filter(open -> spool.isWhole()).ifPresent(open -> {
                        String epoch = StoreEpoch.next(life.result(), open.epoch(), open.mark());
                        session = new Session(open, epoch);
                    });
                }));
    }

    /** Ends, until it is started again. */
    void stop() {
        starting = false;
        Session last = session;
        session = null;
        if (last != null) {
            last.watch.close();
        }
    }

    private void restart(String why) {
        LOGGER.atWarn()
                .addKeyValue("kind", source.kind().text())
                .addKeyValue("reason", why)
                .log("events compare the whole store again");
        stop();
        start();
    }

    /** One watch, from its listing on. */
    private final class Session implements WatchListener {
        private final Outbox outbox;
        private final String epoch;
        private final Projection projection = source.projection().get();
        private final AtomicLong waiting = new AtomicLong();
        private final Watch watch;
        // owned by: the owner's thread; null when the listing is complete
        private @Nullable Set<String> listed = new HashSet<>();
        private @Nullable Pending held;
        private long newest;
        // owned by: the owner's thread
        private boolean asking;

        Session(Outbox outbox, String epoch) {
            this.outbox = outbox;
            this.epoch = epoch;
            this.watch = store.watch(source.prefixes(), this);
        }

        @Override
        public void onEvents(List<WatchEvent> events) {
            long before = waiting.getAndAdd(events.size());
            owner.run(() -> {
                waiting.addAndGet(-events.size());
                if (session != this) {
                    return;
                }
                if (listed == null && before > MAX_WAITING) {
                    restart("more than " + MAX_WAITING + " changes wait for the disk");
                } else {
                    take(events);
                }
            });
        }

        @Override
        public void onDisrupted(KvException cause) {
            LOGGER.atDebug().addKeyValue("error", cause.getMessage()).log("events lost the store");
            owner.run(() -> {
                if (!asking) {
                    asking = true;
                    askLife();
                }
            });
        }

        /** A store that comes back from a backup says nothing to a watch from a revision it does not have yet. */
        private void askLife() {
            if (session != this) {
                return;
            }
            StoreEpoch.read(store)
                    .onComplete(life -> owner.run(() -> {
                        if (session != this) {
                            return;
                        }
                        if (life.failed()) {
                            owner.after(backoff.next(), this::askLife);
                            return;
                        }
                        asking = false;
                        backoff.reset();
                        if (!StoreEpoch.next(life.result(), epoch, newest).equals(epoch)) {
                            restart("the store was put back to an older state");
                        }
                    }));
        }

        private void take(List<WatchEvent> events) {
            long revision = 0;
            boolean synced = false;
            for (WatchEvent event : events) {
                revision = Math.max(revision, event.revision());
                synced |= event instanceof WatchEvent.Synced;
            }
            if (listed == null && revision < newest) {
                restart("the store's revisions went back from " + newest + " to " + revision);
                return;
            }
            projection.apply(events).forEach(this::consider);
            if (listed != null && synced) {
                vanished(listed, revision);
                listed = null;
                LOGGER.atInfo()
                        .addKeyValue("kind", source.kind().text())
                        .addKeyValue("revision", revision)
                        .addKeyValue("entities", outbox.known().size())
                        .log("events follow the store");
                write(new Pending("", "", new Fact(epoch, revision, 0, false)));
            }
            newest = Math.max(newest, listed == null ? revision : 0);
            release(listed == null ? revision : 0);
        }

        /** The fact that is known of an entity, with what is about to be written. */
        private @Nullable Fact known(String key) {
            Pending last = held;
            Fact fact = last != null && last.key().equals(key)
                    ? last.fact()
                    : outbox.known().get(key);
            return fact == null || fact.deleted() ? null : fact;
        }

        private void consider(Change change) {
            String key = source.kind().key(change.entity());
            Set<String> all = listed;
            if (all != null && !(change instanceof Change.Delete)) {
                all.add(key);
            }
            if (change instanceof Change.Upsert upsert) {
                long hash = Fact.hash(upsert.detail().toString());
                Fact before = known(key);
                // in another life of the store its revision is another one, too
                boolean same = before != null
                        && before.hash() == hash
                        && before.epoch().equals(epoch);
                if (!same) {
                    String type = before == null
                            ? source.kind().created()
                            : source.kind().changed();
                    Fact fact = new Fact(epoch, upsert.revision(), hash, false);
                    write(pending(key, type, fact, upsert.detail()));
                }
            } else if (change instanceof Change.Delete delete) {
                if (all != null) {
                    all.remove(key);
                }
                if (known(key) != null) {
                    write(gone(key, delete.revision()));
                }
            } else if (change instanceof Change.Unreadable unreadable) {
                meters.failed();
                LOGGER.atWarn()
                        .addKeyValue("entity", key)
                        .addKeyValue("reason", unreadable.reason())
                        .log("store entry cannot be read, there is no event of it");
            }
        }

        private void vanished(Set<String> present, long revision) {
            release(0);
            List<String> gone = outbox.known().keySet().stream()
                    .filter(key -> !present.contains(key))
                    .toList();
            gone.forEach(key -> write(gone(key, revision)));
        }

        private Pending gone(String key, long revision) {
            return pending(
                    key,
                    source.kind().deleted(),
                    new Fact(epoch, revision, 0, true),
                    JsonNodeFactory.instance.objectNode());
        }

        private Pending pending(String key, String type, Fact fact, ObjectNode detail) {
            EventRecord.Origin origin = new EventRecord.Origin(fact.epoch(), fact.revision());
            EventKind kind = source.kind();
            boolean resync = listed != null;
            EventRecord record = new EventRecord(kind, type, key, origin, Instant.now(), cluster, resync, detail);
            return new Pending(key, record.encode(), fact);
        }

        /** Writes the one before: the last of a batch is held until it is known to be the last, and has the mark. */
        private void write(Pending next) {
            release(0);
            held = next;
        }

        private void release(long mark) {
            Pending last = held;
            held = null;
            if (last != null && session == this) {
                spool.append(last.key(), last.value(), last.fact(), mark);
            }
        }
    }

    private record Pending(String key, String value, Fact fact) {}
}
