package io.fairlead.node.api;

import java.util.List;
import java.util.Optional;

/** What judges endpoints now. Any thread may ask. */
@FunctionalInterface
public interface EndpointPolicies {
    /** No endpoint is judged. */
    EndpointPolicies NONE = endpoint -> Optional.empty();

    /** Of an endpoint; empty when nothing is known of it. */
    Optional<State> of(int endpointId);

    /**
     * As the kernel has it.
     *
     * @param ingress whether what reaches the endpoint is judged
     * @param egress whether what it sends is judged
     * @param audit whether verdicts are told only
     * @param id of its entries in the kernel
     * @param entries how many those are
     * @param revision of the store they were computed from
     * @param error why the newest policy is not in force; empty when it is
     * @param policies that select it, "Kind namespace/name"
     */
    record State(
            boolean ingress,
            boolean egress,
            boolean audit,
            int id,
            int entries,
            long revision,
            String error,
            List<String> policies) {
        public State {
            policies = List.copyOf(policies);
        }
    }
}
