package io.fairlead.soak.workload;

import io.fairlead.contract.Labels;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Label sets the nodes draw from: always the newest few, so that several nodes ask at once for one nobody has had before.
 *
 * <p>Any thread may call.
 */
final class LabelSets {
    private static final int WINDOW = 24;
    private static final int USES_OF_ONE = 12;

    private final AtomicInteger draws = new AtomicInteger();

    /** One that is in use about now. */
    Labels next(Random random) {
        int newest = draws.incrementAndGet() / USES_OF_ONE;
        int number = Math.max(0, newest - (int) Math.abs(random.nextGaussian() * WINDOW / 4));
        return Labels.parse(List.of("k8s:app=soak-" + number, "k8s:io.kubernetes.pod.namespace=soak"));
    }
}
