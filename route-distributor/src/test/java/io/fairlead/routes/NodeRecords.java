package io.fairlead.routes;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import java.util.List;

/** Node records as the IPAM service writes them. */
public final class NodeRecords {
    private NodeRecords() {}

    public static String key(String node) {
        return StoreKeys.DEFAULT.node(ClusterName.DEFAULT, new NodeName(node));
    }

    public static String value(String node, String ip, String cidr) {
        return record("default", node, ip, cidr, 0).encode();
    }

    public static NodeRecord record(String cluster, String node, String ip, String cidr, int clusterId) {
        return new NodeRecord(
                new NodeName(node),
                new ClusterName(cluster),
                List.of(new NodeRecord.Address(NodeRecord.Address.INTERNAL, Ip.parse(ip))),
                NodeRecord.Networks.v4(Cidr.parse(cidr)),
                clusterId,
                NodeRecord.Details.NONE);
    }
}
