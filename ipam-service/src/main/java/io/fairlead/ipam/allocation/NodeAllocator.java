package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.FailureKind;
import io.fairlead.contract.NodeName;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.runtime.retry.Backoff;
import io.fairlead.runtime.retry.Retrying;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers and releases nodes, safe with any number of replicas on one store.
 *
 * <p>A new node costs two round trips: one to see what is there, one transaction that claims block and addresses and writes
 * the record, all or nothing. Claims hang on no lease: only {@link #release} ends them. Any thread may call; futures
 * complete on the store's thread.
 */
public final class NodeAllocator {
    private static final Logger LOGGER = LoggerFactory.getLogger(NodeAllocator.class);

    /** Transactions that may lose to others before a request gives up. */
    private static final int MAX_CONFLICTS = 32;
    /** Requests to the store that may go unanswered before a request gives up. */
    private static final int MAX_FAILURES = 3;
    /** Lost blocks after which the lowest free one is no longer the best choice. */
    private static final int CROWDED = 2;

    private final KvStore store;
    private final ClusterName cluster;
    private final IpamKeys keys;
    private final ClusterPool pool;
    private final Occupancy occupancy;
    private final Planner planner;
    private final Retrying retrying;

    /** An allocator for the nodes of one cluster; {@code occupancy} watches the same store. */
    public NodeAllocator(KvStore store, IpamKeys keys, Cluster cluster, Occupancy occupancy, Timers timers) {
        this.store = store;
        this.cluster = cluster.name();
        this.keys = keys;
        this.pool = cluster.pool();
        this.occupancy = occupancy;
        this.planner = new Planner(keys, pool, new RecordWriter(cluster.id()), occupancy);
        // starts anew after an unanswered request: what took effect is then seen
        this.retrying = new Retrying(
                timers, failure -> failure instanceof KvException e && e.kind() != FailureKind.GIVE_UP, MAX_FAILURES);
    }

    /**
     * Whose nodes are registered, and from which pool.
     *
     * @param name the cluster's name
     * @param id its number, 0 to 255
     * @param pool where blocks come from
     */
    public record Cluster(ClusterName name, int id, ClusterPool pool) {}

    /**
     * Makes a node known and gives it a block, the same one for as long as it is not released. Fails with
     * {@link IpamException} when the request cannot be carried out, {@link KvException} when the store does not answer.
     */
    public Future<Registered> register(Registration asked) {
        Owner owner = new Owner(cluster, asked.node());
        Attempt attempt = new Attempt(owner, asked);
        return Future.<Void>succeededFuture()
                .compose(ignored -> {
                    planner.check(asked);
                    return retrying.call(
                            attempt.backoff,
                            () -> read(planner.firstReads(owner)).compose(seen -> step(attempt, seen)));
                })
                .onSuccess(done -> LOGGER.atInfo()
                        .addKeyValue("node", asked.node())
                        .addKeyValue("podCidr", done.podCidr())
                        .addKeyValue("revision", done.revision())
                        .log("Node is registered"))
                .eventually(() -> {
                    attempt.reserved.ifPresent(occupancy::unreserve);
                    return Future.succeededFuture();
                });
    }

    /**
     * Removes a node's record and everything it holds, at once. The block may be another node's right after.
     *
     * @return false when nothing was known of the node
     */
    public Future<Boolean> release(NodeName node) {
        Owner owner = new Owner(cluster, node);
        Backoff backoff = backoff();
        Release release = new Release(keys, owner);
        return retrying.call(backoff, () -> read(release.firstReads()).compose(seen -> release(release, seen, 0)))
                .onSuccess(done -> LOGGER.atInfo()
                        .addKeyValue("node", node)
                        .addKeyValue("released", done)
                        .log("Node release"));
    }

    /** Fails when the store's blocks have another size than this replica's configuration says. */
    public Future<Void> checkLayout() {
        return store.get(keys.maskSize()).compose(entry -> {
            String ours = Integer.toString(pool.maskSize());
            if (entry.isPresent() && !entry.get().value().equals(ours)) {
                return Future.failedFuture(planner.otherMaskSize(entry.get().value()));
            }
            return Future.succeededFuture();
        });
    }

    private Future<Registered> step(Attempt attempt, Seen seen) {
        Plan plan = planner.plan(attempt.owner, attempt.asked, seen, attempt.reserved);
        if (plan instanceof Plan.Nothing nothing) {
            return Future.succeededFuture(nothing.registered());
        }
        if (plan instanceof Plan.Write write) {
            return commit(attempt, write);
        }
        if (plan instanceof Plan.Lost lost) {
            attempt.lost.add(lost.block());
        }
        choose(attempt);
        return step(attempt, seen);
    }

    private Future<Registered> commit(Attempt attempt, Plan.Write write) {
        return store.commit(write.txn()).compose(result -> {
            if (result.succeeded()) {
                return Future.succeededFuture(new Registered(write.podCidr(), result.revision()));
            }
            attempt.conflicts++;
            if (attempt.conflicts > MAX_CONFLICTS) {
                return Future.failedFuture(busy(attempt.owner));
            }
            return step(attempt, Seen.of(write.reads(), result));
        });
    }

    private void choose(Attempt attempt) {
        Optional<String> unknown = occupancy.unknownHolder();
        if (unknown.isPresent()) {
            throw Planner.unreadable(unknown.get());
        }
        attempt.reserved.ifPresent(occupancy::unreserve);
        int start =
                attempt.lost.size() < CROWDED ? 0 : ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE);
        attempt.reserved = occupancy.reserve(start, attempt.lost);
        if (attempt.reserved.isEmpty()) {
            throw new IpamException(
                    Reason.EXHAUSTED,
                    "allocator full: Unable to allocate node CIDR for node " + attempt.owner.node() + ". IPAMInfo: {"
                            + ClusterPool.CIDR_KEY + ": " + pool + ", taken: " + occupancy.takenBlocks() + " of "
                            + pool.size() + "}. Please check that your configuration is correct.");
        }
    }

    private Future<Boolean> release(Release release, Seen seen, int conflicts) {
        Change change = release.plan(seen);
        if (change.isEmpty()) {
            return Future.succeededFuture(false);
        }
        Txn txn = change.txn();
        return store.commit(txn).compose(result -> {
            if (result.succeeded()) {
                return Future.succeededFuture(true);
            }
            return conflicts >= MAX_CONFLICTS
                    ? Future.failedFuture(busy(release.owner()))
                    : release(release, Seen.of(change.reads(), result), conflicts + 1);
        });
    }

    private Future<Seen> read(List<Op> reads) {
        return store.commit(new Txn(List.of(), reads, List.of())).map(result -> Seen.of(reads, result));
    }

    private static Backoff backoff() {
        return new Backoff(Duration.ofMillis(50), Duration.ofSeconds(1), ThreadLocalRandom.current());
    }

    private static IpamException busy(Owner owner) {
        return new IpamException(
                Reason.BUSY,
                "node " + owner.node() + ": others changed the same keys " + MAX_CONFLICTS
                        + " times (expected: one of the attempts to go through; try again)");
    }

    /** One request on its way. Its steps follow one another, so no two threads are in it at once. */
    private static final class Attempt {
        private final Owner owner;
        private final Registration asked;
        private final Backoff backoff = backoff();
        private final Set<Cidr> lost = new HashSet<>();
        private Optional<Cidr> reserved = Optional.empty();
        private int conflicts;

        Attempt(Owner owner, Registration asked) {
            this.owner = owner;
            this.asked = asked;
        }
    }
}
