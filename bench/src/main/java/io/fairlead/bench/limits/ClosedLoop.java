package io.fairlead.bench.limits;

import io.fairlead.bench.scale.Quantiles;
import io.vertx.core.Future;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Operations of which a fixed number is on its way at any moment: each that ends begins the next. */
final class ClosedLoop {
    private final IntFunction<Future<?>> operation;
    private final int from;
    private final int count;
    private final AtomicInteger next = new AtomicInteger();
    private final CountDownLatch left;
    private final Quantiles latencies = new Quantiles();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /**
     * What a run took.
     *
     * @param rate operations a second
     */
    record Result(double rate, Quantiles latencies) {}

    private ClosedLoop(IntFunction<Future<?>> operation, int from, int count) {
        this.operation = operation;
        this.from = from;
        this.count = count;
        this.left = new CountDownLatch(count);
    }

    /**
     * Runs operations {@code from} to {@code from + count}.
     *
     * @throws IllegalStateException when one fails, or they do not end within two minutes
     */
    static Result run(IntFunction<Future<?>> operation, int from, int count, int atOnce) {
        ClosedLoop loop = new ClosedLoop(operation, from, count);
        long begun = System.nanoTime();
        for (int i = 0; i < Math.min(atOnce, count); i++) {
            loop.begin();
        }
        try {
            if (!loop.left.await(2, TimeUnit.MINUTES)) {
                throw new IllegalStateException("operations: " + loop.left.getCount() + " of " + count
                        + " left (expected: all done within two minutes)");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        Throwable cause = loop.failure.get();
        if (cause != null) {
            throw new IllegalStateException("an operation failed", cause);
        }
        return new Result(count / ((System.nanoTime() - begun) / 1e9), loop.latencies);
    }

    private void begin() {
        int number = next.getAndIncrement();
        if (number >= count) {
            return;
        }
        long begun = System.nanoTime();
        Future<?> running = operation.apply(from + number);
        running.onComplete(done -> {
            long nanos = System.nanoTime() - begun;
            if (done.failed()) {
                failure.compareAndSet(null, done.cause());
            }
            synchronized (latencies) {
                latencies.add(nanos);
            }
            begin();
            left.countDown();
        });
    }
}
