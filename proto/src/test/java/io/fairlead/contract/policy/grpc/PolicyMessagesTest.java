package io.fairlead.contract.policy.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
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
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PolicyMessagesTest {
    @Test
    void everyPolicySurvivesTheWireAndBack() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            Policy policy = policy(random);
            byte[] wire = PolicyMessages.message(policy).toByteArray();
            assertThat(PolicyMessages.read(io.fairlead.proto.policy.v1.Policy.parseFrom(wire)))
                    .as("seed %d", seed)
                    .isEqualTo(policy);
        }
    }

    @Test
    void whatIsNotUnderstoodIsNamed() {
        io.fairlead.proto.policy.v1.Policy.Builder good = PolicyMessages.message(new Policy(
                        new PolicyName(Kind.NETWORK_POLICY, "default", "web"),
                        List.of(new Rule(
                                Selector.ALL,
                                List.of(new DirectionRule(
                                        false, List.of(new Peer.Named(Peer.Entity.WORLD)), List.of(Ports.all(6)))),
                                List.of(),
                                true,
                                false))))
                .toBuilder();
        var rule = good.getRulesBuilder(0);
        var ingress = rule.getIngressBuilder(0);
        refused(good, () -> ingress.getPeersBuilder(0).setEntity("moon"), "entity: \"moon\"");
        refused(good, () -> ingress.getPeersBuilder(0).clearPeer(), "peer: unknown");
        ingress.getPeersBuilder(0).setNone(true);
        refused(good, () -> ingress.getPortsBuilder(0).setProtocol(256), "protocol: 256");
        ingress.getPortsBuilder(0).setProtocol(6);
        refused(good, () -> ingress.getPortsBuilder(0).setAny(false).setFirst(9).setLast(8), "ports: 9 to 8");
        ingress.clearPorts();
        refused(good, () -> rule.getSubjectBuilder().addRequirementsBuilder().setKey("app"), "key: \"app\"");
        refused(
                good,
                () -> rule.getSubjectBuilder().getRequirementsBuilder(0).setKey("k8s:app"),
                "operator: 0 (expected: one that is known)");
        refused(good, rule::clearSubject, "subject: none");
        refused(good, () -> good.getNameBuilder().setKind("Pod"), "kind: \"Pod\"");
    }

    private static void refused(
            io.fairlead.proto.policy.v1.Policy.Builder message, Supplier<?> breaking, String expected) {
        Object unused = breaking.get();
        assertThatThrownBy(() -> PolicyMessages.read(message.build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(expected);
    }

    private static Policy policy(Random random) {
        Kind kind = one(random, Kind.values());
        String namespace = kind == Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY ? "" : "ns" + random.nextInt(3);
        return new Policy(new PolicyName(kind, namespace, "p" + random.nextInt(10)), some(random, () -> rule(random)));
    }

    private static Rule rule(Random random) {
        return new Rule(
                selector(random),
                some(random, () -> direction(random)),
                some(random, () -> direction(random)),
                random.nextBoolean(),
                random.nextBoolean());
    }

    private static DirectionRule direction(Random random) {
        return new DirectionRule(
                random.nextBoolean(), some(random, () -> peer(random)), some(random, () -> ports(random)));
    }

    private static Peer peer(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> new Peer.Labelled(selector(random));
            case 1 -> new Peer.Prefix(cidr(random), some(random, () -> cidr(random)));
            case 2 -> new Peer.Named(one(random, Peer.Entity.values()));
            default -> new Peer.Nobody();
        };
    }

    private static Cidr cidr(Random random) {
        return random.nextBoolean()
                ? Cidr.containing(
                        Ip.parse("10." + random.nextInt(256) + "." + random.nextInt(256) + ".7"), random.nextInt(33))
                : Cidr.containing(Ip.parse("fd00::" + Integer.toHexString(random.nextInt(65536))), random.nextInt(129));
    }

    private static Ports ports(Random random) {
        int protocol = List.of(0, 1, 6, 17, 58, 132).get(random.nextInt(6));
        int first = random.nextInt(4) == 0 ? 0 : random.nextInt(65536);
        return switch (random.nextInt(3)) {
            case 0 -> Ports.all(protocol);
            case 1 -> new Ports(protocol, first, first);
            default -> new Ports(protocol, first, first + random.nextInt(65536 - first));
        };
    }

    private static Selector selector(Random random) {
        return new Selector(some(
                random,
                () -> new Requirement(
                        random.nextBoolean() ? "k8s" : "any",
                        "key" + random.nextInt(5),
                        one(random, Operator.values()),
                        some(random, () -> "v" + random.nextInt(5)))));
    }

    private static <T> List<T> some(Random random, Supplier<T> one) {
        return Stream.generate(one).limit(random.nextInt(4)).toList();
    }

    private static <T> T one(Random random, T[] all) {
        return all[random.nextInt(all.length)];
    }
}
