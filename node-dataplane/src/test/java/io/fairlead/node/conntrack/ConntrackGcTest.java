package io.fairlead.node.conntrack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.CtKey;
import io.fairlead.node.kernel.NatEntry;
import io.fairlead.node.kernel.NatKey;
import io.fairlead.node.kernel.NatKey.Direction;
import io.fairlead.node.kernel.bpf.DatapathConfig.Lifetimes;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.runtime.retry.testing.ManualTimers;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConntrackGcTest {
    private static final Duration TEN = Duration.ofSeconds(10);
    private static final Duration FIVE_MINUTES = Duration.ofMinutes(5);

    private final FakeFlows flows = new FakeFlows();
    private final ManualTimers timers = new ManualTimers();
    private final Controller controller = new Controllers(Clock.systemUTC()).get(ConntrackGc.NAME);
    private final ConntrackGc gc = new ConntrackGc(flows.tables, Lifetimes.DEFAULT, Pace.LRU, timers, controller);

    @BeforeEach
    void start() {
        gc.start();
    }

    private void fill(int expired, int live) {
        for (int i = 0; i < expired + live; i++) {
            flows.tcp4.entries.put(
                    new CtKey(Ip.v4(1), Ip.v4(2), i, 80, 6), FakeFlows.until(i < expired ? -1 : Long.MAX_VALUE));
        }
    }

    @Test
    void theFirstPassComesAfterTheFirstInterval() {
        fill(10, 90);
        timers.advance(FIVE_MINUTES.minusNanos(1));
        assertThat(flows.tcp4.sweeps).isZero();
        assertThat(controller.state().lastSuccess()).isEmpty();
        timers.advance(Duration.ofNanos(1));
        assertThat(flows.tcp4.sweeps).isEqualTo(1);
        assertThat(flows.tcp4.entries).hasSize(90);
        assertThat(controller.state().lastSuccess()).isPresent();
        GcCounts counts = gc.counts();
        assertThat(counts.passes()).isEqualTo(1);
        assertThat(counts.interval()).as("a tenth is neither much nor little").isEqualTo(FIVE_MINUTES);
        assertThat(counts.tables())
                .containsOnlyKeys("nat4", "nat6", "ct4_tcp", "ct4_any", "ct6_tcp", "ct6_any")
                .containsEntry("ct4_tcp", new GcCounts.Table(90, 1000, 100, 10));
    }

    @Test
    void muchGarbageMakesPassesMoreFrequentDownToTheShortestInterval() {
        fill(50, 50);
        timers.advance(FIVE_MINUTES);
        assertThat(gc.counts().interval()).isEqualTo(FIVE_MINUTES.dividedBy(2));
        fill(100, 0);
        timers.advance(FIVE_MINUTES.dividedBy(2));
        assertThat(gc.counts().passes()).isEqualTo(2);
        assertThat(gc.counts().interval()).isEqualTo(TEN);
        assertThat(gc.counts().tables().get("ct4_tcp")).isEqualTo(new GcCounts.Table(0, 1000, 200, 150));
        timers.advance(TEN);
        assertThat(gc.counts().passes()).isEqualTo(3);
    }

    @Test
    void littleGarbageMakesPassesRarerUpToTheLongestInterval() {
        fill(1, 99);
        timers.advance(FIVE_MINUTES);
        assertThat(gc.counts().interval()).isEqualTo(Duration.ofSeconds(450));
        timers.advance(Duration.ofDays(4));
        assertThat(gc.counts().interval()).isEqualTo(Duration.ofHours(12));
        long passes = gc.counts().passes();
        timers.advance(Duration.ofDays(1));
        assertThat(gc.counts().passes() - passes).isEqualTo(2);
    }

    @Test
    void aNearlyFullTableHasAPassAtOnce() {
        fill(300, 700);
        flows.any4.filled = 0.89;
        timers.advance(TEN);
        assertThat(gc.counts().passes()).isZero();
        flows.nat6.filled = 0.91;
        timers.advance(TEN);
        assertThat(gc.counts().passes()).isEqualTo(1);
        assertThat(flows.tcp4.entries).hasSize(700);
    }

    @Test
    void aTableFullOfLiveConnectionsIsNotGoneThroughAllTheTime() {
        fill(0, 1000);
        flows.tcp4.filled = 1;
        timers.advance(Duration.ofHours(6));
        assertThat(gc.counts().passes()).isBetween(8L, 20L);
        fill(500, 500);
        gc.request();
        timers.advance(Duration.ZERO);
        long passes = gc.counts().passes();
        fill(500, 500);
        timers.advance(TEN.multipliedBy(2));
        assertThat(gc.counts().passes())
                .as("once it helps it is done at once again")
                .isGreaterThan(passes);
    }

    @Test
    void aRequestedPassComesAtOnceAndOnce() {
        fill(10, 90);
        gc.request();
        gc.request();
        timers.advance(Duration.ZERO);
        assertThat(gc.counts().passes()).isEqualTo(1);
        timers.advance(FIVE_MINUTES.minus(TEN));
        assertThat(gc.counts().passes()).isEqualTo(1);
    }

    @Test
    void translationsGoInThePassThatSeesTheirConnectionExpired() {
        timers.advance(Duration.ofMinutes(4));
        long now = timers.nanoTime();
        NatKey out = new NatKey(Ip.v4(1), Ip.v4(2), 1000, 80, 6, Direction.OUT);
        flows.nat4.map(out, new NatEntry(now, now, Ip.v4(3), 40000, false));
        flows.tcp4.entries.put(FakeFlows.key(Ip.v4(1), 1000, Ip.v4(2), 80, 6), FakeFlows.until(now + TEN.toNanos()));
        timers.advance(Duration.ofMinutes(1));
        assertThat(gc.counts().passes()).isEqualTo(1);
        assertThat(flows.tcp4.entries).isEmpty();
        assertThat(flows.nat4.entries).isEmpty();
        assertThat(gc.counts().tables().get("nat4")).isEqualTo(new GcCounts.Table(0, 1000, 2, 2));
    }

    @Test
    void aPassThatFailsIsSaidAndTriedAgainSooner() {
        flows.tcp6.fails = true;
        timers.advance(FIVE_MINUTES);
        assertThat(controller.state().lastError()).isEqualTo("read map ct6_tcp: EPERM (not today)");
        timers.advance(FIVE_MINUTES);
        assertThat(controller.state().consecutiveFailures()).isBetween(3, 15);
        assertThat(gc.counts().passes()).isZero();
        flows.tcp6.fails = false;
        timers.advance(FIVE_MINUTES);
        assertThat(controller.state().consecutiveFailures()).isZero();
        assertThat(gc.counts().passes()).isEqualTo(1);
        timers.advance(Duration.ofSeconds(450));
        assertThat(gc.counts().passes()).as("at the interval again").isEqualTo(2);
    }

    @Test
    void nothingIsDoneAfterItIsClosed() {
        timers.advance(TEN);
        gc.close();
        gc.request();
        timers.advance(Duration.ofDays(1));
        assertThat(flows.tcp4.sweeps).isZero();
        assertThat(timers.waiting()).isZero();
    }

    @Test
    void aPaceThatDoesNotRiseIsRefused() {
        assertThatThrownBy(() -> new Pace(FIVE_MINUTES, Duration.ofMinutes(6), Duration.ofHours(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("PT5M")
                .hasMessageContaining("expected:");
        assertThatThrownBy(() -> new Pace(Duration.ZERO, Duration.ZERO, TEN))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void itsThreadRunsActionsOneByOneInTheProgramsTime() throws Exception {
        AtomicReference<String> thread = new AtomicReference<>("none");
        CountDownLatch ran = new CountDownLatch(1);
        try (OwnThread own = new OwnThread("ct-gc-test")) {
            own.after(TEN.multipliedBy(1000), () -> thread.set("cancelled too late"))
                    .cancel();
            own.after(Duration.ofMillis(1), () -> {
                thread.set(Thread.currentThread().getName());
                ran.countDown();
            });
            assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(thread.get()).isEqualTo("ct-gc-test");
            // /proc/timer_list says what CLOCK_MONOTONIC is now, in ns, for root only
            java.nio.file.Path list = java.nio.file.Path.of("/proc/timer_list");
            if (java.nio.file.Files.isReadable(list)) {
                long kernel = java.nio.file.Files.readAllLines(list).stream()
                        .filter(line -> line.startsWith("now at "))
                        .mapToLong(line -> Long.parseLong(line.split(" ")[2]))
                        .findFirst()
                        .orElseThrow();
                assertThat(own.nanoTime()).isCloseTo(kernel, within(TEN.toNanos()));
            }
        }
    }
}
