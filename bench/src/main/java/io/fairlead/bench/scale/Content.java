package io.fairlead.bench.scale;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Label;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a large cluster's store holds, written straight to it: nodes with a /24 each, endpoints, identities with their deciding
 * keys and one reference each.
 *
 * @param nodes at most 50,000
 * @param identities at most 65,280
 */
record Content(int nodes, int endpoints, int identities) {
    private static final StoreKeys KEYS = new StoreKeys("cilium/");
    private static final int PUTS_A_TXN = 100;
    private static final int TXNS_AT_ONCE = 16;
    private static final int PODS_ON_A_NODE = 200;

    static Content of(int nodes) {
        return new Content(nodes, 10 * nodes, Math.min(65_000, 13 * nodes));
    }

    /** Writes all of it. */
    void write(KvStore store) {
        writeNodes(store);
        List<Op> puts = new ArrayList<>();
        for (int i = 0; i < endpoints; i++) {
            puts.add(endpoint(i));
        }
        for (int i = 0; i < identities; i++) {
            identity(i, puts);
        }
        commit(store, puts);
    }

    /** Writes the nodes only. */
    void writeNodes(KvStore store) {
        List<Op> puts = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            puts.add(node(i, 0));
        }
        commit(store, puts);
    }

    /** What every node's table has to be: next hops by CIDR, given the nodes whose address is not their first. */
    Map<String, String> routes(Map<Integer, Integer> generations) {
        Map<String, String> routes = new HashMap<>();
        for (int i = 0; i < nodes; i++) {
            routes.put(
                    cidr(i).toString(),
                    nextHop(i, generations.getOrDefault(i, 0)).toString());
        }
        return routes;
    }

    /** The record of a node; another generation has another address. */
    static Op node(int index, int generation) {
        return record("n" + index, cidr(index), nextHop(index, generation));
    }

    /** A node that comes and goes. */
    static Op extra(int index) {
        return record(
                "extra" + index,
                Cidr.parse("10.250." + index % 256 + ".0/24"),
                Ip.parse("172.31.0." + (1 + index % 250)));
    }

    static Op withoutExtra(int index) {
        return new Op.Delete(KEYS.node(ClusterName.DEFAULT, new NodeName("extra" + index)));
    }

    private static Cidr cidr(int index) {
        return Cidr.parse("10." + index / 256 + "." + index % 256 + ".0/24");
    }

    private static Ip nextHop(int index, int generation) {
        return Ip.parse("172." + (16 + generation % 8) + "." + (1 + index / 250) + "." + (1 + index % 250));
    }

    private static Op record(String name, Cidr cidr, Ip address) {
        NodeRecord record = new NodeRecord(
                new NodeName(name),
                ClusterName.DEFAULT,
                List.of(new NodeRecord.Address(NodeRecord.Address.INTERNAL, address)),
                NodeRecord.Networks.v4(cidr),
                0,
                NodeRecord.Details.NONE);
        return Op.put(KEYS.node(ClusterName.DEFAULT, new NodeName(name)), record.encode());
    }

    private Op endpoint(int index) {
        int node = index % nodes;
        int pod = 10 + index / nodes % PODS_ON_A_NODE;
        Cidr address =
                Ip.parse("10." + node / 256 + "." + node % 256 + "." + pod).toCidr();
        IpIdentityRecord record = new IpIdentityRecord(
                address,
                Optional.of(nextHop(node, 0)),
                id(index % Math.max(1, identities)),
                0,
                new IpIdentityRecord.Pod("ns-" + index % 100, "pod-" + index, ""),
                List.of());
        return Op.put(KEYS.ip(address), record.encode());
    }

    private static IdentityId id(int index) {
        return IdentityId.allocated(0, IdentityId.MIN_ALLOCATED + index);
    }

    private void identity(int index, List<Op> puts) {
        Labels labels = Labels.of(List.of(
                new Label("k8s", "app", "service-" + index),
                new Label("k8s", "io.cilium.k8s.policy.cluster", "default"),
                new Label("k8s", "io.kubernetes.pod.namespace", "ns-" + index % 100)));
        String id = id(index).toString();
        puts.add(Op.put(KEYS.identityById(id(index)), labels.encoded()));
        puts.add(Op.put("fairlead/identity/v1/labels/" + labels.encoded(), id));
        puts.add(Op.put(KEYS.identityUse(labels, "n" + index % nodes), id));
    }

    /** Some transactions at a time: a request that waits for all before it would miss its deadline. */
    private static void commit(KvStore store, List<Op> puts) {
        Deque<Future<TxnResult>> waiting = new ArrayDeque<>();
        for (int i = 0; i < puts.size(); i += PUTS_A_TXN) {
            if (waiting.size() == TXNS_AT_ONCE) {
                var done = Waiting.of(waiting.remove());
                assert done.succeeded();
            }
            waiting.add(store.commit(
                    new Txn(List.of(), puts.subList(i, Math.min(puts.size(), i + PUTS_A_TXN)), List.of())));
        }
        waiting.forEach(Waiting::of);
    }
}
