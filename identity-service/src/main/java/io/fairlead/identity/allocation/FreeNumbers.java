package io.fairlead.identity.allocation;

import io.fairlead.contract.IdentityId;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The numbers of a cluster that nothing holds, without the cluster's id. Every operation costs the same however many are
 * held. For one thread at a time.
 */
final class FreeNumbers {
    private static final int FIRST = IdentityId.MIN_ALLOCATED;
    private static final int COUNT = IdentityId.MAX_ALLOCATED - FIRST + 1;

    // how many things hold each number
    private final int[] holds = new int[COUNT];
    // every number once, the free ones first, and where each of them is
    private final int[] order = new int[COUNT];
    private final int[] place = new int[COUNT];
    private int free = COUNT;
    private long probes;

    /** What must not be drawn although nothing is known to hold it. */
    @FunctionalInterface
    interface Avoid {
        boolean test(int local);
    }

    FreeNumbers() {
        for (int i = 0; i < COUNT; i++) {
            order[i] = i;
            place[i] = i;
        }
    }

    /** How many are free. */
    int size() {
        return free;
    }

    /** How many numbers were looked at so far. */
    long probes() {
        return probes;
    }

    void hold(int local) {
        if (isOurs(local) && holds[local - FIRST]++ == 0) {
            free--;
            swap(place[local - FIRST], free);
        }
    }

    void letGo(int local) {
        if (isOurs(local) && --holds[local - FIRST] == 0) {
            swap(place[local - FIRST], free);
            free++;
        }
    }

    /** A free one, drawn at random; the next one free when it is to be avoided. */
    Optional<Integer> draw(RandomGenerator random, Avoid avoid) {
        int start = free == 0 ? 0 : random.nextInt(free);
        for (int i = 0; i < free; i++) {
            probes++;
            int local = order[(start + i) % free] + FIRST;
            if (!avoid.test(local)) {
                return Optional.of(local);
            }
        }
        return Optional.empty();
    }

    private static boolean isOurs(int local) {
        return local >= FIRST && local <= IdentityId.MAX_ALLOCATED;
    }

    private void swap(int a, int b) {
        int left = order[a];
        int right = order[b];
        order[a] = right;
        order[b] = left;
        place[right] = a;
        place[left] = b;
    }
}
