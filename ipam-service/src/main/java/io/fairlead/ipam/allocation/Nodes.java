package io.fairlead.ipam.allocation;

import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nodes in the store, of all clusters.
 *
 * @param store where they are
 * @param keys where in it
 */
public record Nodes(KvStore store, IpamKeys keys) {
    private static final Logger LOGGER = LoggerFactory.getLogger(Nodes.class);

    /**
     * Nodes of one moment.
     *
     * @param nodes sorted by name, then cluster
     * @param revision of the store
     */
    public record Listed(List<NodeRecord> nodes, long revision) {}

    /** All readable node records. */
    public Future<Listed> list() {
        return store.list(keys.nodes()).map(listing -> {
            List<NodeRecord> nodes = new ArrayList<>();
            for (KeyValue entry : listing.entries()) {
                try {
                    nodes.add(NodeRecord.decode(entry.value()));
                } catch (IllegalArgumentException e) {
                    // Occupancy counts it; a list for people leaves it out
                    LOGGER.atDebug().addKeyValue("key", entry.key()).log("Node record left out of a list");
                }
            }
            nodes.sort(Comparator.comparing(NodeRecord::name).thenComparing(NodeRecord::cluster));
            return new Listed(nodes, listing.revision());
        });
    }
}
