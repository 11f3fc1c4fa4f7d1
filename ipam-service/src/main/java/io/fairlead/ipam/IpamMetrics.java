package io.fairlead.ipam;

import io.fairlead.contract.Ip;
import io.fairlead.ipam.allocation.IpamException;
import io.fairlead.ipam.allocation.Occupancy;
import io.fairlead.ipam.pool.Pool;
import io.fairlead.ipam.pool.Pools;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** What this replica counts, and how full the pools are. Any thread may call. */
public final class IpamMetrics {
    static final String EVENTS = "what was done to nodes, blocks and pools, by action";

    private final MeterRegistry registry;
    private final Occupancy occupancy;
    private final MultiGauge capacity;
    private final MultiGauge blocks;
    // guarded by: this
    private Pools shown = Pools.NONE;

    /** Registers everything; pools that appear later on follow by themselves. */
    public IpamMetrics(MeterRegistry registry, Occupancy occupancy) {
        this.registry = registry;
        this.occupancy = occupancy;
        capacity = MultiGauge.builder("fairlead_ipam_capacity")
                .description("blocks of a pool")
                .register(registry);
        blocks = MultiGauge.builder("fairlead_ipam_blocks")
                .description("blocks of a pool by state: taken, withheld, free")
                .register(registry);
        occupancy.onChange(this::show);
    }

    /** Counts a request that was carried out; one that found everything so already is not counted. */
    public void event(String action, boolean changed) {
        if (changed) {
            Counter.builder("fairlead_ipam_events")
                    .description(EVENTS)
                    .tag("action", action)
                    .register(registry)
                    .increment();
        }
    }

    /** Measures a registration, by how it ended. */
    public <T> Future<T> timed(Supplier<Future<T>> registration) {
        Timer.Sample sample = Timer.start(registry);
        return Future.succeededFuture()
                .compose(ignored -> registration.get())
                .onComplete(ended -> sample.stop(Timer.builder("fairlead_ipam_registration")
                        .description("how long registering a node took, by outcome")
                        .tag("outcome", ended.succeeded() ? "success" : outcome(ended.cause()))
                        .register(registry)));
    }

    private static String outcome(Throwable failure) {
        if (failure instanceof IpamException refused) {
            return refused.reason().name().toLowerCase(Locale.ROOT);
        }
        return failure instanceof IllegalArgumentException ? "invalid" : "unavailable";
    }

    private synchronized void show() {
        Pools pools = occupancy.pools();
        if (pools == shown) {
            return;
        }
        shown = pools;
        List<MultiGauge.Row<?>> capacities = new ArrayList<>();
        List<MultiGauge.Row<?>> states = new ArrayList<>();
        for (Pool pool : pools.all()) {
            for (Ip.Family family : pool.families().keySet()) {
                Tags tags = Tags.of("pool", pool.name(), "family", family == Ip.Family.V4 ? "ipv4" : "ipv6");
                capacities.add(row(tags, pool, family, Occupancy.Usage::blocks));
                states.add(row(tags.and("state", "taken"), pool, family, Occupancy.Usage::taken));
                states.add(row(tags.and("state", "withheld"), pool, family, Occupancy.Usage::withheld));
                states.add(row(tags.and("state", "free"), pool, family, Occupancy.Usage::free));
            }
        }
        capacity.register(capacities, true);
        blocks.register(states, true);
    }

    private MultiGauge.Row<?> row(Tags tags, Pool pool, Ip.Family family, ToLongFunction<Occupancy.Usage> value) {
        return MultiGauge.Row.of(tags, occupancy, o -> (double) value.applyAsLong(o.usage(pool.name(), family)));
    }
}
