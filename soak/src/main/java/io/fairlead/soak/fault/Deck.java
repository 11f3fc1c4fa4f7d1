package io.fairlead.soak.fault;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Deals kinds of faults: each once before any comes again, in an order of the seed's. Sometimes two at once. */
public final class Deck {
    private static final double SECOND = 0.4;

    private final Random random;
    private final List<FaultKind> left = new ArrayList<>();

    public Deck(Random random) {
        this.random = random;
    }

    /** The faults of a round. */
    public List<FaultKind> next() {
        FaultKind first = draw();
        if (first.isTrial() || random.nextDouble() >= SECOND) {
            return List.of(first);
        }
        List<FaultKind> plain = Arrays.stream(FaultKind.values())
                .filter(kind -> !kind.isTrial() && kind != first)
                .toList();
        return List.of(first, plain.get(random.nextInt(plain.size())));
    }

    private FaultKind draw() {
        if (left.isEmpty()) {
            left.addAll(Arrays.asList(FaultKind.values()));
            Collections.shuffle(left, random);
        }
        return left.remove(left.size() - 1);
    }
}
