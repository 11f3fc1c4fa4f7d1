package io.fairlead.node.health;

import io.fairlead.contract.Ip;
import io.fairlead.runtime.retry.testing.ManualTimers;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Nodes that answer or do not, time that a test advances, and a record of what was asked when. */
final class FakeCluster implements Probes {
    static final Instant START = Instant.parse("2022-01-19T06:44:27Z");

    final ManualTimers timers = new ManualTimers();
    final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return START.plusNanos(timers.nanoTime());
        }
    };
    final List<Asked> asked = new ArrayList<>();
    final Set<Ip> silent = new HashSet<>();
    final List<CompletableFuture<Duration>> held = new ArrayList<>();
    boolean hold;
    List<HealthNode> nodes = List.of();

    record Asked(long millis, Kind kind, Ip ip) {}

    /** This node is the first. */
    static HealthNode node(int number) {
        return new HealthNode(
                String.format("dev%05d", number),
                number == 1,
                List.of(Ip.v4(0x0a000000 + number)),
                List.of(Ip.v4(0x0b000000 + number)));
    }

    void size(int count) {
        List<HealthNode> all = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            all.add(node(i));
        }
        nodes = List.copyOf(all);
    }

    Prober prober() {
        return new Prober(HealthSettings.DEFAULT, () -> nodes, this, new Prober.Time(timers, clock, new Random(5)));
    }

    @Override
    public synchronized CompletableFuture<Duration> probe(Kind kind, Ip ip, Duration deadline) {
        asked.add(new Asked(timers.nanoTime() / 1_000_000, kind, ip));
        if (hold) {
            CompletableFuture<Duration> answer = new CompletableFuture<>();
            held.add(answer);
            return answer;
        }
        return silent.contains(ip)
                ? CompletableFuture.failedFuture(new IOException(TIMED_OUT))
                : CompletableFuture.completedFuture(Duration.ofNanos(287_500));
    }
}
