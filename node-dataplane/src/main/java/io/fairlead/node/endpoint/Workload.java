package io.fairlead.node.endpoint;

import io.fairlead.contract.Labels;
import java.util.Optional;

/**
 * Who a pod is for the cluster.
 *
 * @param namespace it lives in, when the runtime says
 * @param pod its name, when the runtime says
 * @param labels its identity is made from; may be empty
 */
public record Workload(Optional<String> namespace, Optional<String> pod, Labels labels) {
    /** "namespace/pod", with what is not known left out. */
    public String name() {
        return namespace.map(n -> n + "/").orElse("") + pod.orElse("");
    }
}
