package io.fairlead.routes.table;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.kvstore.KeyValue;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads routes from node records.
 *
 * @param keys how the store's keys are made
 * @param cluster our own
 * @param clusterId our own number in the mesh, 0 for none
 */
public record NodeReader(StoreKeys keys, ClusterName cluster, int clusterId) {
    /**
     * The routes a node record gives: one for each pod CIDR.
     *
     * @throws IllegalArgumentException saying what is wrong with key or value
     */
    List<Route> read(KeyValue entry) {
        NodeRecord record = decode(entry);
        // cheaper than to take every key apart
        if (!entry.key().equals(keys.node(record.cluster(), record.name()))) {
            StoreKeys.NodeKey key = keys.parseNode(entry.key());
            throw new IllegalArgumentException("node record: of " + record.cluster() + "/" + record.name()
                    + " (expected: of " + key.cluster() + "/" + key.node() + ", as its key says)");
        }
        if (clusterId != 0 && record.clusterId() == clusterId && !isOwn(record.cluster())) {
            throw new IllegalArgumentException("cluster id: " + clusterId + " (expected: not the one of cluster "
                    + cluster + ", which is another)");
        }
        List<Route> routes = new ArrayList<>(2);
        record.networks().podCidrs().forEach(cidr -> routes.add(route(record, cidr, entry.modRevision())));
        return routes;
    }

    private NodeRecord decode(KeyValue entry) {
        try {
            return NodeRecord.decode(entry.value());
        } catch (IllegalArgumentException e) {
            // of a key that is wrong, too, that is said first
            keys.parseNode(entry.key());
            throw e;
        }
    }

    /** Whether a record can be read. */
    public boolean reads(KeyValue entry) {
        try {
            read(entry);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    boolean isOwn(ClusterName other) {
        return other.equals(cluster);
    }

    private static Route route(NodeRecord record, Cidr cidr, long revision) {
        Ip nextHop = record.routable(cidr.family())
                .filter(Ip::isUnicast)
                .orElseThrow(() -> new IllegalArgumentException("node record: no address for " + cidr
                        + " (expected: an InternalIP of its family that can be sent to)"));
        return new Route(cidr, nextHop, record.name(), record.cluster(), revision);
    }
}
