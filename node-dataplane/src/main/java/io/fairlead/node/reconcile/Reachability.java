package io.fairlead.node.reconcile;

import io.fairlead.contract.Ip;

/** Whether, and on which device, another node can be reached without a gateway. */
public interface Reachability {
    /** What is known of a node's address; may ask the kernel. */
    Result of(Ip nodeAddress);

    /** Forgets what was found out, so that the next question is asked anew. */
    void refresh();

    /** An answer. */
    sealed interface Result {
        /** On link of a device. */
        record Direct(int ifindex) implements Result {}

        /** On another network, and why it is not on link: pods there are the router's business. */
        record Behind(String reason) implements Result {}

        /** Not without help, and why. */
        record Not(String reason) implements Result {}
    }
}
