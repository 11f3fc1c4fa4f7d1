package io.fairlead.node.policy;

import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How long policies take: 10,000 identities, 100 policies, 50 identities here. Prints milliseconds; not a test. */
public final class PolicyBench {
    private static final InKernel NOTHING = new InKernel(Map.of(), Map.of(), Map.of(), Map.of());
    private static final int APPS = 1000;

    private PolicyBench() {}

    public static void main(String[] args) {
        Map<Integer, List<String>> identities = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            identities.put(256 + i, labels(i));
        }
        World world = new World();
        for (int i = 0; i < 50; i++) {
            world.local(i + 1, 256 + i * 20);
        }
        Map<PolicyName, Policy> policies = new HashMap<>();
        for (int i = 0; i < 100; i++) {
            Policy policy = policy(i);
            policies.put(policy.name(), policy);
        }
        for (int run = 0; run < 10; run++) {
            DesiredState state = DesiredState.NOTHING
                    .withPeers(Map.of(), identities, policies, 1)
                    .withPods(Map.copyOf(world.pods));
            PolicySwitch judges = new PolicySwitch(PolicySettings.DEFAULT, 1);
            long full = round(judges, state);
            long entries =
                    judges.entries().values().stream().mapToLong(Map::size).sum();
            Map<Integer, List<String>> more = new HashMap<>(identities);
            more.put(20_000, labels(7));
            long one = round(judges, state.withPeers(Map.of(), more));
            long none = round(judges, state.withPeers(Map.of(), more));
            Map<PolicyName, Policy> changed = new HashMap<>(policies);
            Policy other = policy(100);
            changed.put(other.name(), other);
            long policy = round(judges, state.withPeers(Map.of(), more, changed, 2));
            System.out.printf(
                    "entries %d: all %.2f ms, one identity %.3f ms, nothing %.3f ms, one policy %.2f ms%n",
                    entries, full / 1e6, one / 1e6, none / 1e6, policy / 1e6);
        }
    }

    private static long round(PolicySwitch judges, DesiredState state) {
        long began = System.nanoTime();
        judges.prepare(state, NOTHING, false);
        Map<Integer, Map<PolicyKey, PolicyEntry>> entries = judges.entries();
        judges.settle(entries, Map.of());
        return System.nanoTime() - began;
    }

    private static List<String> labels(int i) {
        return List.of(
                "k8s:app=app" + i % APPS,
                "k8s:io.cilium.k8s.policy.cluster=default",
                "k8s:io.cilium.k8s.policy.serviceaccount=default",
                "k8s:io.kubernetes.pod.namespace=ns" + i % 20,
                "k8s:version=v" + i);
    }

    /** Pods of a namespace receive from one that has 500 identities, and from an application of 10. */
    private static Policy policy(int i) {
        DirectionRule wide = new DirectionRule(
                false,
                List.of(new Peer.Labelled(in("io.kubernetes.pod.namespace", "ns" + (i + 1) % 20))),
                List.of(new Ports(6, 8000 + i, 8000 + i)));
        DirectionRule narrow = new DirectionRule(
                false, List.of(new Peer.Labelled(in("app", "app" + i))), List.of(new Ports(6, 1000, 2000)));
        return new Policy(
                new PolicyName(PolicyName.Kind.CILIUM_NETWORK_POLICY, "ns" + i % 20, "p" + i),
                List.of(new Rule(
                        in("io.kubernetes.pod.namespace", "ns" + i % 20),
                        List.of(wide, narrow),
                        List.of(wide),
                        true,
                        true)));
    }

    private static Selector in(String key, String value) {
        return new Selector(List.of(new Selector.Requirement("k8s", key, Selector.Operator.IN, List.of(value))));
    }
}
