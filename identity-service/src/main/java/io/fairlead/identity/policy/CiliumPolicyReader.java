package io.fairlead.identity.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import io.fairlead.contract.policy.Selector.Operator;
import io.fairlead.contract.policy.Selector.Requirement;
import io.fairlead.identity.policy.Selectors.Keys;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads one spec of a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy, cilium.io/v2: what it says of addresses and
 * ports. Peers of several fields of one rule are added up.
 *
 * <p>fromRequires becomes a denial of pods that lack what is required, so it also holds against rules that name entities.
 */
final class CiliumPolicyReader {
    private static final Set<String> SPEC = Set.of(
            "endpointSelector",
            "ingress",
            "ingressDeny",
            "egress",
            "egressDeny",
            "enableDefaultDeny",
            "labels",
            "description");
    private static final String L7 = "L7 rules (expected: L3/L4 only: peers, toPorts.ports and icmps)";
    private static final Map<String, String> SPEC_REFUSED = Map.of(
            "nodeSelector", "policy of nodes (expected: endpointSelector; policies of nodes are not supported)",
            "log", "log text (expected: none; it is not supported)");
    private static final Map<String, String> RULE_REFUSED = Map.of(
            "toFQDNs", "DNS names (expected: L3/L4 only: toCIDR or toCIDRSet)",
            "toServices", "services (expected: toEndpoints with the labels of the pods behind them)",
            "fromNodes", "node labels (expected: fromEntities: [remote-node])",
            "toNodes", "node labels (expected: toEntities: [remote-node])",
            "fromGroups", "cloud groups (expected: fromCIDR or fromCIDRSet)",
            "toGroups", "cloud groups (expected: toCIDR or toCIDRSet)",
            "authentication", "mutual authentication (expected: none; it is not supported)");
    private static final Map<String, String> PORTS_REFUSED = Map.of(
            "rules", L7,
            "listener", "L7 listener (expected: L3/L4 only: ports)",
            "serverNames", "L7 server names (expected: L3/L4 only: ports)",
            "terminatingTLS", "L7 TLS (expected: L3/L4 only: ports)",
            "originatingTLS", "L7 TLS (expected: L3/L4 only: ports)");
    private static final Map<String, String> CIDR_REFUSED = Map.of(
            "cidrGroupRef", "CIDR group (expected: cidr; groups are not supported)",
            "cidrGroupSelector", "CIDR group (expected: cidr; groups are not supported)");
    private static final String ENTITIES =
            "host, remote-node, world, world-ipv4, world-ipv6, cluster, all, init, unmanaged, health or none";

    // empty for a clusterwide policy
    private final String namespace;

    private CiliumPolicyReader(String namespace) {
        this.namespace = namespace;
    }

    /**
     * The rule of a spec; nothing when it is no map.
     *
     * @param namespace empty for a clusterwide policy
     */
    static Optional<Rule> read(Field spec, String namespace) {
        return spec.has(SPEC, SPEC_REFUSED)
                ? Optional.of(new CiliumPolicyReader(namespace).rule(spec))
                : Optional.empty();
    }

    private Rule rule(Field spec) {
        Selector subject = subject(spec);
        spec.child("description").ifPresent(Field::text);
        spec.child("labels").ifPresent(Field::items);
        List<DirectionRule> ingress = new ArrayList<>();
        List<DirectionRule> egress = new ArrayList<>();
        boolean hasIngress = rules(spec, Direction.INGRESS, ingress);
        boolean hasEgress = rules(spec, Direction.EGRESS, egress);
        if (!hasIngress && !hasEgress) {
            spec.mistake(
                    "no rules (expected: at least one in ingress, ingressDeny, egress or egressDeny; the empty rule"
                            + " {} allows nothing)");
        }
        Optional<Field> defaults =
                spec.child("enableDefaultDeny").filter(f -> f.has(Set.of("ingress", "egress"), Map.of()));
        return new Rule(
                subject,
                ingress,
                egress,
                enforces(defaults, Direction.INGRESS).orElse(hasIngress),
                enforces(defaults, Direction.EGRESS).orElse(hasEgress));
    }

    private static Optional<Boolean> enforces(Optional<Field> defaults, Direction direction) {
        return defaults.flatMap(f -> f.child(direction.list())).flatMap(Field::flag);
    }

    private Selector subject(Field spec) {
        if (spec.child("nodeSelector").isPresent()
                && spec.child("endpointSelector").isEmpty()) {
            return Selector.ALL;
        }
        Optional<Field> field = spec.required("endpointSelector", "a label selector; {} for all");
        List<Requirement> given =
                field.map(f -> Selectors.read(f, Keys.WITH_SOURCE)).orElse(List.of());
        if (namespace.isEmpty()) {
            return new Selector(given);
        }
        for (Requirement requirement : given) {
            boolean own = requirement.operator() == Operator.EXISTS
                    || (requirement.operator() == Operator.IN
                            && requirement.values().contains(namespace));
            if (Selectors.saysNamespace(List.of(requirement)) && !own) {
                field.ifPresent(f -> f.mistake("namespace: another than the policy's (expected: " + namespace
                        + ", or a CiliumClusterwideNetworkPolicy)"));
            }
        }
        return Selectors.and(given, Selectors.inNamespace(namespace));
    }

    /** Reads a direction's rules; says whether there are any. */
    private boolean rules(Field spec, Direction direction, List<DirectionRule> into) {
        boolean any = false;
        for (boolean deny : new boolean[] {false, true}) {
            String name = direction.list() + (deny ? "Deny" : "");
            Optional<Field> list = spec.child(name);
            any |= list.filter(f -> !f.value().isEmpty()).isPresent();
            list.ifPresent(f -> f.items().forEach(item -> rule(item, direction, deny, into)));
        }
        return any;
    }

    private void rule(Field item, Direction direction, boolean deny, List<DirectionRule> into) {
        String who = direction.peers();
        Set<String> known = new HashSet<>(Set.of("toPorts", "icmps"));
        List.of("Endpoints", "Entities", "CIDR", "CIDRSet", "Requires").forEach(name -> known.add(who + name));
        if (!item.has(known, RULE_REFUSED)) {
            return;
        }
        List<Peer> peers = new ArrayList<>();
        boolean named = each(item, who + "Endpoints", f -> peers.add(new Peer.Labelled(selector(f))));
        named |= each(item, who + "Entities", f -> entity(f).ifPresent(peers::add));
        named |= each(
                item,
                who + "CIDR",
                f -> Cidrs.read(f, true).ifPresent(cidr -> peers.add(new Peer.Prefix(cidr, List.of()))));
        named |= each(item, who + "CIDRSet", f -> {
            if (f.has(Set.of("cidr", "except"), CIDR_REFUSED) && !isGroup(f)) {
                Cidrs.withExcept(f).ifPresent(peers::add);
            }
        });
        List<Peer> lacking = new ArrayList<>();
        boolean requires = each(item, who + "Requires", f -> lacking.addAll(lacking(selector(f))));
        List<Ports> ports = ports(item);
        if (!lacking.isEmpty()) {
            into.add(new DirectionRule(true, lacking, List.of()));
        }
        // a rule that names neither peers nor ports allows nothing, and so does one that only requires
        if (named || (!requires && !ports.isEmpty())) {
            into.add(new DirectionRule(deny, peers.isEmpty() && named ? List.of(new Peer.Nobody()) : peers, ports));
        }
    }

    private static boolean isGroup(Field field) {
        return CIDR_REFUSED.keySet().stream().anyMatch(name -> field.child(name).isPresent());
    }

    private static boolean each(Field item, String name, java.util.function.Consumer<Field> reader) {
        Optional<Field> list = item.child(name);
        list.ifPresent(f -> f.items().forEach(reader));
        return list.isPresent();
    }

    /** A peer's selector: of the policy's own namespace, or in a clusterwide one of pods, unless it says otherwise. */
    private Selector selector(Field field) {
        List<Requirement> given = Selectors.read(field, Keys.WITH_SOURCE);
        if (Selectors.isReserved(given) || Selectors.saysNamespace(given)) {
            return new Selector(given);
        }
        if (namespace.isEmpty()) {
            return Selectors.and(given, Selectors.inAnyNamespace());
        }
        return Selectors.saysNamespaceLabels(given)
                ? new Selector(given)
                : Selectors.and(given, Selectors.inNamespace(namespace));
    }

    /** Pods that miss any of a selector's requirements. */
    private static List<Peer> lacking(Selector required) {
        List<Peer> all = new ArrayList<>();
        for (Requirement requirement : required.requirements()) {
            Operator opposite = switch (requirement.operator()) {
                case IN -> Operator.NOT_IN;
                case NOT_IN -> Operator.IN;
                case EXISTS -> Operator.DOES_NOT_EXIST;
                case DOES_NOT_EXIST -> Operator.EXISTS;
            };
            Requirement not = new Requirement(requirement.source(), requirement.key(), opposite, requirement.values());
            all.add(new Peer.Labelled(new Selector(List.of(Selectors.inAnyNamespace(), not))));
        }
        return all;
    }

    private static Optional<Peer> entity(Field field) {
        return field.text().flatMap(text -> {
            Optional<Peer> found = switch (text) {
                case "none" -> Optional.of(new Peer.Nobody());
                case "world-ipv4" -> Optional.of(new Peer.Prefix(Cidr.parse("0.0.0.0/0"), List.of()));
                case "world-ipv6" -> Optional.of(new Peer.Prefix(Cidr.parse("::/0"), List.of()));
                default -> Peer.Entity.find(text).map(Peer.Named::new);
            };
            if (found.isEmpty()) {
                field.wrong(ENTITIES);
            }
            return found;
        });
    }

    private static List<Ports> ports(Field item) {
        List<Ports> all = new ArrayList<>();
        boolean hasPorts = each(item, "toPorts", f -> {
            if (f.has(Set.of("ports"), PORTS_REFUSED)) {
                f.required("ports", "at least one port").ifPresent(list -> {
                    if (list.value().isArray() && list.value().isEmpty()) {
                        list.mistake("empty (expected: at least one port)");
                    }
                    list.items().forEach(port -> all.addAll(PortFields.cilium(port)));
                });
            }
        });
        boolean hasTypes = each(item, "icmps", f -> all.addAll(PortFields.icmp(f)));
        if (hasPorts && hasTypes) {
            item.mistake("icmps together with toPorts (expected: a rule of its own for each)");
        }
        return all;
    }
}
