package io.fairlead.runtime.stream;

import io.fairlead.contract.NodeName;
import java.util.Map;

/** What a node says on its stream. */
public sealed interface FromNode {
    /**
     * The first message.
     *
     * @param version and {@code epoch}: where a former stream ended; 0 and empty for everything
     */
    record Subscribe(NodeName node, long version, String epoch) implements FromNode {}

    /**
     * Everything up to a response is in the kernel, but for what failed.
     *
     * @param nonce of that response
     * @param failed reasons by key: all that is missing, not only what this response brought
     */
    record Ack(long nonce, Map<String, String> failed) implements FromNode {
        public Ack {
            failed = Map.copyOf(failed);
        }
    }
}
