package io.fairlead.node.api;

import io.fairlead.contract.IdentityId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The identities that are the same in every cluster, as lists show them. */
final class ReservedIdentities {
    /** Labels by number, from host up. */
    static final Map<Integer, List<String>> LABELS = labels();

    private ReservedIdentities() {}

    private static Map<Integer, List<String>> labels() {
        Map<Integer, List<String>> labels = new TreeMap<>();
        for (IdentityId.Reserved reserved : IdentityId.Reserved.values()) {
            if (reserved != IdentityId.Reserved.UNKNOWN) {
                labels.put(reserved.id().value(), List.of("reserved:" + reserved.label()));
            }
        }
        return Map.copyOf(labels);
    }
}
