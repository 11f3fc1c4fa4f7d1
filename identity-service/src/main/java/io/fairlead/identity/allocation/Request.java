package io.fairlead.identity.allocation;

import io.fairlead.contract.NodeName;
import io.fairlead.kvstore.Op;
import java.util.List;

/**
 * A node asks for the number of a label set.
 *
 * @param keys where things are
 * @param node who asks
 * @param encoded the label set
 */
record Request(IdentityKeys keys, NodeName node, String encoded) {
    String labelKey() {
        return keys.labels(encoded);
    }

    String referenceKey() {
        return keys.reference(encoded, node);
    }

    /** The deciding key, and what others may have written of the same label set. */
    List<Op> reads() {
        return List.of(new Op.Get(labelKey()), new Op.GetPrefix(keys.references(encoded)));
    }
}
