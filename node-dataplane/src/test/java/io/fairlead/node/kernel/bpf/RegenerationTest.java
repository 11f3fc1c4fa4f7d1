package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.kernel.bpf.Steady.Flow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Policies of all pods of a node change at once, again and again, as the reconciler writes them, under traffic. */
@Tag("root")
class RegenerationTest {
    private static final int UDP = 17;
    private static final int PODS = 6;
    /** Devices of other pods, which are only entries: all change at once, as where a policy is everybody's. */
    private static final int CROWD = 1000;

    private static final long NANOS = TimeUnit.SECONDS.toNanos(6);

    private static Ip ip(int pod, boolean v4) {
        return v4 ? Machine.pod4(1, 10 + pod) : Machine.pod6(1, 10 + pod);
    }

    private static String netns(Machine machine, int pod) {
        return machine.pods.get("p" + pod).name();
    }

    private static Flow flow(Machine machine, boolean allowed, int from, int to, boolean v4, int port) {
        return new Flow(
                allowed,
                netns(machine, from),
                ip(from, v4),
                port,
                netns(machine, to),
                ip(to, v4),
                allowed ? 7000 : 7005);
    }

    @Test
    void whatOldAndNewPoliciesAllowIsNeverDroppedAndWhatBothForbidNeverPasses() throws Exception {
        try (Machine one = new Machine(1);
                Machine two = new Machine(2)) {
            Machine.connect(one, two);
            one.start(2);
            for (int pod = 0; pod < PODS; pod++) {
                one.addPod("p" + pod, 10 + pod);
            }
            PolicyMap policies = new PolicyMap(one.spec, one.object().map("policies"));
            EndpointMap endpoints = new EndpointMap(one.spec, one.object().map("endpoints"));
            InterfaceMap interfaces = new InterfaceMap(one.spec, one.object().map("interfaces"));
            judge(0, policies, endpoints, interfaces);
            List<Flow> flows = new ArrayList<>();
            flows.add(flow(one, true, 0, 1, true, 7001));
            flows.add(flow(one, true, 2, 3, false, 7002));
            flows.add(flow(one, false, 4, 1, true, 7003));
            flows.add(flow(one, false, 5, 3, false, 7004));
            int rounds = 0;
            try (Steady steady = Steady.start(10_000, flows)) {
                long end = System.nanoTime() + NANOS;
                while (System.nanoTime() < end) {
                    judge(++rounds, policies, endpoints, interfaces);
                    TimeUnit.MILLISECONDS.sleep(1);
                }
                steady.end();
            }
            assertThat(rounds).isGreaterThan(100);
        }
    }

    /** Pods 0 to 3 talk in pairs; 4 and 5 may send and receive everything. Each has an id of its own each round. */
    private static void judge(int round, PolicyMap policies, EndpointMap endpoints, InterfaceMap interfaces) {
        Map<PolicyKey, PolicyEntry> entries = new HashMap<>();
        Map<Ip, LocalEndpoint> newEndpoints = new HashMap<>();
        Map<Integer, PodInterface> newInterfaces = new HashMap<>();
        Map<Ip, LocalEndpoint> before = endpoints.load();
        for (int pod = 0; pod < PODS; pod++) {
            int id = 1 + round * PODS + pod;
            int peer = pod < 4 ? 1010 + (pod ^ 1) : 0;
            for (boolean ingress : new boolean[] {false, true}) {
                switch (pod < 4 ? round % 3 : 0) {
                    case 0 -> entries.put(new PolicyKey(id, ingress, peer, 0, 0, 0), new PolicyEntry(false, 1));
                    case 1 -> {
                        entries.put(new PolicyKey(id, ingress, peer, UDP, 7000, 16), new PolicyEntry(false, 2));
                        entries.put(new PolicyKey(id, ingress, peer, UDP, 7001, 16), new PolicyEntry(false, 2));
                    }
                    default -> {
                        entries.put(new PolicyKey(id, ingress, 0, UDP, 0, 0), new PolicyEntry(false, 3));
                        entries.put(new PolicyKey(id, ingress, 1014, 0, 0, 0), new PolicyEntry(true, 4));
                        entries.put(new PolicyKey(id, ingress, 1015, 0, 0, 0), new PolicyEntry(true, 4));
                    }
                }
            }
            PolicyRef ref = new PolicyRef(id, true, true, false);
            for (boolean v4 : new boolean[] {true, false}) {
                LocalEndpoint e = before.get(ip(pod, v4));
                newEndpoints.put(
                        ip(pod, v4),
                        new LocalEndpoint(e.ifindex(), e.id(), false, e.identity(), ref, e.mac(), e.nodeMac()));
            }
        }
        Map<PolicyKey, PolicyEntry> old = policies.load();
        LocalEndpoint any = before.get(ip(4, true));
        for (int other = 100; other < 200; other++) {
            PolicyRef ref = new PolicyRef(round, true, true, false);
            newEndpoints.put(
                    ip(other, true), new LocalEndpoint(5, other, false, any.identity(), ref, any.mac(), any.nodeMac()));
            newInterfaces.put(
                    CROWD + other,
                    new PodInterface(
                            other,
                            any.identity(),
                            Optional.of(ip(other, true)),
                            Optional.empty(),
                            ref,
                            any.mac(),
                            any.nodeMac()));
        }
        interfaces.load().forEach((ifindex, pod) -> {
            if (ifindex >= CROWD) {
                return;
            }
            PolicyRef ref = newEndpoints.get(pod.ipv4().orElseThrow()).policy();
            newInterfaces.put(
                    ifindex,
                    new PodInterface(
                            pod.id(),
                            new IdentityId(pod.identity().value()),
                            pod.ipv4(),
                            pod.ipv6(),
                            ref,
                            pod.mac(),
                            pod.nodeMac()));
        });
        assertThat(policies.upsert(entries)).isEmpty();
        assertThat(endpoints.upsert(newEndpoints)).isEmpty();
        assertThat(interfaces.upsert(newInterfaces)).isEmpty();
        // packets on their way are judged by what was; the reconciler waits 100 ms
        int living = 1 + (round - 30) * PODS;
        assertThat(policies.delete(old.keySet().stream()
                        .filter(key -> key.policy() < living)
                        .toList()))
                .isEmpty();
    }
}
