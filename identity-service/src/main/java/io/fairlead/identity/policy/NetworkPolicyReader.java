package io.fairlead.identity.policy;

import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import io.fairlead.contract.policy.Selector.Operator;
import io.fairlead.contract.policy.Selector.Requirement;
import io.fairlead.identity.policy.Selectors.Keys;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the spec of a networking.k8s.io/v1 NetworkPolicy.
 *
 * <p>Pods carry the name of their namespace and none of its labels, so a namespaceSelector works by name, and by labels as
 * far as whoever starts pods puts them on pods.
 */
final class NetworkPolicyReader {
    private static final String METADATA_NAME = "kubernetes.io/metadata.name";
    private static final Set<String> SPEC = Set.of("podSelector", "policyTypes", "ingress", "egress");
    private static final Set<String> PEER = Set.of("podSelector", "namespaceSelector", "ipBlock");
    private static final String PEER_EXPECTED = "podSelector, namespaceSelector or ipBlock";

    private final String namespace;

    private NetworkPolicyReader(String namespace) {
        this.namespace = namespace;
    }

    /** The one rule of a spec; nothing when it is no map. */
    static Optional<Rule> read(Field spec, String namespace) {
        return spec.has(SPEC, Map.of()) ? Optional.of(new NetworkPolicyReader(namespace).rule(spec)) : Optional.empty();
    }

    private Rule rule(Field spec) {
        List<Requirement> subject = spec.required("podSelector", "a label selector; {} for all pods of the namespace")
                .map(f -> Selectors.read(f, Keys.KUBERNETES))
                .orElse(List.of());
        Set<Direction> types = types(spec);
        // rules of a direction that policyTypes leaves out do not count, but are checked
        List<DirectionRule> ingress = rules(spec, Direction.INGRESS);
        List<DirectionRule> egress = rules(spec, Direction.EGRESS);
        boolean in = types.contains(Direction.INGRESS);
        boolean out = types.contains(Direction.EGRESS);
        return new Rule(
                Selectors.and(subject, Selectors.inNamespace(namespace)),
                in ? ingress : List.of(),
                out ? egress : List.of(),
                in,
                out);
    }

    private static Set<Direction> types(Field spec) {
        Set<Direction> types = EnumSet.noneOf(Direction.class);
        Optional<Field> given = spec.child("policyTypes");
        given.ifPresent(list -> list.items()
                .forEach(item -> item.text().ifPresent(text -> {
                    switch (text) {
                        case "Ingress" -> types.add(Direction.INGRESS);
                        case "Egress" -> types.add(Direction.EGRESS);
                        default -> item.wrong("Ingress or Egress");
                    }
                })));
        if (given.isEmpty() || given.get().value().isEmpty()) {
            types.add(Direction.INGRESS);
            spec.child("egress").filter(list -> !list.value().isEmpty()).ifPresent(list -> types.add(Direction.EGRESS));
        }
        return types;
    }

    private List<DirectionRule> rules(Field spec, Direction direction) {
        List<DirectionRule> rules = new ArrayList<>();
        for (Field item : spec.child(direction.list()).map(Field::items).orElse(List.of())) {
            if (!item.has(Set.of(direction.peers(), "ports"), Map.of())) {
                continue;
            }
            List<Peer> peers = new ArrayList<>();
            item.child(direction.peers())
                    .ifPresent(list -> list.items().forEach(peer -> peer(peer).ifPresent(peers::add)));
            List<Ports> ports = new ArrayList<>();
            item.child("ports")
                    .ifPresent(list -> list.items().forEach(port -> ports.addAll(PortFields.kubernetes(port))));
            rules.add(new DirectionRule(false, peers, ports));
        }
        return rules;
    }

    private Optional<Peer> peer(Field field) {
        if (!field.has(PEER, Map.of())) {
            return Optional.empty();
        }
        Optional<Field> pods = field.child("podSelector");
        Optional<Field> namespaces = field.child("namespaceSelector");
        Optional<Field> block = field.child("ipBlock");
        if (block.isPresent()) {
            if (pods.isPresent() || namespaces.isPresent()) {
                field.mistake("ipBlock together with selectors (expected: ipBlock alone)");
            }
            return block.filter(f -> f.has(Set.of("cidr", "except"), Map.of())).flatMap(Cidrs::withExcept);
        }
        if (pods.isEmpty() && namespaces.isEmpty()) {
            field.mistake("no peer (expected: " + PEER_EXPECTED + ")");
            return Optional.empty();
        }
        List<Requirement> all = new ArrayList<>();
        pods.ifPresent(f -> all.addAll(Selectors.read(f, Keys.KUBERNETES)));
        if (namespaces.isEmpty()) {
            all.add(Selectors.inNamespace(namespace));
        } else {
            all.add(Selectors.inAnyNamespace());
            all.addAll(ofNamespace(namespaces.get()));
        }
        return Optional.of(new Peer.Labelled(new Selector(all)));
    }

    /** What a pod's labels must be like so that its namespace is selected. */
    private static List<Requirement> ofNamespace(Field field) {
        List<Requirement> all = new ArrayList<>();
        for (Requirement requirement : Selectors.read(field, Keys.KUBERNETES)) {
            Operator operator = requirement.operator();
            boolean byName = requirement.key().equals(METADATA_NAME);
            if (!byName && (operator == Operator.NOT_IN || operator == Operator.DOES_NOT_EXIST)) {
                field.mistake("operator " + operator.text() + " on " + requirement.key()
                        + ": which labels a namespace does not have is not known (expected: In or Exists, or the key "
                        + METADATA_NAME + ")");
            }
            String key = byName ? Selectors.NAMESPACE : Selectors.NAMESPACE_LABELS + requirement.key();
            all.add(new Requirement(Selectors.K8S, key, operator, requirement.values()));
        }
        return all;
    }
}
