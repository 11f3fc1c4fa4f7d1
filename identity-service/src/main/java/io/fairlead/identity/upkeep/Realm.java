package io.fairlead.identity.upkeep;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.contract.etcd.StoreKeys.NodeKey;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.identity.allocation.NumberText;
import io.fairlead.kvstore.KvStore;

/**
 * Which part of which store is looked after.
 *
 * @param identities where identities are
 * @param keys where endpoints and nodes are
 * @param cluster whose nodes are looked after
 * @param clusterId whose numbers are taken back; those of other clusters are theirs to keep
 */
public record Realm(KvStore store, IdentityKeys identities, StoreKeys keys, ClusterName cluster, int clusterId) {
    /** What the ipam-service holds for each node, behind it cluster and name. */
    static final String CLAIMS = "fairlead/ipam/v1/node/";

    /** Written when a node that has this address registers, whatever its name. */
    String holder(Ip address) {
        return "fairlead/ipam/v1/address/" + address;
    }

    String record(NodeKey node) {
        return keys.node(node.cluster(), node.node());
    }

    String claim(NodeKey node) {
        return CLAIMS + node.cluster() + "/" + node.node();
    }

    boolean isOurs(IdentityId id) {
        return NumberText.isAllocated(id, clusterId);
    }
}
