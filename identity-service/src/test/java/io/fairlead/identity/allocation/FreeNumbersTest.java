package io.fairlead.identity.allocation;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.IdentityId;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FreeNumbersTest {
    private static final int ALL = IdentityId.MAX_ALLOCATED - IdentityId.MIN_ALLOCATED + 1;

    /** The cost is flat: each draw looks at one number, with one held as with all but one. */
    @Test
    void everyDrawLooksAtOneNumberHoweverManyAreHeld() {
        FreeNumbers numbers = new FreeNumbers();
        Random random = new Random(1);
        Set<Integer> drawn = new HashSet<>();
        for (int i = 0; i < ALL; i++) {
            int local = numbers.draw(random, ignored -> false).orElseThrow();
            assertThat(drawn.add(local)).isTrue();
            numbers.hold(local);
            assertThat(numbers.probes()).isEqualTo(i + 1);
        }
        assertThat(numbers.size()).isZero();
        assertThat(numbers.draw(random, ignored -> false)).isEmpty();
        assertThat(drawn).contains(IdentityId.MIN_ALLOCATED, IdentityId.MAX_ALLOCATED);
    }

    @Test
    void whatIsToBeAvoidedCostsOneLookEach() {
        FreeNumbers numbers = new FreeNumbers();
        Random random = new Random(2);
        Set<Integer> avoid = new HashSet<>();
        for (int i = 0; i < 30; i++) {
            avoid.add(numbers.draw(random, avoid::contains).orElseThrow());
        }
        assertThat(avoid).hasSize(30);
        assertThat(numbers.probes()).isLessThanOrEqualTo(30 + 30 * 30 / 2);
    }

    @Test
    void aNumberIsFreeWhenNothingHoldsItAnyMore() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        FreeNumbers numbers = new FreeNumbers();
        int[] holds = new int[70_000];
        for (int step = 0; step < 20_000; step++) {
            int local = 200 + random.nextInt(120);
            if (random.nextBoolean()) {
                numbers.hold(local);
                holds[local]++;
            } else if (holds[local] > 0) {
                numbers.letGo(local);
                holds[local]--;
            }
        }
        int held = 0;
        for (int local = IdentityId.MIN_ALLOCATED; local <= IdentityId.MAX_ALLOCATED; local++) {
            held += holds[local] > 0 ? 1 : 0;
        }
        assertThat(numbers.size()).as("seed %d", seed).isEqualTo(ALL - held);
        for (int i = 0; i < 200; i++) {
            int local = numbers.draw(random, it -> it >= 400).orElse(399);
            assertThat(holds[local]).as("seed %d", seed).isZero();
        }
    }
}
