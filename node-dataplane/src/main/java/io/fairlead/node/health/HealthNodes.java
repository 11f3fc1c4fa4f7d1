package io.fairlead.node.health;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.PeerRoute;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** The cluster's nodes as the services say them: routes name them, peers with the identity health are their endpoints. */
final class HealthNodes {
    /** Addresses of one node that are probed, of each kind: what a store says must not multiply the probes. */
    static final int MOST_ADDRESSES = 2;

    private HealthNodes() {}

    /** All nodes, sorted by name in the same way on every node; this one is always among them. */
    static List<HealthNode> of(DesiredState state, LocalNode self) {
        String own = name(self.cluster().value(), self.name().value());
        TreeMap<String, TreeSet<Ip>> hosts = new TreeMap<>();
        hosts.put(own, new TreeSet<>(self.addresses()));
        for (PeerRoute route : state.routes().values()) {
            hosts.computeIfAbsent(name(route.clusterName(), route.nodeName()), n -> new TreeSet<>())
                    .add(route.nextHop());
        }
        Map<Ip, List<Ip>> endpoints = endpoints(state);
        List<HealthNode> nodes = new ArrayList<>();
        hosts.forEach((name, addresses) -> {
            List<Ip> endpoint = addresses.stream()
                    .flatMap(host -> endpoints.getOrDefault(host, List.of()).stream())
                    .sorted()
                    .limit(MOST_ADDRESSES)
                    .toList();
            nodes.add(new HealthNode(
                    name,
                    name.equals(own),
                    addresses.stream().limit(MOST_ADDRESSES).toList(),
                    endpoint));
        });
        return List.copyOf(nodes);
    }

    private static Map<Ip, List<Ip>> endpoints(DesiredState state) {
        IdentityId health = IdentityId.Reserved.HEALTH.id();
        Map<Ip, List<Ip>> endpoints = new HashMap<>();
        for (Map.Entry<Cidr, Peer> peer : state.peers().entrySet()) {
            Optional<Ip> host = peer.getValue().entry().host();
            if (peer.getValue().entry().identity().equals(health) && host.isPresent()) {
                endpoints
                        .computeIfAbsent(host.get(), h -> new ArrayList<>())
                        .add(peer.getKey().address());
            }
        }
        return endpoints;
    }

    private static String name(String cluster, String node) {
        return cluster.equals(ClusterName.DEFAULT.value()) ? node : cluster + "/" + node;
    }
}
