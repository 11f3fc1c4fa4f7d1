package io.fairlead.node.endpoint;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;

/**
 * Asks the control plane for identities, on behalf of the node: it holds each at most once, however many endpoints use
 * it. Calls block, with a deadline of their own of at most some seconds; several threads may call.
 */
public interface IdentityAllocator {
    /**
     * The number of these labels, held by this node from now on. Labels may be empty.
     *
     * @throws RuntimeException when there is no answer; the identity may be held nevertheless
     */
    IdentityId identityFor(Labels labels);

    /**
     * Says that this node uses the identity no more. One that is not held is no failure.
     *
     * @throws RuntimeException when that must be tried again
     */
    void release(IdentityId identity);
}
