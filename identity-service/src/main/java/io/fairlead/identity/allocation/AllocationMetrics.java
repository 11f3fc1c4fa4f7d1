package io.fairlead.identity.allocation;

import io.fairlead.runtime.retry.Timers;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Counts and times what becomes of requests for a number. Any thread may call. */
final class AllocationMetrics {
    private static final String COUNT = "fairlead.identity.allocations";

    private final MeterRegistry registry;
    private final Timers timers;
    private final Timer duration;
    private final Map<String, Counter> counters = new ConcurrentHashMap<>();

    AllocationMetrics(MeterRegistry registry, Timers timers) {
        this.registry = registry;
        this.timers = timers;
        this.duration = Timer.builder("fairlead.identity.allocation.duration")
                .description("time from a request for a number until its answer")
                .publishPercentileHistogram(false)
                .register(registry);
        given(true, 0);
        given(false, 0);
    }

    /** A label set got a number, or its number was said again. */
    void given(boolean fresh) {
        given(fresh, 1);
    }

    private void given(boolean fresh, double count) {
        counter(fresh ? "new" : "known").increment(count);
    }

    private Counter counter(String outcome) {
        return counters.computeIfAbsent(
                outcome,
                name -> Counter.builder(COUNT)
                        .description("requests for an identity's number, by what became of them")
                        .tag("outcome", name)
                        .register(registry));
    }

    <T> Future<T> measured(Supplier<Future<T>> request) {
        long start = timers.nanoTime();
        return request.get().onComplete(done -> {
            duration.record(Duration.ofNanos(timers.nanoTime() - start));
            if (done.failed()) {
                String outcome = done.cause() instanceof IdentityException refused
                        ? refused.reason().name().toLowerCase(Locale.ROOT)
                        : "unavailable";
                counter(outcome).increment();
            }
        });
    }
}
