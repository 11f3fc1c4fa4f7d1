package io.fairlead.node.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.kernel.IpcacheEntry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HealthNodesTest {
    private static final LocalNode SELF = new LocalNode(
            new NodeName("dev2"),
            ClusterName.DEFAULT,
            Ip.parse("192.168.2.32"),
            List.of(Cidr.parse("10.244.1.0/24")),
            List.of(Ip.parse("10.244.1.1")));

    @Test
    void thisNodeIsThereBeforeAnybodySaidAnything() {
        assertThat(HealthNodes.of(DesiredState.NOTHING, SELF))
                .containsExactly(new HealthNode("dev2", true, List.of(Ip.parse("192.168.2.32")), List.of()));
    }

    @Test
    void nodesAreThoseOfTheRoutesWithPeersOfIdentityHealthAsEndpoints() {
        Map<Cidr, PeerRoute> routes = new HashMap<>();
        route(routes, "10.244.0.0/24", "192.168.2.31", "dev1", "default");
        route(routes, "fd00:0:0:1::/64", "fd02::31", "dev1", "default");
        route(routes, "10.244.1.0/24", "192.168.2.32", "dev2", "default");
        route(routes, "10.245.0.0/24", "192.168.3.31", "dev1", "west");
        Map<Cidr, Peer> peers = new HashMap<>();
        peer(peers, "10.244.0.5/32", 4, "192.168.2.31");
        peer(peers, "10.244.0.6/32", 1000, "192.168.2.31");
        peer(peers, "10.244.9.9/32", 4, "192.168.9.9");
        DesiredState state = DesiredState.NOTHING.withRoutes(routes).withPeers(peers, Map.of());
        assertThat(HealthNodes.of(state, SELF))
                .containsExactly(
                        new HealthNode(
                                "dev1",
                                false,
                                List.of(Ip.parse("192.168.2.31"), Ip.parse("fd02::31")),
                                List.of(Ip.parse("10.244.0.5"))),
                        new HealthNode("dev2", true, List.of(Ip.parse("192.168.2.32")), List.of()),
                        new HealthNode("west/dev1", false, List.of(Ip.parse("192.168.3.31")), List.of()));
    }

    @Test
    void aStoreFullOfHealthEndpointsDoesNotMultiplyProbes() {
        Map<Cidr, Peer> peers = new HashMap<>();
        for (int i = 1; i < 100; i++) {
            peer(peers, "10.244.1." + i + "/32", 4, "192.168.2.32");
        }
        assertThat(HealthNodes.of(DesiredState.NOTHING.withPeers(peers, Map.of()), SELF))
                .singleElement()
                .satisfies(node -> assertThat(node.endpoint()).hasSize(HealthNodes.MOST_ADDRESSES));
    }

    private static void route(Map<Cidr, PeerRoute> routes, String cidr, String hop, String node, String cluster) {
        routes.put(Cidr.parse(cidr), new PeerRoute(Cidr.parse(cidr), Ip.parse(hop), node, cluster));
    }

    private static void peer(Map<Cidr, Peer> peers, String ip, int identity, String host) {
        IpcacheEntry entry = new IpcacheEntry(new IdentityId(identity), Optional.of(Ip.parse(host)));
        peers.put(Cidr.parse(ip), new Peer(entry, "", "", "kvstore"));
    }
}
