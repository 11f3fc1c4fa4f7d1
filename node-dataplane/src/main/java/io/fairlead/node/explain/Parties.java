package io.fairlead.node.explain;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.EndpointId;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.explain.Party.Elsewhere;
import io.fairlead.node.explain.Party.Here;
import io.fairlead.node.explain.Party.Host;
import io.fairlead.node.explain.Party.Outside;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds who is meant by a name or an address, in what the node was told at one moment. */
final class Parties {
    /** Addresses that are nobody's in the cluster, for "world". */
    private static final Ip WORLD4 = Ip.parse("1.1.1.1");

    private static final Ip WORLD6 = Ip.parse("2606:4700:4700::1111");

    private final Surroundings around;
    private final DesiredState state;
    private final List<Endpoint> endpoints;

    Parties(Surroundings around) {
        this.around = around;
        this.state = around.state().get();
        this.endpoints = around.endpoints().get();
    }

    /**
     * Who is meant.
     *
     * @param side "source" or "destination", in the exception
     * @throws IllegalArgumentException when there is no such pod, or the text is none of the forms
     */
    Party find(String side, String text) {
        if (text.equals("host")) {
            return new Party(text, own(Ip.Family.V4), own(Ip.Family.V6), new Host());
        }
        if (text.equals("world")) {
            return new Party(text, Optional.of(WORLD4), Optional.of(WORLD6), new Outside());
        }
        if (text.matches("[0-9]{1,5}")) {
            return endpoint(side, text);
        }
        if (text.contains("/")) {
            return named(side, text);
        }
        return at(address(side, text));
    }

    private static Ip address(String side, String text) {
        try {
            return Ip.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    side + ": " + text
                            + " (expected: namespace/pod, the id of an endpoint of this node, an address, host or world)",
                    e);
        }
    }

    private Party endpoint(String side, String text) {
        int id = Integer.parseInt(text);
        return state.pods().values().stream()
                .filter(pod -> pod.id() == id)
                .findFirst()
                .map(pod -> here(text, pod))
                .orElseThrow(() -> new IllegalArgumentException(
                        side + ": endpoint " + text + " (expected: one of this node, see fairlead endpoint list)"));
    }

    private Party named(String side, String text) {
        for (Endpoint endpoint : endpoints) {
            if (endpoint.workload().name().equals(text)) {
                return pod(endpoint.id())
                        .map(pod -> here(text, pod))
                        .orElseThrow(() -> new IllegalArgumentException(side + ": " + text + " is "
                                + endpoint.state().text() + " (expected: a pod that is ready)"));
            }
        }
        Set<Ip> addresses = new LinkedHashSet<>();
        Optional<Ip> node = Optional.empty();
        for (Map.Entry<Cidr, Peer> entry : state.peers().entrySet()) {
            Peer peer = entry.getValue();
            if ((peer.namespace() + "/" + peer.podName()).equals(text)
                    && peer.entry().host().isPresent()) {
                addresses.add(entry.getKey().address());
                node = peer.entry().host();
            }
        }
        if (node.isEmpty()) {
            throw new IllegalArgumentException(
                    side + ": " + text + " (expected: a pod of the cluster; its namespace, /, and its name)");
        }
        return new Party(
                text,
                addresses.stream().filter(Ip::isV4).findFirst(),
                addresses.stream().filter(ip -> !ip.isV4()).findFirst(),
                new Elsewhere(node.get()));
    }

    /** Who has an address. */
    Party at(Ip ip) {
        Optional<Pod> pod = state.pods().values().stream()
                .filter(p -> p.ipv4().equals(Optional.of(ip)) || p.ipv6().equals(Optional.of(ip)))
                .findFirst();
        if (pod.isPresent()) {
            // this address of the pod's is meant, not its other one
            return new Party(ip.toString(), ip, new Here(pod.get()));
        }
        if (isOwn(ip)) {
            return new Party(ip.toString(), ip, new Host());
        }
        return new Party(
                ip.toString(), ip, nodeOf(ip).<Party.Place>map(Elsewhere::new).orElseGet(Outside::new));
    }

    private Party here(String text, Pod pod) {
        return new Party(text, pod.ipv4(), pod.ipv6(), new Here(pod));
    }

    private Optional<Pod> pod(EndpointId id) {
        return state.pods().values().stream()
                .filter(pod -> pod.id() == id.value())
                .findFirst();
    }

    /** Name of an endpoint of this node: "default/client". */
    String name(int endpoint) {
        return endpoints.stream()
                .filter(e -> e.id().value() == endpoint)
                .findFirst()
                .map(e -> e.workload().name())
                .filter(name -> !name.isEmpty())
                .map(name -> " (" + name + ")")
                .orElse("");
    }

    boolean isPod(int endpoint) {
        return state.pods().values().stream().anyMatch(pod -> pod.id() == endpoint);
    }

    boolean isOwn(Ip ip) {
        return around.node().addresses().contains(ip)
                || around.node().routers().contains(ip)
                || state.hostAddresses().contains(ip);
    }

    /** Whether an address is one of those this node gives to its pods. */
    boolean isPodAddress(Ip ip) {
        return state.podCidrs(around.node()).stream().anyMatch(cidr -> cidr.contains(ip));
    }

    /** This node's address for others. */
    Optional<Ip> own(Ip.Family family) {
        Optional<Ip> known = around.node().address(family);
        if (known.isPresent()) {
            return known;
        }
        return state.hostAddresses().stream()
                .filter(ip -> ip.family() == family && ip.isUnicast())
                .filter(ip -> !around.node().routers().contains(ip))
                .min(Comparator.naturalOrder())
                .or(() -> router(family));
    }

    /** This node's address for its pods. */
    Optional<Ip> router(Ip.Family family) {
        return around.node().routers().stream()
                .filter(ip -> ip.family() == family)
                .findFirst();
    }

    /** The other node that has a pod's address, or a whole pod CIDR around it, or is at the address itself. */
    Optional<Ip> nodeOf(Ip ip) {
        Optional<Ip> node = Optional.ofNullable(state.peers().get(ip.toCidr()))
                .filter(peer -> !peer.source().equals("node"))
                .flatMap(peer -> peer.entry().host());
        if (node.isEmpty()) {
            node = state.routes().values().stream()
                    .filter(route -> route.cidr().contains(ip))
                    .max(Comparator.comparingInt(route -> route.cidr().prefixLength()))
                    .map(PeerRoute::nextHop);
        }
        return node.filter(host -> !isOwn(host));
    }

    /** Whether an address is another node's own. */
    boolean isNode(Ip ip) {
        return !isOwn(ip)
                && state.routes().values().stream()
                        .anyMatch(route -> route.nextHop().equals(ip));
    }

    /** "dev3 (192.168.2.33)". */
    String nodeName(Ip node) {
        return state.routes().values().stream()
                .filter(route -> route.nextHop().equals(node))
                .findFirst()
                .map(route -> route.nodeName() + " (" + node + ")")
                .orElse(node.toString());
    }
}
