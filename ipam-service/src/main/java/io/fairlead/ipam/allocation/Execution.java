package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Carries out work: reads, plans, commits, and plans again from what a lost transaction read. Any thread may call. */
final class Execution {
    /** Transactions that may lose to others before a request gives up. */
    private static final int MAX_CONFLICTS = 32;
    /** Requests to the store that may go unanswered before a request gives up. */
    private static final int MAX_FAILURES = 3;
    /** Lost blocks after which the lowest free one is no longer the best choice. */
    private static final int CROWDED = 2;
    /** Times that withheld blocks are looked through for some that can be free. */
    private static final int MAX_LOOKS = 3;
    /** Most free blocks that are passed over, as a power of two. */
    private static final int MAX_SPREAD = 12;

    private final KvStore store;
    private final Occupancy occupancy;
    private final Withdrawals withdrawals;
    private final Restored restored;
    private final Retrying retrying;

    Execution(KvStore store, NodeAllocator.Blocked blocked, Timers timers) {
        this.store = store;
        this.occupancy = blocked.occupancy();
        this.withdrawals = blocked.withdrawals();
        this.restored = blocked.restored();
        // starts anew after an unanswered request: what took effect is then seen
        this.retrying = new Retrying(
                timers, failure -> failure instanceof KvException e && e.kind() != FailureKind.GIVE_UP, MAX_FAILURES);
    }

    /** What came of it: {@link IpamException} when it cannot be, {@link KvException} when the store does not answer. */
    Future<Registered> run(Work work) {
        Attempt attempt = new Attempt(work, new Choice());
        Backoff backoff = new Backoff(Duration.ofMillis(50), Duration.ofSeconds(1), ThreadLocalRandom.current());
        return retrying.call(backoff, () -> begin(attempt)).onComplete(done -> {
            Set<Cidr> reserved = Set.copyOf(attempt.choice.reserved);
            // until the watch says so itself: else the next request would choose them, and lose
            Future<Void> known =
                    done.succeeded() ? occupancy.reached(done.result().revision()) : Future.succeededFuture();
            known.onComplete(seen -> reserved.forEach(occupancy::unreserve));
        });
    }

    private Future<Registered> begin(Attempt attempt) {
        if (attempt.work.startsFromNothing()) {
            // a refusal may come from what was not read
            return Future.<Void>succeededFuture()
                    .compose(ignored -> step(attempt, Seen.NOTHING, 0))
                    .recover(
                            failure -> failure instanceof IpamException ? look(attempt) : Future.failedFuture(failure));
        }
        return look(attempt);
    }

    private Future<Registered> look(Attempt attempt) {
        return read(attempt.work.firstReads()).compose(seen -> step(attempt, seen, 0));
    }

    private record Attempt(Work work, Choice choice) {}

    private Future<Registered> step(Attempt attempt, Seen seen, int conflicts) {
        Plan plan = attempt.work.plan(seen, attempt.choice);
        if (plan instanceof Plan.Nothing nothing) {
            return Future.succeededFuture(nothing.registered());
        }
        if (plan instanceof Plan.Write write) {
            return commit(attempt, write, conflicts);
        }
        if (plan instanceof Plan.Doubt doubt) {
            return verify(attempt, doubt).compose(gone -> step(attempt, seen, conflicts));
        }
        if (plan instanceof Plan.Choose choose) {
            return choose(attempt, choose.family()).compose(chosen -> step(attempt, seen, conflicts));
        }
        attempt.choice.lose(((Plan.Lost) plan).block());
        return step(attempt, seen, conflicts);
    }

    private Future<Registered> commit(Attempt attempt, Plan.Write write, int conflicts) {
        return store.commit(write.txn()).compose(result -> {
            if (result.succeeded()) {
                return Future.succeededFuture(new Registered(write.podCidrs(), result.revision(), true));
            }
            if (conflicts >= MAX_CONFLICTS) {
                return Future.failedFuture(new IpamException(
                        Reason.BUSY,
                        "node " + attempt.work.owner().node() + ": others changed the same keys " + MAX_CONFLICTS
                                + " times (expected: one of the attempts to go through; try again)"));
            }
            return step(attempt, Seen.of(write.reads(), result), conflicts + 1);
        });
    }

    /** The watch may be late: only what is in the store is a reason to refuse. */
    private Future<Void> verify(Attempt attempt, Plan.Doubt doubt) {
        return store.get(doubt.key()).compose(entry -> {
            if (entry.isPresent()) {
                return Future.failedFuture(doubt.refusal());
            }
            attempt.choice.gone.add(doubt.key());
            return Future.succeededFuture();
        });
    }

    private Future<Void> choose(Attempt attempt, Ip.Family family) {
        Optional<String> unknown = occupancy.unknownHolder().filter(key -> !attempt.choice.gone.contains(key));
        if (unknown.isPresent()) {
            return verify(attempt, new Plan.Doubt(unknown.get(), Registering.unreadable(unknown.get())))
                    .compose(gone -> choose(attempt, family));
        }
        String pool = attempt.work.pool();
        Choice choice = attempt.choice;
        Optional<Cidr> own = occupancy.ownWithheld(attempt.work.owner(), pool, family, choice.lost);
        if (own.isPresent()) {
            choice.choose(own.get());
            return Future.succeededFuture();
        }
        return restored.check()
                .compose(
                        wait -> wait.isZero()
                                ? chooseFree(attempt, family)
                                : Future.failedFuture(
                                        new IpamException(
                                                Reason.BUSY,
                                                "node " + attempt.work.owner().node()
                                                        + ": no new pod CIDR is given for "
                                                        + (wait.toSeconds() + 1)
                                                        + " s more: the store was restored from a backup, and"
                                                        + " nodes register with those they have first (expected: to be asked again then)")));
    }

    private Future<Void> chooseFree(Attempt attempt, Ip.Family family) {
        String pool = attempt.work.pool();
        Choice choice = attempt.choice;
        long skip = choice.lost.size() < CROWDED
                ? 0
                : ThreadLocalRandom.current().nextLong(1L << Math.min(choice.lost.size() + 1, MAX_SPREAD));
        Optional<Cidr> free = occupancy.reserve(pool, family, skip, choice.lost);
        if (free.isPresent()) {
            choice.reserved.add(free.get());
            choice.choose(free.get());
            return Future.succeededFuture();
        }
        if (choice.looks == MAX_LOOKS) {
            return Future.failedFuture(exhausted(attempt.work, family));
        }
        choice.looks++;
        return withdrawals.free().compose(looked -> choose(attempt, family));
    }

    private IpamException exhausted(Work work, Ip.Family family) {
        Optional<ClusterPool> blocks = occupancy.pools().get(work.pool()).flatMap(p -> p.family(family));
        if (blocks.isEmpty()) {
            return new IpamException(
                    Reason.INVALID,
                    "pool " + work.pool() + ": has no " + ClusterPool.text(family)
                            + " (expected: a family it has CIDRs of)");
        }
        Occupancy.Usage usage = occupancy.usage(work.pool(), family);
        Optional<String> withheld = withdrawals.text(work.pool(), family);
        return new IpamException(
                Reason.EXHAUSTED,
                "allocator full: Unable to allocate node CIDR for node "
                        + work.owner().node() + ". IPAMInfo: {pool: "
                        + work.pool() + ", " + ClusterPool.Names.of(family).cidrs() + ": " + blocks.get() + ", taken: "
                        + usage.taken() + " of " + usage.blocks()
                        + withheld.map(text -> ", " + text).orElse("")
                        + "}. Please check that your configuration is correct.");
    }

    private Future<Seen> read(List<Op> reads) {
        return store.commit(new Txn(List.of(), reads, List.of())).map(result -> Seen.of(reads, result));
    }
}
