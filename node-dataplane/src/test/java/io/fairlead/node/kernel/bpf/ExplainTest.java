package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.explain.Explainer;
import io.fairlead.node.explain.Explanation;
import io.fairlead.node.explain.KernelRouting;
import io.fairlead.node.explain.Protocol;
import io.fairlead.node.explain.Question;
import io.fairlead.node.explain.Surroundings;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.kernel.netlink.Netlink;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Explanations by the programs attached on two nodes, beside real packets between their pods. */
@Tag("root")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExplainTest {
    private static final int TCP = 6;
    private static final int[] IDENTITIES = {0, 1010, 1011, 1012, 1, 6};

    private final Machine one = new Machine(1);
    private final Machine three = new Machine(3);
    private final List<End> pods = new ArrayList<>();
    private final Map<Integer, Explainer> explainers = new HashMap<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private int policy = 1;
    private int port = 2000;

    /** A pod as maps and namespaces have it. */
    private record End(Machine machine, Namespace namespace, String name, int index, Pod pod) {
        Ip ip(boolean ipv4) {
            return ipv4 ? Machine.pod4(machine.number, index) : Machine.pod6(machine.number, index);
        }
    }

    @BeforeAll
    void start() {
        Machine.connect(one, three);
        one.start(3);
        three.start(1);
        addPod(one, "a", 10);
        addPod(one, "b", 11);
        addPod(three, "c", 12);
        for (Machine machine : List.of(one, three)) {
            Map<Cidr, IpcacheEntry> known = new HashMap<>();
            Machine other = machine == one ? three : one;
            for (End end : pods) {
                if (end.machine() == other) {
                    for (boolean ipv4 : new boolean[] {true, false}) {
                        known.put(end.ip(ipv4).toCidr(), entry(1000 + end.index(), other));
                    }
                }
            }
            known.put(other.ip().toCidr(), entry(6, other));
            known.put(other.ip6().toCidr(), entry(6, other));
            assertThat(new IpcacheMap(machine.spec, map(machine, "ipcache"), map(machine, "generation")).upsert(known))
                    .isEmpty();
            explainers.put(machine.number, explainer(machine, other, known));
        }
    }

    private static IpcacheEntry entry(int identity, Machine machine) {
        return new IpcacheEntry(new IdentityId(identity), Optional.of(machine.ip()));
    }

    private void addPod(Machine machine, String name, int index) {
        Namespace pod = machine.addPod(name, index);
        String lxc = "lxc" + name;
        pods.add(new End(
                machine,
                pod,
                name,
                index,
                new Pod(
                        index,
                        lxc,
                        machine.namespace.ifindex(lxc),
                        new IdentityId(1000 + index),
                        Optional.of(Machine.pod4(machine.number, index)),
                        Optional.of(Machine.pod6(machine.number, index)),
                        Mac.parse(pod.mac("eth0")),
                        Mac.parse(machine.namespace.mac(lxc)),
                        true)));
    }

    private BpfMap map(Machine machine, String name) {
        BpfMap map = BpfMap.open(machine.spec, machine.root, name);
        open.add(map);
        return map;
    }

    private Explainer explainer(Machine machine, Machine other, Map<Cidr, IpcacheEntry> known) {
        Map<String, Pod> own = new HashMap<>();
        pods.stream()
                .filter(end -> end.machine() == machine)
                .forEach(end -> own.put(end.pod().device(), end.pod()));
        Map<Cidr, Peer> peers = new HashMap<>();
        known.forEach((cidr, entry) ->
                peers.put(cidr, new Peer(entry, "default", "", entry.identity().value() == 6 ? "node" : "kvstore")));
        Map<Cidr, PeerRoute> routes = new HashMap<>();
        for (String cidr : List.of("10.244." + other.number + ".0/24", "fd00:" + other.number + "::/64")) {
            Ip hop = cidr.contains(":") ? other.ip6() : other.ip();
            routes.put(Cidr.parse(cidr), new PeerRoute(Cidr.parse(cidr), hop, "m" + other.number, "default"));
        }
        DesiredState state = new DesiredState(
                routes,
                peers,
                Map.of(),
                Map.of(),
                0,
                own,
                Map.of(),
                Set.of(machine.ip6()),
                Set.of(Source.values()),
                List.of());
        LocalNode node = new LocalNode(
                new NodeName("m" + machine.number),
                new ClusterName("default"),
                machine.ip(),
                List.of(
                        Cidr.parse("10.244." + machine.number + ".0/24"),
                        Cidr.parse("fd00:" + machine.number + "::/64")),
                List.of(Machine.pod4(machine.number, 1), Machine.pod6(machine.number, 1)));
        HookedPrograms programs =
                new HookedPrograms(machine.spec, machine.root.resolve("links"), map(machine, "explained"));
        Netlink netlink = Netlink.inNamespace("/run/netns/" + machine.namespace.name());
        open.add(netlink);
        return new Explainer(new Surroundings(
                node,
                () -> state,
                List::of,
                (hook, frame) -> machine.namespace.run(() -> programs.run(hook, frame)),
                new KernelRouting(netlink),
                (ip, packet) -> explainers.get(other.number).arriving(packet),
                identity -> List.of("k8s:n=" + identity),
                rule -> Optional.of("policy number " + rule)));
    }

    @AfterAll
    void stop() throws Exception {
        try (one;
                three) {
            for (AutoCloseable each : open) {
                each.close();
            }
            one.stopAgent();
            three.stopAgent();
        }
    }

    @Test
    @Timeout(180)
    void explanationsAgreeWithRealPacketsOverGeneratedPoliciesAndFlows() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int dropped = 0;
        int cases = 0;
        for (int round = 0; round < 10; round++) {
            Map<String, PolicyRef> refs = new TreeMap<>();
            Map<PolicyKey, PolicyEntry> entries = generate(random, refs);
            for (int i = 0; i < 8; i++) {
                boolean ipv4 = random.nextBoolean();
                boolean tcp = random.nextBoolean();
                int to = random.nextInt(pods.size());
                // the last source is the first node itself
                int from = random.nextInt(pods.size() + 1);
                if (from == to) {
                    continue;
                }
                Optional<End> source = from == pods.size() ? Optional.empty() : Optional.of(pods.get(from));
                Ip target = pods.get(to).ip(ipv4);
                int destinationPort = tcp ? port++ : 0;
                Explanation explanation = explain(source, target, destinationPort);
                boolean real = reaches(source, target, destinationPort);
                assertThat(explanation.allowed())
                        .as("seed " + seed + ": " + source.map(End::name).orElse("host") + " to " + target + ":"
                                + destinationPort + " under " + refs + " " + entries + "\n" + explanation)
                        .isEqualTo(real);
                dropped += real ? 0 : 1;
                cases++;
            }
        }
        assertThat(dropped).as("dropped of " + cases + ", seed " + seed).isBetween(1, cases - 1);
    }

    private Explanation explain(Optional<End> source, Ip target, int destinationPort) {
        Machine at = source.map(End::machine).orElse(one);
        return explainers
                .get(at.number)
                .explain(new Question(
                        source.map(end -> Integer.toString(end.index())).orElse("host"),
                        target.toString(),
                        destinationPort == 0 ? Optional.empty() : Optional.of(Protocol.TCP),
                        destinationPort,
                        0));
    }

    /** A port nobody listens on answers with a refusal, which is an answer. */
    private boolean reaches(Optional<End> source, Ip target, int destinationPort) {
        Namespace from = source.map(End::namespace).orElse(one.namespace);
        if (destinationPort == 0) {
            return from.in("ping -n -c 1 -W 0.5 " + target + " || true").contains("1 received");
        }
        return from.in("timeout 0.5 bash -c 'exec 3<>/dev/tcp/" + target + "/" + destinationPort + "' 2>&1 || true")
                .contains("refused");
    }

    private Map<PolicyKey, PolicyEntry> generate(Random random, Map<String, PolicyRef> refs) {
        Map<PolicyKey, PolicyEntry> entries = new HashMap<>();
        for (End end : pods) {
            PolicyRef ref = new PolicyRef(policy++, random.nextBoolean(), random.nextBoolean(), false);
            refs.put(end.name(), ref);
            for (int i = random.nextInt(8); i > 0; i--) {
                int[] protocols = {0, TCP, 1, 58};
                entries.put(
                        new PolicyKey(
                                ref.id(),
                                random.nextBoolean(),
                                IDENTITIES[random.nextInt(IDENTITIES.length)],
                                protocols[random.nextInt(protocols.length)],
                                0,
                                0),
                        new PolicyEntry(random.nextInt(4) == 0, 1 + random.nextInt(100)));
            }
        }
        enforce(refs, entries);
        return entries;
    }

    private void enforce(Map<String, PolicyRef> refs, Map<PolicyKey, PolicyEntry> entries) {
        for (Machine machine : List.of(one, three)) {
            if (!entries.isEmpty()) {
                assertThat(new PolicyMap(machine.spec, map(machine, "policies")).upsert(entries))
                        .isEmpty();
            }
            for (End end : pods) {
                if (end.machine() == machine) {
                    enforce(end, refs.getOrDefault(end.name(), PolicyRef.NONE));
                }
            }
        }
    }

    private void enforce(End end, PolicyRef ref) {
        Machine machine = end.machine();
        Pod pod = end.pod();
        LocalEndpoint endpoint =
                new LocalEndpoint(pod.ifindex(), pod.id(), false, pod.identity(), ref, pod.mac(), pod.nodeMac());
        assertThat(new EndpointMap(machine.spec, map(machine, "endpoints"))
                        .upsert(Map.of(end.ip(true), endpoint, end.ip(false), endpoint)))
                .isEmpty();
        PodInterface entry =
                new PodInterface(pod.id(), pod.identity(), pod.ipv4(), pod.ipv6(), ref, pod.mac(), pod.nodeMac());
        assertThat(new InterfaceMap(machine.spec, map(machine, "interfaces")).upsert(Map.of(pod.ifindex(), entry)))
                .isEmpty();
    }

    @Test
    void anExplanationLeavesEveryMapAsItWas() {
        Map<String, PolicyRef> refs = Map.of("a", new PolicyRef(90001, true, true, false));
        enforce(refs, Map.of(new PolicyKey(90001, false, 1012, TCP, 80, 16), new PolicyEntry(false, 17)));
        // neighbours talk in between: one quiet moment is enough, and none would be if explaining wrote anything
        List<String> differences = new ArrayList<>();
        for (int attempt = 0; attempt < 10; attempt++) {
            Map<String, String> before = contents();
            Explanation allowed = explain(Optional.of(pods.get(0)), pods.get(2).ip(true), 80);
            Explanation dropped = explain(Optional.of(pods.get(0)), pods.get(1).ip(false), 80);
            assertThat(allowed.allowed()).as(allowed.toString()).isTrue();
            assertThat(dropped.allowed()).as(dropped.toString()).isFalse();
            Map<String, String> after = contents();
            if (before.equals(after)) {
                return;
            }
            after.forEach((name, text) -> {
                if (!text.equals(before.get(name))) {
                    differences.add(name);
                }
            });
        }
        assertThat(differences).as("maps that changed").isEmpty();
    }

    @Test
    void everyDecisionOfAWayBetweenNodesIsALine() {
        Map<String, PolicyRef> refs =
                Map.of("a", new PolicyRef(90002, false, true, false), "c", new PolicyRef(90003, true, false, false));
        enforce(
                refs,
                Map.of(
                        new PolicyKey(90002, false, 1012, TCP, 80, 16), new PolicyEntry(false, 17),
                        new PolicyKey(90003, true, 1010, TCP, 80, 16), new PolicyEntry(true, 18)));
        Explanation explanation = explain(Optional.of(pods.get(0)), pods.get(2).ip(true), 80);
        assertThat(explanation.allowed()).isFalse();
        assertThat(explanation.reason()).isEqualTo("Policy denied by denylist");
        assertThat(explanation.hops()).hasSize(2);
        assertThat(explanation.hops().get(0).node() + " "
                        + explanation.hops().get(0).program() + " "
                        + explanation.hops().get(0).device())
                .isEqualTo("m1 from_container lxca ingress");
        assertThat(explanation.hops().get(0).decisions().stream().map(d -> d.what() + ": " + d.text()))
                .containsExactly(
                        "packet: 10.244.1.10:40000 -> 10.244.3.12:80 TCP SYN, TTL 64",
                        "identity: 1010 (k8s:n=1010) endpoint 10 -> 1012 (k8s:n=1012)",
                        "conntrack: new",
                        "egress policy: allowed by policy number 17 (L3-L4)",
                        "route: found",
                        "next hop: m3 (192.168.2.33) on ens33",
                        "forward: to the network, TTL 63");
        assertThat(explanation.hops().get(1).program()).isEqualTo("from_netdev");
        assertThat(explanation.hops().get(1).decisions().stream().map(d -> d.what() + ": " + d.text()))
                .containsExactly(
                        "packet: 10.244.1.10:40000 -> 10.244.3.12:80 TCP SYN, TTL 63",
                        "identity: 1010 (k8s:n=1010) -> 1012 (k8s:n=1012) endpoint 12",
                        "conntrack: new",
                        "ingress policy: denied by policy number 18 (L3-L4): Policy denied by denylist",
                        "drop: Policy denied by denylist");
    }

    /** All maps of both nodes, but the one explanations are written to. */
    private Map<String, String> contents() {
        Map<String, String> contents = new TreeMap<>();
        for (Machine machine : List.of(one, three)) {
            for (String name : List.of(
                    "ct4_tcp",
                    "ct4_any",
                    "ct6_tcp",
                    "ct6_any",
                    "nat4",
                    "nat6",
                    "fragments",
                    "policies",
                    "metrics",
                    "endpoints",
                    "interfaces",
                    "ipcache",
                    "settings")) {
                try (BpfMap map = BpfMap.open(machine.spec, machine.root, name)) {
                    contents.put(machine.number + " " + name, content(machine, map, name));
                }
            }
        }
        return contents;
    }

    private static String content(Machine machine, BpfMap map, String name) {
        if (name.equals("metrics")) {
            return new MetricsMap(machine.spec, map).read().toString();
        }
        Map<String, String> entries = new TreeMap<>();
        int key = map.spec().keySize();
        int value = map.spec().valueSize();
        map.read(value, 256, (keys, values, count) -> {
            for (int i = 0; i < count; i++) {
                entries.put(hex(keys, i * key, key), hex(values, i * value, value));
            }
        });
        return entries.toString();
    }

    private static String hex(ByteBuffer buffer, int offset, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(String.format("%02x", buffer.get(offset + i)));
        }
        return text.toString();
    }
}
