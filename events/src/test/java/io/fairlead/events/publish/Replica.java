package io.fairlead.events.publish;

import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.events.kafka.Broker;
import io.fairlead.events.source.StateSource;
import io.fairlead.events.source.StoreSources;
import io.fairlead.kvstore.KvStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A lane as a replica of a service has it. */
public final class Replica {
    final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    final Lane lane;
    private final Owner owner = new Owner();

    public Replica(KvStore store, Broker broker, Path outbox, long max) {
        this(store, broker, outbox, max, StoreSources.identities(StoreKeys.DEFAULT));
    }

    public Replica(KvStore store, Broker broker, Path outbox, long max, StateSource source) {
        lane = new StateLane(place(broker, outbox, max), store, source);
        lane.start();
    }

    private LanePlace place(Broker broker, Path outbox, long max) {
        return new LanePlace(owner, broker, metrics, "default", outbox, max, Duration.ofSeconds(1));
    }

    double bytes() {
        return metrics.get("fairlead.events.outbox.bytes").gauge().value();
    }

    public double published() {
        return metrics.get("fairlead.events.published").counter().count();
    }

    public String text() {
        return lane.text();
    }

    public double records() {
        return metrics.get("fairlead.events.outbox.records").gauge().value();
    }

    double errors() {
        return metrics.get("fairlead.events.errors").counter().count();
    }

    public void stop() {
        try {
            lane.stop().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            owner.close();
        }
    }

    /** What kill -9 does, as far as threads go; the caller closes the store first, and the outbox's lock stays. */
    public void freeze() {
        owner.close();
    }

    public static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within 20 s: " + what);
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }
}
