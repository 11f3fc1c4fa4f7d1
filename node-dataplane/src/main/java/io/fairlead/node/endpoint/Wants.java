package io.fairlead.node.endpoint;

import io.fairlead.node.endpoint.AddressPool.Supply;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What is to be kept supplied with blocks, and why it is not. Not thread-safe: the pool's lock guards it. */
final class Wants {
    private final Map<Supply, Want> wanted = new LinkedHashMap<>();

    /** Why there is no other block, if so, and whether one is still asked for. */
    private record Want(Optional<String> refusal, boolean dropped) {
        static final Want FRESH = new Want(Optional.empty(), false);
    }

    /** Somebody wants it; what was refused and is still asked for stays refused. */
    void want(Supply supply) {
        wanted.compute(supply, (s, now) -> now == null || now.dropped() ? Want.FRESH : now);
    }

    /** There is another block. */
    void supplied(Supply supply) {
        wanted.put(supply, Want.FRESH);
    }

    /** @param drop whether it is asked for again only when somebody wants it again */
    void refuse(Supply supply, String reason, boolean drop) {
        wanted.replace(supply, new Want(Optional.of(reason), drop));
    }

    void forget(Supply supply) {
        wanted.remove(supply);
    }

    Optional<String> refusal(Supply supply) {
        return wanted.getOrDefault(supply, Want.FRESH).refusal();
    }

    Set<Supply> all() {
        return wanted.entrySet().stream()
                .filter(entry -> !entry.getValue().dropped())
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }
}
