package io.fairlead.identity.upkeep;

import io.fairlead.identity.allocation.KnownIdentities;
import io.fairlead.runtime.retry.Timers;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after identities: pass by pass, and at once when a node is released or a key vanishes. Any thread may call; one
 * thing is done at a time.
 */
public final class Upkeep implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Upkeep.class);
    /** After a key vanished: both keys of a removal have been seen by then, and replicas do not all begin together. */
    private static final int TORN_MS = 500;

    private final Realm realm;
    private final UpkeepOptions options;
    private final Timers timers;
    private final UpkeepMetrics metrics;
    private final Presence presence;
    private final ReleasedNodes released;
    private final Restorer restorer;
    private final UnusedReferences unused;
    private final Collector collector;
    private final Resting resting;
    // The last thing to do: what comes next waits for it. guarded by: this
    private Future<Void> last = Future.succeededFuture();
    // guarded by: this
    private boolean sweepPlanned;
    private volatile boolean closed;

    /**
     * Looks at nodes, but does nothing yet.
     *
     * @param known watches the same store
     */
    public Upkeep(
            Realm realm,
            UpkeepOptions options,
            KnownIdentities known,
            Acknowledgements nodes,
            Timers timers,
            MeterRegistry registry) {
        this.realm = realm;
        this.options = options;
        this.timers = timers;
        this.metrics = new UpkeepMetrics(registry);
        this.presence = new Presence(realm, timers::nanoTime, () -> sweepAfter(options.grace()));
        this.released = new ReleasedNodes(realm, presence, options.grace());
        this.restorer = new Restorer(realm);
        this.unused = new UnusedReferences(realm, options.unused());
        this.collector = new Collector(realm, timers, options.perMinute());
        this.resting = new Resting(realm, nodes, options.interval());
        known.onTorn(this::torn);
    }

    /** Begins with a pass as soon as the nodes are known, and goes on. */
    public void start() {
        presence.synced().onSuccess(synced -> passThenWait());
    }

    /** A pass, after whatever is being done. What fails is logged and tried again with the next pass. */
    public Future<Void> pass() {
        return inTurn(
                "pass",
                () -> Inventory.read(realm)
                        .compose(found -> released.sweep(found, timers.nanoTime())
                                .onSuccess(this::swept)
                                .compose(swept -> restorer.restore(found, presence))
                                .onSuccess(metrics::restored)
                                .compose(restored -> unused.sweep(found, presence, timers.nanoTime()))
                                .onSuccess(metrics::removed)
                                .compose(removed -> collector.pass(found))
                                .onSuccess(metrics::collected)
                                .compose(collected -> resting.pass(found.resting(), timers.nanoTime())))
                        .onComplete(done -> metrics.ran(done.succeeded()))
                        .mapEmpty());
    }

    /** Removes what nodes left that are gone for long enough. */
    Future<Void> sweep() {
        return inTurn(
                "sweep",
                () -> Inventory.uses(realm)
                        .compose(found -> released.sweep(found, timers.nanoTime()))
                        .onSuccess(this::swept)
                        .mapEmpty());
    }

    /** Completes when the nodes are known. */
    Future<Void> synced() {
        return presence.synced();
    }

    @Override
    public void close() {
        closed = true;
        presence.close();
    }

    private void passThenWait() {
        if (closed) {
            return;
        }
        pass().onComplete(done -> {
            long ms = options.interval().toMillis();
            // never sooner than the interval: numbers rest for at least as long
            timers.after(Duration.ofMillis(ms + ThreadLocalRandom.current().nextLong(ms / 10 + 1)), this::passThenWait);
        });
    }

    private void swept(ReleasedNodes.Swept swept) {
        metrics.removed(swept.removed());
        swept.next().ifPresent(ns -> sweepAfter(Duration.ofNanos(ns)));
    }

    private void sweepAfter(Duration delay) {
        synchronized (this) {
            if (sweepPlanned || closed) {
                return;
            }
            sweepPlanned = true;
        }
        timers.after(delay.plusMillis(1), () -> {
            synchronized (this) {
                sweepPlanned = false;
            }
            sweep();
        });
    }

    private void torn(String labels) {
        int ms = TORN_MS + ThreadLocalRandom.current().nextInt(TORN_MS);
        timers.after(
                Duration.ofMillis(ms),
                () -> inTurn(
                        "restore",
                        () -> restorer.restore(labels)
                                .onSuccess(metrics::restored)
                                .mapEmpty()));
    }

    private Future<Void> inTurn(String what, Supplier<Future<Void>> work) {
        Promise<Void> done = Promise.promise();
        Future<Void> before;
        synchronized (this) {
            before = last;
            last = done.future();
        }
        before.onComplete(ignored -> {
            if (closed) {
                done.complete();
                return;
            }
            work.get().onComplete(result -> {
                if (result.failed()) {
                    LOGGER.atWarn()
                            .addKeyValue("what", what)
                            .addKeyValue("reason", String.valueOf(result.cause()))
                            .log("Identity upkeep failed, trying again later");
                }
                done.complete();
            });
        });
        return done.future();
    }
}
