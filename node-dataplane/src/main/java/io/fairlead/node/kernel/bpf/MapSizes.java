package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.bpf.BpfSpec.MapSpec;
import java.util.Map;
import java.util.TreeMap;

/**
 * Entries of maps by name, where not as the C declares them; of a ring buffer its bytes.
 *
 * @param entries positive
 */
public record MapSizes(Map<String, Integer> entries) {
    /** Every map as declared. */
    public static final MapSizes DECLARED = new MapSizes(Map.of());

    public MapSizes {
        entries = Map.copyOf(entries);
        entries.forEach((map, size) -> {
            if (size <= 0) {
                throw new IllegalArgumentException("size of map " + map + ": " + size + " (expected: positive)");
            }
        });
    }

    /** @throws IllegalArgumentException naming a map that is not in the object */
    Map<String, MapSpec> apply(BpfSpec spec) {
        Map<String, MapSpec> sized = new TreeMap<>(spec.maps());
        entries.forEach((map, size) -> sized.put(map, spec.map(map).withMaxEntries(size)));
        return sized;
    }
}
