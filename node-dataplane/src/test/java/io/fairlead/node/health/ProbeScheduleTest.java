package io.fairlead.node.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProbeScheduleTest {
    private static final long START = 1_642_574_667_000L;
    private static final int A_SECOND = (int) (1000 / ProbeSchedule.SHORTEST_SLOT.toMillis());
    private final ProbeSchedule schedule = new ProbeSchedule(Duration.ofSeconds(60));

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 100, 1000, 1700})
    void roundTakesTheBaseTimesALogarithm(int nodes) {
        assertThat(schedule.round(nodes).toMillis())
                .isBetween((long) (59_000 * Math.log1p(nodes)) - nodes, (long) (60_000 * Math.log1p(nodes)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 257, 1800, 5000})
    void everySlotIsAPermutationAndARoundReachesEveryone(int nodes) {
        long first = schedule.slot(nodes, START);
        boolean[] asked = new boolean[nodes];
        for (int place = 0; place < nodes; place++) {
            asked[schedule.target(nodes, place, first)] = true;
        }
        assertThat(asked).containsOnly(true);
        boolean[] reached = new boolean[nodes];
        for (long slot = first; slot < first + nodes; slot++) {
            reached[schedule.target(nodes, nodes / 2, slot)] = true;
        }
        assertThat(reached).containsOnly(true);
    }

    @Test
    void slotsFollowEachOtherAtTheirLength() {
        for (int nodes : new int[] {2, 3, 500, 5000}) {
            long next = START + schedule.untilNextSlot(nodes, START);
            assertThat(schedule.slot(nodes, next)).isEqualTo(schedule.slot(nodes, START) + 1);
            assertThat(schedule.slot(nodes, next - 1)).isEqualTo(schedule.slot(nodes, START));
        }
    }

    /** Each of 5000 nodes with a clock of its own that is off by up to 2 s, over 30 s. */
    @Test
    void noNodeOfFiveThousandSendsOrGetsMoreThanItsShare() {
        int nodes = 5000;
        long seed = 42;
        Random random = new Random(seed);
        int seconds = 30;
        int[][] sent = new int[seconds][nodes];
        int[][] got = new int[seconds][nodes];
        for (int place = 0; place < nodes; place++) {
            long skew = random.nextLong(-2000, 2001);
            for (long millis = 0; millis < seconds * 1000L; ) {
                int target = schedule.target(nodes, place, schedule.slot(nodes, START + millis + skew));
                sent[(int) (millis / 1000)][place]++;
                got[(int) (millis / 1000)][target]++;
                millis += schedule.untilNextSlot(nodes, START + millis + skew);
            }
        }
        // the slot that is under way at the first moment counts, so one more
        assertThat(most(sent)).as("seed " + seed).isLessThanOrEqualTo(A_SECOND + 1);
        // clocks that differ let probes of several slots fall together, as chance has it: 4 on average
        assertThat(most(got)).as("seed " + seed).isLessThanOrEqualTo(8 * A_SECOND);
        assertThat(Arrays.stream(got).flatMapToInt(Arrays::stream).average().orElseThrow())
                .isLessThanOrEqualTo(A_SECOND + 0.1);
    }

    @Test
    void withClocksThatAgreeANodeGetsNoMoreThanItSends() {
        int nodes = 5000;
        int[][] got = new int[10][nodes];
        for (int place = 0; place < nodes; place++) {
            for (int i = 0; i < 10 * A_SECOND; i++) {
                long millis = START + i * ProbeSchedule.SHORTEST_SLOT.toMillis();
                got[i / A_SECOND][schedule.target(nodes, place, schedule.slot(nodes, millis))]++;
            }
        }
        assertThat(most(got)).isEqualTo(A_SECOND);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 100, 5000, 20000})
    void aNewNodeIsProbedByAllTheOthersAtABoundedRate(int nodes) {
        long seed = 7;
        Random random = new Random(seed);
        long spread = schedule.spread(nodes).toNanos();
        int[] got = new int[(int) (spread / 1_000_000_000L) + 1];
        for (int i = 0; i < nodes; i++) {
            got[(int) (random.nextLong(spread) / 1_000_000_000L)]++;
        }
        assertThat(Arrays.stream(got).max().orElseThrow()).as("seed " + seed).isLessThanOrEqualTo(6 * A_SECOND);
    }

    private static int most(int[][] counts) {
        return Arrays.stream(counts).flatMapToInt(Arrays::stream).max().orElseThrow();
    }
}
