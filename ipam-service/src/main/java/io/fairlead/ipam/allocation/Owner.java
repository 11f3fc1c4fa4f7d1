package io.fairlead.ipam.allocation;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.NodeName;
import java.util.Optional;

/**
 * Who holds a claim: a node of a cluster.
 *
 * @param cluster its cluster
 * @param node its name
 */
record Owner(ClusterName cluster, NodeName node) {
    /** Reads "cluster/node"; empty when the text is not that. */
    static Optional<Owner> parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new Owner(new ClusterName(text.substring(0, slash)), new NodeName(text.substring(slash + 1))));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return cluster + "/" + node;
    }
}
