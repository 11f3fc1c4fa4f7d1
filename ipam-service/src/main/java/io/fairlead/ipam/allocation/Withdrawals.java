package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes withheld CIDRs free once every node but the one that had them has acknowledged their withdrawal. This is the only
 * way they become another node's. Any number of replicas may do so at once.
 */
public final class Withdrawals {
    private static final Logger LOGGER = LoggerFactory.getLogger(Withdrawals.class);

    private static final Duration AGAIN = Duration.ofMillis(500);
    /** How late a watch usually is. */
    private static final Duration MOMENT = Duration.ofMillis(50);
    /** Transactions begun at once. */
    private static final int AT_ONCE = 64;
    /** Nodes and blocks that a message goes into. */
    private static final int MANY = 10;

    private final KvStore store;
    private final IpamKeys keys;
    private final Occupancy occupancy;
    private final Convergence convergence;
    private final Timers timers;
    private final AtomicLong freed = new AtomicLong();
    // Deletions that have not been answered. guarded by: this
    private final Map<Withheld, Future<Long>> underWay = new HashMap<>();

    /** Starts to free what can be freed. */
    public Withdrawals(KvStore store, IpamKeys keys, Occupancy occupancy, Convergence convergence, Timers timers) {
        this.store = store;
        this.keys = keys;
        this.occupancy = occupancy;
        this.convergence = convergence;
        this.timers = timers;
        convergence.onLook(this::look);
    }

    /**
     * A CIDR that waits.
     *
     * @param cidr the CIDR
     * @param node who had it; empty when the store does not say so readably
     * @param revision of its withdrawal
     * @param waitingFor who has not acknowledged it, sorted
     */
    public record Waiting(Cidr cidr, String node, long revision, List<NodeName> waitingFor) {}

    /** Everything that is withheld, sorted. */
    public List<Waiting> list() {
        Occupancy.View view = occupancy.view();
        Acks acks = convergence.now(view);
        return view.withheld().stream()
                .sorted(java.util.Comparator.comparing(Withheld::cidr))
                .map(one -> new Waiting(
                        one.cidr(),
                        one.owner().substring(one.owner().indexOf('/') + 1),
                        one.revision(),
                        waitingFor(acks, one)))
                .toList();
    }

    /** How many this replica has freed. */
    public long freed() {
        return freed.get();
    }

    /** Frees at once what can be freed, and completes when that has been seen or should have been. */
    Future<Void> free() {
        Occupancy.View view = occupancy.view();
        Acks acks = convergence.now(view);
        List<Future<Long>> deletions = view.withheld().stream()
                .filter(one -> isFree(acks, one))
                .limit(AT_ONCE)
                .map(this::delete)
                .toList();
        if (deletions.isEmpty()) {
            return Future.succeededFuture();
        }
        return Future.all(deletions).compose(all -> {
            long last = deletions.stream().mapToLong(Future::result).max().orElse(0);
            if (last > 0) {
                return occupancy.reached(last);
            }
            // another replica was faster
            Promise<Void> later = Promise.promise();
            timers.after(MOMENT, later::tryComplete);
            return later.future();
        });
    }

    /** For people: which nodes the withheld blocks of a pool wait for; empty when none is withheld. */
    Optional<String> text(String pool, Ip.Family family) {
        Optional<ClusterPool> blocks = occupancy.pools().get(pool).flatMap(p -> p.family(family));
        Occupancy.View view = occupancy.view();
        List<Withheld> ours = view.withheld().stream()
                .filter(one -> blocks.stream().flatMap(b -> b.cidrs().stream()).anyMatch(c -> c.overlaps(one.cidr())))
                .toList();
        if (ours.isEmpty()) {
            return Optional.empty();
        }
        Acks acks = convergence.now(view);
        Set<NodeName> missing = new TreeSet<>();
        ours.stream().limit(MANY).forEach(one -> missing.addAll(waitingFor(acks, one)));
        String names = missing.stream().limit(MANY).map(NodeName::value).collect(Collectors.joining(", "));
        return Optional.of(ours.size() + " withheld until their withdrawal has been acknowledged by "
                + (missing.isEmpty() ? "nobody else, so free in a moment" : names)
                + (missing.size() > MANY ? " and " + (missing.size() - MANY) + " more" : ""));
    }

    private void look(Occupancy.View view, Acks acks) {
        int begun = 0;
        for (Withheld one : view.withheld()) {
            if (begun < AT_ONCE && isFree(acks, one)) {
                begun++;
                delete(one).onFailure(failure -> timers.after(AGAIN, convergence::changed));
            }
        }
    }

    private static boolean isFree(Acks acks, Withheld one) {
        return acks.has(one.revision(), one.owner(), Set.of(one.cidr().toString()));
    }

    private static List<NodeName> waitingFor(Acks acks, Withheld one) {
        return acks.late(one.revision(), one.owner(), Set.of(one.cidr().toString()), Convergence.MOST_NAMED).stream()
                .map(Acks.Late::node)
                .sorted()
                .distinct()
                .toList();
    }

    /** Deletes a withheld entry as it was seen; the revision is that of the deletion, 0 when it had changed. */
    private Future<Long> delete(Withheld one) {
        Promise<Long> promise = Promise.promise();
        synchronized (this) {
            Future<Long> running = underWay.get(one);
            if (running != null) {
                return running;
            }
            underWay.put(one, promise.future());
        }
        String key = keys.withheld(one.cidr());
        Txn txn = Txn.when(new Condition.Unchanged(key, one.revision())).then(new Op.Delete(key));
        return store.commit(txn)
                .map(result -> {
                    if (!result.succeeded()) {
                        return 0L;
                    }
                    freed.incrementAndGet();
                    LOGGER.atInfo()
                            .addKeyValue("podCidr", one.cidr())
                            .addKeyValue("node", one.owner())
                            .log("Withdrawal is acknowledged by all nodes, the block is free");
                    return result.revision();
                })
                .onComplete(ended -> {
                    end(one);
                    promise.handle(ended);
                });
    }

    private synchronized void end(Withheld one) {
        underWay.remove(one);
    }
}
