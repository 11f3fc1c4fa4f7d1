package io.fairlead.node.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random policies over a small world, so that rules meet often. */
public final class Cases {
    /** IPv4 only: the whole of a family is the world, which has one identity for both. */
    private static final List<Cidr> PREFIXES = List.of(
            Cidr.parse("0.0.0.0/0"),
            Cidr.parse("172.16.0.0/12"),
            Cidr.parse("172.16.0.0/16"),
            Cidr.parse("172.16.1.0/24"),
            Cidr.parse("172.16.1.7/32"),
            Cidr.parse("172.17.0.0/16"),
            Cidr.parse("10.244.0.0/16"),
            Cidr.parse("2001:db8::/32"),
            Cidr.parse("2001:db8:1::/48"));

    private static final List<Peer.Entity> ENTITIES = List.of(Peer.Entity.values());
    private static final List<Integer> PROTOCOLS = List.of(6, 17, 1);
    private static final int[] EDGES = {0, 1, 79, 80, 81, 443, 1023, 1024, 8000, 8080, 65535};

    private final Random random;

    public Cases(Random random) {
        this.random = random;
    }

    /** One of a few labels. */
    public List<String> labels() {
        return List.of("k8s:app=" + "abcd".charAt(random.nextInt(4)), "k8s:env=" + "xy".charAt(random.nextInt(2)));
    }

    /** A policy of one or two rules. */
    public Policy policy(String name) {
        List<Rule> rules = new ArrayList<>();
        for (int i = random.nextInt(2); i >= 0; i--) {
            List<DirectionRule> ingress = directions();
            List<DirectionRule> egress = directions();
            rules.add(new Rule(
                    selector(),
                    ingress,
                    egress,
                    random.nextInt(6) != 0 && !ingress.isEmpty(),
                    random.nextInt(6) != 0 && !egress.isEmpty()));
        }
        return new Policy(new PolicyName(PolicyName.Kind.CILIUM_NETWORK_POLICY, "default", name), rules);
    }

    private List<DirectionRule> directions() {
        List<DirectionRule> rules = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            List<Peer> peers = new ArrayList<>();
            for (int n = random.nextInt(4); n > 0; n--) {
                peers.add(peer());
            }
            List<Ports> ports = new ArrayList<>();
            for (int n = random.nextInt(3); n > 0; n--) {
                ports.add(ports());
            }
            rules.add(new DirectionRule(random.nextInt(4) == 0, peers, ports));
        }
        return rules;
    }

    private Peer peer() {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> new Peer.Labelled(selector());
            case 3, 4, 5 -> prefix();
            case 6 -> random.nextInt(4) == 0 ? new Peer.Nobody() : new Peer.Named(entity());
            default -> new Peer.Named(entity());
        };
    }

    private Peer.Entity entity() {
        return ENTITIES.get(random.nextInt(ENTITIES.size()));
    }

    private Peer prefix() {
        Cidr cidr = PREFIXES.get(random.nextInt(PREFIXES.size()));
        List<Cidr> except = PREFIXES.stream()
                .filter(other -> !other.equals(cidr) && cidr.contains(other) && random.nextInt(3) == 0)
                .toList();
        return new Peer.Prefix(cidr, except);
    }

    private Selector selector() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt(3) == 0 ? Selector.ALL : require(Selector.Operator.EXISTS);
            case 1 -> require(Selector.Operator.NOT_IN, "a", "b");
            case 2 ->
                new Selector(List.of(
                        new Selector.Requirement("k8s", "app", Selector.Operator.IN, List.of("a", "c")),
                        new Selector.Requirement("any", "env", Selector.Operator.IN, List.of("x"))));
            case 3 ->
                new Selector(List.of(new Selector.Requirement(
                        "reserved",
                        List.of("host", "remote-node", "world").get(random.nextInt(3)),
                        Selector.Operator.EXISTS,
                        List.of())));
            default -> require(Selector.Operator.IN, String.valueOf("abcd".charAt(random.nextInt(4))));
        };
    }

    private static Selector require(Selector.Operator operator, String... values) {
        return new Selector(List.of(new Selector.Requirement("k8s", "app", operator, List.of(values))));
    }

    private Ports ports() {
        int protocol = random.nextInt(6) == 0 ? 0 : PROTOCOLS.get(random.nextInt(3));
        if (random.nextInt(5) == 0) {
            return Ports.all(protocol);
        }
        int first = port();
        int last = random.nextBoolean() ? first : Math.max(first, port());
        return new Ports(protocol, first, last);
    }

    /** A port, often where a range begins or ends. */
    public int port() {
        return random.nextInt(4) == 0 ? random.nextInt(65536) : EDGES[random.nextInt(EDGES.length)];
    }

    /** A protocol rules name, or another. */
    public int protocol() {
        return random.nextInt(8) == 0 ? 132 : PROTOCOLS.get(random.nextInt(3));
    }
}
