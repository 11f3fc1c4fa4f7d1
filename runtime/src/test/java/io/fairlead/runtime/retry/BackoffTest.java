package io.fairlead.runtime.retry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.runtime.retry.testing.ManualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BackoffTest {
    @Test
    void delaysDoubleUpToTheCapWithinTheirBounds() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1), new Random(1));
        for (long bound : new long[] {100, 200, 400, 800, 1000, 1000, 1000}) {
            assertThat(backoff.next()).isBetween(Duration.ofMillis(bound / 2), Duration.ofMillis(bound));
        }
        assertThat(backoff.attempts()).isEqualTo(7);
        backoff.reset();
        assertThat(backoff.next()).isLessThanOrEqualTo(Duration.ofMillis(100));
    }

    @Test
    void manyFailuresNeverOverflow() {
        Backoff backoff = new Backoff(Duration.ofNanos(1), Duration.ofDays(365), new Random(2));
        for (int i = 0; i < 200; i++) {
            assertThat(backoff.next()).isBetween(Duration.ZERO, Duration.ofDays(365));
        }
    }

    @Test
    void aShrinkingBackoffIsRefused() {
        assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(2), Duration.ofSeconds(1), new Random(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void manualTimeRunsWhatIsDueInOrder() {
        ManualTimers timers = new ManualTimers();
        List<String> ran = new ArrayList<>();
        timers.after(Duration.ofSeconds(2), () -> ran.add("two"));
        timers.after(
                Duration.ofSeconds(1), () -> timers.after(Duration.ofMillis(500), () -> ran.add("one and a half")));
        timers.after(Duration.ofSeconds(1), () -> ran.add("cancelled")).cancel();
        timers.advance(Duration.ofSeconds(2));
        assertThat(ran).containsExactly("one and a half", "two");
        assertThat(timers.waiting()).isZero();
    }
}
