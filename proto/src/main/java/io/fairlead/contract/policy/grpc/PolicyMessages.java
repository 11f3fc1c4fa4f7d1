package io.fairlead.contract.policy.grpc;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.PolicyName.Kind;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import io.fairlead.contract.policy.Selector.Operator;
import io.fairlead.contract.policy.Selector.Requirement;
import io.fairlead.proto.policy.v1.CidrPeer;
import java.util.List;
import java.util.function.Function;

/** Policies as protobuf and back. What is read is checked: IllegalArgumentException names what is not understood. */
public final class PolicyMessages {
    private PolicyMessages() {}

    /** A name as a message. */
    public static io.fairlead.proto.policy.v1.PolicyName message(PolicyName name) {
        return io.fairlead.proto.policy.v1.PolicyName.newBuilder()
                .setKind(name.kind().text())
                .setNamespace(name.namespace())
                .setName(name.name())
                .build();
    }

    /** The name a message says. */
    public static PolicyName read(io.fairlead.proto.policy.v1.PolicyName message) {
        Kind kind = Kind.find(message.getKind())
                .orElseThrow(() -> new IllegalArgumentException("kind: \"" + message.getKind() + "\" (expected: "
                        + Kind.NETWORK_POLICY.text() + ", " + Kind.CILIUM_NETWORK_POLICY.text() + " or "
                        + Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY.text() + ")"));
        if (message.getName().isEmpty()) {
            throw new IllegalArgumentException("name: none (expected: the name of a " + kind.text() + ")");
        }
        return new PolicyName(kind, message.getNamespace(), message.getName());
    }

    /** A policy as a message. */
    public static io.fairlead.proto.policy.v1.Policy message(Policy policy) {
        return io.fairlead.proto.policy.v1.Policy.newBuilder()
                .setName(message(policy.name()))
                .addAllRules(each(policy.rules(), PolicyMessages::rule))
                .build();
    }

    /** Bytes of a policy's message. */
    public static int bytes(Policy policy) {
        return message(policy).getSerializedSize();
    }

    /** The policy a message says. */
    public static Policy read(io.fairlead.proto.policy.v1.Policy message) {
        PolicyName name = read(message.getName());
        try {
            return new Policy(name, each(message.getRulesList(), PolicyMessages::rule));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    private static io.fairlead.proto.policy.v1.Rule rule(Rule rule) {
        return io.fairlead.proto.policy.v1.Rule.newBuilder()
                .setSubject(selector(rule.subject()))
                .addAllIngress(each(rule.ingress(), PolicyMessages::direction))
                .addAllEgress(each(rule.egress(), PolicyMessages::direction))
                .setEnforcesIngress(rule.enforcesIngress())
                .setEnforcesEgress(rule.enforcesEgress())
                .build();
    }

    private static Rule rule(io.fairlead.proto.policy.v1.Rule rule) {
        if (!rule.hasSubject()) {
            throw new IllegalArgumentException("subject: none (expected: a selector)");
        }
        return new Rule(
                selector(rule.getSubject()),
                each(rule.getIngressList(), PolicyMessages::direction),
                each(rule.getEgressList(), PolicyMessages::direction),
                rule.getEnforcesIngress(),
                rule.getEnforcesEgress());
    }

    private static io.fairlead.proto.policy.v1.DirectionRule direction(DirectionRule rule) {
        return io.fairlead.proto.policy.v1.DirectionRule.newBuilder()
                .setDeny(rule.deny())
                .addAllPeers(each(rule.peers(), PolicyMessages::peer))
                .addAllPorts(each(rule.ports(), PolicyMessages::ports))
                .build();
    }

    private static DirectionRule direction(io.fairlead.proto.policy.v1.DirectionRule rule) {
        return new DirectionRule(
                rule.getDeny(),
                each(rule.getPeersList(), PolicyMessages::peer),
                each(rule.getPortsList(), PolicyMessages::ports));
    }

    private static io.fairlead.proto.policy.v1.Peer peer(Peer peer) {
        io.fairlead.proto.policy.v1.Peer.Builder message = io.fairlead.proto.policy.v1.Peer.newBuilder();
        if (peer instanceof Peer.Labelled labelled) {
            message.setSelector(selector(labelled.selector()));
        } else if (peer instanceof Peer.Prefix prefix) {
            message.setCidr(CidrPeer.newBuilder()
                    .setCidr(prefix.cidr().toString())
                    .addAllExcept(each(prefix.except(), Cidr::toString)));
        } else if (peer instanceof Peer.Named named) {
            message.setEntity(named.entity().text());
        } else if (peer instanceof Peer.Nobody) {
            message.setNone(true);
        }
        return message.build();
    }

    private static Peer peer(io.fairlead.proto.policy.v1.Peer peer) {
        return switch (peer.getPeerCase()) {
            case SELECTOR -> new Peer.Labelled(selector(peer.getSelector()));
            case CIDR ->
                new Peer.Prefix(
                        Cidr.parse(peer.getCidr().getCidr()),
                        each(peer.getCidr().getExceptList(), Cidr::parse));
            case ENTITY ->
                new Peer.Named(Peer.Entity.find(peer.getEntity())
                        .orElseThrow(() -> new IllegalArgumentException(
                                "entity: \"" + peer.getEntity() + "\" (expected: host, world, cluster, all …)")));
            case NONE -> new Peer.Nobody();
            case PEER_NOT_SET ->
                throw new IllegalArgumentException("peer: unknown (expected: selector, cidr, entity or none)");
        };
    }

    private static io.fairlead.proto.policy.v1.Ports ports(Ports ports) {
        return io.fairlead.proto.policy.v1.Ports.newBuilder()
                .setProtocol(ports.protocol())
                .setFirst(ports.isAll() ? 0 : ports.first())
                .setLast(ports.isAll() ? 0 : ports.last())
                .setAny(ports.isAll())
                .build();
    }

    private static Ports ports(io.fairlead.proto.policy.v1.Ports ports) {
        return ports.getAny()
                ? Ports.all(ports.getProtocol())
                : new Ports(ports.getProtocol(), ports.getFirst(), ports.getLast());
    }

    private static io.fairlead.proto.policy.v1.Selector selector(Selector selector) {
        return io.fairlead.proto.policy.v1.Selector.newBuilder()
                .addAllRequirements(each(selector.requirements(), PolicyMessages::requirement))
                .build();
    }

    private static Selector selector(io.fairlead.proto.policy.v1.Selector selector) {
        return new Selector(each(selector.getRequirementsList(), PolicyMessages::requirement));
    }

    private static io.fairlead.proto.policy.v1.Requirement requirement(Requirement requirement) {
        return io.fairlead.proto.policy.v1.Requirement.newBuilder()
                .setKey(requirement.source() + ":" + requirement.key())
                .setOperator(
                        switch (requirement.operator()) {
                            case IN -> io.fairlead.proto.policy.v1.Requirement.Operator.OPERATOR_IN;
                            case NOT_IN -> io.fairlead.proto.policy.v1.Requirement.Operator.OPERATOR_NOT_IN;
                            case EXISTS -> io.fairlead.proto.policy.v1.Requirement.Operator.OPERATOR_EXISTS;
                            case DOES_NOT_EXIST ->
                                io.fairlead.proto.policy.v1.Requirement.Operator.OPERATOR_DOES_NOT_EXIST;
                        })
                .addAllValues(requirement.values())
                .build();
    }

    private static Requirement requirement(io.fairlead.proto.policy.v1.Requirement requirement) {
        String key = requirement.getKey();
        int colon = key.indexOf(':');
        if (colon <= 0 || colon == key.length() - 1) {
            throw new IllegalArgumentException("key: \"" + key + "\" (expected: source:key)");
        }
        Operator operator = switch (requirement.getOperator()) {
            case OPERATOR_IN -> Operator.IN;
            case OPERATOR_NOT_IN -> Operator.NOT_IN;
            case OPERATOR_EXISTS -> Operator.EXISTS;
            case OPERATOR_DOES_NOT_EXIST -> Operator.DOES_NOT_EXIST;
            case OPERATOR_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalArgumentException(
                        "operator: " + requirement.getOperatorValue() + " (expected: one that is known)");
        };
        return new Requirement(
                key.substring(0, colon), key.substring(colon + 1), operator, requirement.getValuesList());
    }

    private static <A, B> List<B> each(List<A> all, Function<? super A, ? extends B> reader) {
        return all.stream().<B>map(reader).toList();
    }
}
