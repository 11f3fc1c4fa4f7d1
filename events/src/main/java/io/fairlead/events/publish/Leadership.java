package io.fairlead.events.publish;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fairlead.contract.events.EventKind;
import io.fairlead.events.outbox.Entry.Fact;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Lease;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which replica tells a kind, by a key under a lease, and how far it is. On the owner's thread.
 *
 * <p>Two may think so for a moment: then events come twice, which they may.
 */
final class Leadership {
    static final String PREFIX = "fairlead/events/v1/";

    private static final Logger LOGGER = LoggerFactory.getLogger(Leadership.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Owner owner;
    private final KvStore store;
    private final EventKind kind;
    private final Duration ttl;
    private final String replica = UUID.randomUUID().toString();
    // all owned by: the owner's thread
    private Consumer<Fact> onCursor = fact -> {};
    private Runnable onElected = () -> {};
    private Runnable onLost = () -> {};
    private @Nullable Watch watch;
    private @Nullable Lease lease;
    private Optional<Fact> cursor = Optional.empty();
    private Timers.@Nullable Pending retry;
    private boolean leader;
    private boolean busy;
    private boolean closed;

    Leadership(Owner owner, KvStore store, EventKind kind, Duration ttl) {
        this.owner = owner;
        this.store = store;
        this.kind = kind;
        this.ttl = ttl;
    }

    /** Stands for election from now on. */
    void start(Consumer<Fact> cursorMoved, Runnable elected, Runnable lost) {
        onCursor = cursorMoved;
        onElected = elected;
        onLost = lost;
        watch = store.watch(prefix(), events -> owner.run(() -> heard(events)));
        campaign();
    }

    private String prefix() {
        return PREFIX + kind.topicName() + "/";
    }

    private String leaderKey() {
        return prefix() + "leader";
    }

    private String cursorKey() {
        return prefix() + "cursor";
    }

    boolean isLeader() {
        return leader;
    }

    /** How far the kind is told, as far as known. */
    Optional<Fact> cursor() {
        return cursor;
    }

    private void heard(List<WatchEvent> events) {
        for (WatchEvent event : events) {
            if (event instanceof WatchEvent.Put put && put.entry().key().equals(cursorKey())) {
                parse(put.entry().value()).ifPresent(fact -> {
                    cursor = Optional.of(fact);
                    onCursor.accept(fact);
                });
            } else if (event instanceof WatchEvent.Delete delete && delete.key().equals(leaderKey())) {
                if (leader) {
                    lost("its key is gone");
                }
                campaign();
            }
        }
    }

    private void campaign() {
        if (leader || busy || closed) {
            return;
        }
        busy = true;
        Future<Lease> granted = lease != null ? Future.succeededFuture(lease) : store.grantLease(ttl);
        granted.compose(own -> {
                    owner.run(() -> keep(own));
                    Txn txn = Txn.when(new Condition.Missing(leaderKey()))
                            .then(new Op.Put(leaderKey(), replica, own.id()))
                            .otherwise(new Op.Get(leaderKey()));
                    return store.commit(txn);
                })
                .onComplete(answer -> owner.run(() -> decided(answer)));
    }

    private void keep(Lease own) {
        if (closed) {
            own.revoke();
        } else if (lease != own) {
            lease = own;
            own.lost()
                    .onComplete(gone -> owner.run(() -> {
                        if (lease == own) {
                            lease = null;
                            lost("its lease ran out");
                            campaign();
                        }
                    }));
        }
    }

    private void decided(AsyncResult<TxnResult> answer) {
        busy = false;
        boolean won = answer.succeeded()
                && (answer.result().succeeded()
                        || answer.result().reads().get(0).stream()
                                .anyMatch(entry -> entry.value().equals(replica)));
        if (won && lease != null && !closed) {
            leader = true;
            LOGGER.atInfo().addKeyValue("kind", kind.text()).log("this replica tells events");
            onElected.run();
            return;
        }
        if (retry != null) {
            retry.cancel();
        }
        // the watch says when the leader goes; this is for what it may have missed
        retry = owner.after(answer.failed() ? Duration.ofMillis(500) : ttl, this::campaign);
    }

    private void lost(String why) {
        if (leader) {
            leader = false;
            LOGGER.atWarn()
                    .addKeyValue("kind", kind.text())
                    .addKeyValue("reason", why)
                    .log("this replica tells events no more");
            onLost.run();
        }
    }

    /** Says how far the kind is told. */
    Future<Void> save(Fact told) {
        String value = JsonNodeFactory.instance
                .objectNode()
                .put("epoch", told.epoch())
                .put("revision", told.revision())
                .toString();
        Txn txn = Txn.when(new Condition.ValueIs(leaderKey(), replica)).then(Op.put(cursorKey(), value));
        return store.commit(txn).compose(result -> {
            if (!result.succeeded()) {
                owner.run(() -> {
                    lost("another one does");
                    campaign();
                });
                return Future.failedFuture("another replica tells events");
            }
            return Future.succeededFuture();
        });
    }

    private Optional<Fact> parse(String value) {
        try {
            JsonNode node = JSON.readTree(value);
            if (node.path("epoch").isTextual() && node.path("revision").canConvertToLong()) {
                return Optional.of(new Fact(
                        node.path("epoch").asText(), node.path("revision").asLong(), 0, false));
            }
        } catch (JsonProcessingException e) {
            LOGGER.trace("no JSON");
        }
        LOGGER.atWarn().addKeyValue("key", cursorKey()).log("cursor cannot be read, events are told again");
        return Optional.empty();
    }

    /** Gives it up, so that another one can do it at once. */
    Future<Void> stop() {
        closed = true;
        leader = false;
        Watch open = watch;
        if (open != null) {
            open.close();
        }
        Lease own = lease;
        lease = null;
        return own == null ? Future.succeededFuture() : own.revoke().otherwiseEmpty();
    }
}
