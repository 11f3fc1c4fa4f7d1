package io.fairlead.node.monitor;

import io.fairlead.node.kernel.KernelException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/** Names of devices, asked for once a second at most: a busy node tells thousands of events of each. */
final class DeviceNames {
    private static final long KEPT = 1_000_000_000L;
    private static final int MOST = 4096;

    private final IntFunction<Optional<String>> kernel;
    private final LongSupplier clock;
    // owned by: the thread that takes events
    private final Map<Integer, Known> known = new HashMap<>();

    private record Known(String name, long asked) {}

    DeviceNames(IntFunction<Optional<String>> kernel, LongSupplier clock) {
        this.kernel = kernel;
        this.clock = clock;
    }

    /** The name now, or a second ago; empty when there is no such device. */
    String name(int ifindex) {
        Known found = known.get(ifindex);
        long now = clock.getAsLong();
        if (found == null || now - found.asked() > KEPT) {
            if (known.size() >= MOST) {
                known.clear();
            }
            found = new Known(ask(ifindex), now);
            known.put(ifindex, found);
        }
        return found.name();
    }

    private String ask(int ifindex) {
        try {
            return kernel.apply(ifindex).orElse("");
        } catch (KernelException e) {
            // the event is worth telling without the name
            return "";
        }
    }
}
