package io.fairlead.identity.allocation;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.identity.allocation.IdentityException.Reason;
import io.fairlead.identity.labels.LabelFilter;
import io.fairlead.identity.labels.ReservedLabels;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.runtime.retry.Backoff;
import io.fairlead.runtime.retry.Retrying;
import io.fairlead.runtime.retry.Timers;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives label sets their numbers, the same on every replica.
 *
 * <p>A label set's deciding key and its number's key appear in one transaction that demands both are missing, and are
 * removed in one that demands that no node refers to them: so no set has two numbers and no number two sets. A reference
 * is only written where both keys are as believed, so it and their removal cannot both go through. Known or new,
 * a set costs one round trip: what is not known is tried as if it were nowhere, and looked at when it is not so. Any thread may call; futures complete on the store's thread.
 */
public final class IdentityAllocator {
    private static final Logger LOGGER = LoggerFactory.getLogger(IdentityAllocator.class);

    /** Transactions that may lose to others before a request gives up. */
    private static final int MAX_CONFLICTS = 32;
    /** Requests to the store that may go unanswered before a request gives up. */
    private static final int MAX_FAILURES = 3;

    private final KvStore store;
    private final IdentityKeys keys;
    private final LabelFilter filter;
    private final KnownIdentities known;
    private final Retrying retrying;
    private final AllocationMetrics metrics;

    /** An allocator; {@code known} watches the same store. */
    public IdentityAllocator(
            KvStore store,
            IdentityKeys keys,
            LabelFilter filter,
            KnownIdentities known,
            Timers timers,
            MeterRegistry registry) {
        this.metrics = new AllocationMetrics(registry, timers);
        this.store = store;
        this.keys = keys;
        this.filter = filter;
        this.known = known;
        // starts anew after an unanswered request: what took effect is then seen
        this.retrying = new Retrying(
                timers, failure -> failure instanceof KvException e && e.kind() != FailureKind.GIVE_UP, MAX_FAILURES);
    }

    /**
     * The number of a label set, and a reference of the node to it. Fails with {@link IdentityException} or {@link
     * KvException}.
     */
    public Future<Allocated> allocate(NodeName node, Labels labels) {
        return metrics.measured(() -> allocateNow(node, labels));
    }

    private Future<Allocated> allocateNow(NodeName node, Labels labels) {
        Labels filtered = filter.apply(labels);
        Optional<IdentityId> reserved;
        try {
            reserved = ReservedLabels.number(filtered);
        } catch (IllegalArgumentException e) {
            return Future.failedFuture(new IdentityException(Reason.INVALID, e.getMessage()));
        }
        if (reserved.isPresent()) {
            Labels named = filtered.isEmpty() ? ReservedLabels.of(IdentityId.Reserved.INIT) : filtered;
            return Future.succeededFuture(new Allocated(reserved.get(), named));
        }
        String encoded = filtered.encoded();
        int bytes = encoded.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > Labels.MAX_ENCODED_BYTES) {
            return Future.failedFuture(new IdentityException(
                    Reason.INVALID,
                    "labels: " + filtered.sorted().size() + " labels of " + bytes + " bytes (expected: at most "
                            + Labels.MAX_ENCODED_BYTES + " bytes)"));
        }
        Attempt attempt = new Attempt(new Request(keys, node, encoded));
        return retrying.call(attempt.backoff, () -> begin(attempt)).map(id -> {
            metrics.given(attempt.fresh);
            return new Allocated(id, filtered);
        });
    }

    /** Takes back a node's reference. The number stays its label set's. */
    public Future<Void> release(NodeName node, IdentityId id) {
        return retrying.call(
                backoff(),
                () -> store.get(keys.id(id))
                        .compose(entry -> entry.isEmpty()
                                ? Future.<Void>succeededFuture()
                                : store.commit(Txn.of(new Op.Delete(
                                                keys.reference(entry.get().value(), node))))
                                        .<Void>mapEmpty()));
    }

    private Future<IdentityId> begin(Attempt attempt) {
        Optional<IdentityId> hint = known.number(attempt.request.encoded());
        if (hint.isPresent()) {
            return commit(attempt, Step.refer(attempt.request, hint.get()));
        }
        Optional<IdentityId> free = known.free(ThreadLocalRandom.current(), attempt.lost);
        if (free.isPresent()) {
            return commit(attempt, Step.createFirst(attempt.request, free.get()));
        }
        List<Op> reads = attempt.request.reads();
        return store.commit(new Txn(List.of(), reads, List.of()))
                .compose(result -> commit(attempt, next(attempt, Seen.of(reads, result))));
    }

    private Future<IdentityId> commit(Attempt attempt, Step step) {
        return store.commit(step.txn()).compose(result -> {
            if (result.succeeded()) {
                attempt.fresh = step.fresh();
                if (step.fresh()) {
                    LOGGER.atDebug()
                            .addKeyValue("identity", step.id())
                            .addKeyValue("labels", attempt.request.encoded())
                            .log("Identity allocated");
                }
                return Future.succeededFuture(step.id());
            }
            attempt.conflicts++;
            if (attempt.conflicts > MAX_CONFLICTS) {
                return Future.failedFuture(new IdentityException(
                        Reason.BUSY,
                        "labels: " + attempt.request.encoded() + ": others changed the same keys " + MAX_CONFLICTS
                                + " times (expected: one of the attempts to go through; try again)"));
            }
            if (step.fresh()) {
                attempt.lost.add(step.id());
            }
            return commit(attempt, next(attempt, Seen.of(step.reads(), result)));
        });
    }

    /** What to try, given what was seen. */
    private Step next(Attempt attempt, Seen seen) {
        Request request = attempt.request;
        Optional<String> decided = seen.value(request.labelKey());
        if (decided.isPresent()) {
            IdentityId id = parse(request, decided.get());
            Optional<String> holder = seen.valueOr(keys.id(id), request.encoded());
            if (holder.isPresent() && !holder.get().equals(request.encoded())) {
                throw new IdentityException(
                        Reason.REFUSED,
                        "another writer has allocated key " + keys.id(id) + ": it has " + holder.get()
                                + ", and identity "
                                + id + " is of labels " + request.encoded() + " (expected: the same labels; delete "
                                + request.labelKey() + " to give these labels a new number)");
            }
            return holder.isPresent() ? Step.refer(request, id) : Step.restore(request, id);
        }
        for (IdentityId id : written(request, seen)) {
            Optional<String> holder = seen.valueOr(keys.id(id), request.encoded());
            if (holder.isEmpty() || holder.get().equals(request.encoded())) {
                return Step.adopt(request, id, holder.isPresent());
            }
        }
        IdentityId id = known.free(ThreadLocalRandom.current(), attempt.lost)
                .orElseThrow(
                        () -> new IdentityException(Reason.EXHAUSTED, "no more available IDs in configured space"));
        return Step.create(request, id);
    }

    /** Numbers that others have given the label set, lowest first: by references, or by a number's key that was seen. */
    private Set<IdentityId> written(Request request, Seen seen) {
        Set<IdentityId> ids = new TreeSet<>();
        String prefix = keys.references(request.encoded());
        for (KeyValue entry : seen.entries().values()) {
            boolean reference = entry.key().startsWith(prefix)
                    && entry.key().indexOf('/', prefix.length()) < 0
                    && entry.value().matches("[1-9][0-9]{2,9}");
            if (reference && Long.parseLong(entry.value()) < IdentityId.SCOPE_LOCAL) {
                ids.add(IdentityId.parse(entry.value()));
            }
        }
        known.number(request.encoded()).ifPresent(ids::add);
        ids.removeIf(id -> (id.value() & 0xffff) < IdentityId.MIN_ALLOCATED);
        return ids;
    }

    private static IdentityId parse(Request request, String value) {
        IdentityId id;
        try {
            id = IdentityId.parse(value);
        } catch (IllegalArgumentException e) {
            throw new IdentityException(Reason.REFUSED, "store key " + request.labelKey() + ": " + e.getMessage());
        }
        if (id.value() >>> 24 != 0 || (id.value() & 0xffff) < IdentityId.MIN_ALLOCATED) {
            throw new IdentityException(
                    Reason.REFUSED,
                    "store key " + request.labelKey() + ": identity " + id
                            + " (expected: one that label sets are given)");
        }
        return id;
    }

    private static Backoff backoff() {
        return new Backoff(Duration.ofMillis(50), Duration.ofSeconds(1), ThreadLocalRandom.current());
    }

    /** One request on its way. Its steps follow one another, so no two threads are in it at once. */
    private static final class Attempt {
        private final Request request;
        private final Backoff backoff = backoff();
        private final Set<IdentityId> lost = new HashSet<>();
        private int conflicts;
        private boolean fresh;

        Attempt(Request request) {
            this.request = request;
        }
    }
}
