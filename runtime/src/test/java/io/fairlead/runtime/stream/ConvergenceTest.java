package io.fairlead.runtime.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ConvergenceTest {
    /** The same, by looking at every node for every version. */
    private static final class Plain {
        final List<long[]> published = new ArrayList<>();
        final Map<Integer, Long> nodes = new HashMap<>();
        final List<Long> samples = new ArrayList<>();
        int complete;

        void complete(long now, boolean sampled) {
            while (complete < published.size()) {
                long position = complete + 1L;
                if (nodes.values().stream().anyMatch(at -> at < position)) {
                    return;
                }
                if (sampled) {
                    samples.add(now - published.get(complete)[1]);
                }
                complete++;
            }
        }
    }

    @Test
    void countingGivesWhatLookingAtEveryNodeGives() {
        for (long seed = 1; seed <= 50; seed++) {
            Random random = new Random(seed);
            Convergence convergence = new Convergence(new SimpleMeterRegistry());
            Plain plain = new Plain();
            Map<Integer, Long> positions = new HashMap<>();
            for (long now = 0; now < 3_000; now++) {
                int node = random.nextInt(20);
                Long position = positions.get(node);
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        convergence.published(now, now == 0, now);
                        plain.published.add(new long[] {now, now});
                        plain.complete(now, false);
                    }
                    case 2 -> {
                        if (position == null) {
                            long from = random.nextInt(1 + (int) convergence.newest());
                            positions.put(node, convergence.join(from));
                            plain.nodes.put(node, Math.max(from, plain.complete));
                        } else if (random.nextInt(3) == 0) {
                            positions.remove(node);
                            convergence.leave(position, now);
                            plain.nodes.remove(node);
                            plain.complete(now, false);
                        }
                    }
                    default -> {
                        if (position != null && position < convergence.newest()) {
                            long to = position + 1 + random.nextInt((int) (convergence.newest() - position));
                            positions.put(node, convergence.move(position, to, now));
                            plain.nodes.put(node, to);
                            plain.complete(now, true);
                        }
                    }
                }
            }
            ConvergenceSummary summary = convergence.summary();
            List<Long> sorted = plain.samples.stream().sorted().toList();
            assertThat(summary.samples()).as("seed %d", seed).isEqualTo(sorted.size());
            assertThat(summary.median()).as("seed %d", seed).isEqualTo(sorted.get((sorted.size() - 1) / 2));
            assertThat(summary.max()).as("seed %d", seed).isEqualTo(sorted.get(sorted.size() - 1));
        }
    }

    @Test
    void anyNumberOfVersionsBehindTakesTheSameMemory() {
        Convergence convergence = new Convergence(new SimpleMeterRegistry());
        convergence.published(1, true, 0);
        long stuck = convergence.join(1);
        long quick = convergence.join(1);
        for (int i = 2; i < 20_000; i++) {
            convergence.published(i, false, i);
            quick = convergence.move(quick, convergence.newest(), i + 1);
        }
        assertThat(convergence.summary()).isEqualTo(ConvergenceSummary.NONE);
        assertThat(convergence.firstLacking(stuck, 0))
                .as("the oldest remembered")
                .isGreaterThan(15_000);
        convergence.move(stuck, convergence.newest(), 20_000);
        assertThat(convergence.summary().samples()).isEqualTo(Convergence.REMEMBERED - 1);
        assertThat(convergence.took(19_999)).isEqualTo(1);
        assertThat(convergence.took(5)).as("forgotten").isEqualTo(-1);
    }

    @Test
    void aVersionIsFoundByWhatItChanged() {
        Convergence convergence = new Convergence(new SimpleMeterRegistry());
        assertThat(convergence.took(3)).isEqualTo(-1);
        convergence.published(10, true, 0);
        long node = convergence.join(convergence.newest());
        convergence.published(20, false, 5);
        convergence.published(30, false, 6);
        assertThat(convergence.positionOf(9)).isZero();
        assertThat(convergence.positionOf(20)).isEqualTo(2);
        assertThat(convergence.positionOf(29)).isEqualTo(2);
        assertThat(convergence.positionOf(99)).isEqualTo(3);
        node = convergence.move(node, 2, 9);
        assertThat(convergence.took(20)).isEqualTo(4);
        assertThat(convergence.took(30)).isEqualTo(-1);
        convergence.move(node, 3, 20);
        assertThat(convergence.took(30)).isEqualTo(14);
        convergence.published(4, true, 30);
        assertThat(convergence.took(20)).as("of another epoch").isEqualTo(-1);
    }
}
