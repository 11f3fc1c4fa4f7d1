package io.fairlead.node.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Label;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.policy.Cases;
import io.fairlead.node.policy.Lookup;
import io.fairlead.node.policy.Model;
import io.fairlead.node.policy.PolicySettings;
import io.fairlead.node.policy.PolicySwitch;
import io.fairlead.node.policy.PolicyView;
import io.fairlead.node.policy.World;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Policies from the feed to the kernel's tables, looked at after every single entry that is written or removed. */
class PolicySwapTest {
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            Ip.parse("192.168.2.31"),
            List.of(Cidr.parse("10.244.0.0/24")),
            List.of(Ip.parse("10.244.0.1")));
    private static final int ROUNDS = 120;

    private final List<String> log = FakeTable.newLog();
    private final FakeTable<PolicyKey, PolicyEntry> policies = new FakeTable<>("policies", log);
    private final FakeTable<Cidr, IpcacheEntry> ipcache = new FakeTable<>("ipcache", log);
    private final FakeTable<Ip, LocalEndpoint> endpoints = new FakeTable<>("endpoints", log);
    private final FakeTable<Integer, PodInterface> interfaces = new FakeTable<>("interfaces", log);
    private final FakeTable<Hook, Attachment> links = new FakeTable<>("links", log);
    private final World world = new World();
    private final List<String> wrong = FakeTable.newLog();
    private volatile List<Probe> probes = List.of();
    private Reconciler reconciler = newReconciler(PolicySettings.DEFAULT, 5000);

    /** A packet with what may become of it: must pass, must not, or either. */
    private record Probe(Pod pod, boolean ingress, Ip other, int protocol, int port, boolean before, boolean after) {}

    private Reconciler newReconciler(PolicySettings settings, int firstId) {
        Reachability none = new Reachability() {
            @Override
            public Result of(Ip address) {
                return new Result.Not("no");
            }

            @Override
            public void refresh() {}
        };
        return new Reconciler(
                Map.of(
                        TableId.POLICIES, policies,
                        TableId.IPCACHE, ipcache,
                        TableId.ENDPOINTS, endpoints,
                        TableId.INTERFACES, interfaces,
                        TableId.LINKS, links),
                new Translator(
                        NODE,
                        new Translator.Datapath(3, "fl_host", Map.of("ens33", 2), 101, 102, 103, 104, 105),
                        new Translator.Routing(true, List.of()),
                        new PolicySwitch(settings, firstId),
                        1000,
                        1009),
                none,
                state -> new Ground.Look(Map.of("ens33", 2), Set.of(), 0, List.of()));
    }

    @AfterEach
    void stop() {
        reconciler.close();
    }

    @Test
    void noStepPassesWhatOldAndNewForbidNorDropsWhatBothAllow() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Cases cases = new Cases(random);
        for (int i = 0; i < 8; i++) {
            world.remote(300 + i, cases.labels());
        }
        world.local(1, 300);
        world.local(2, 301);
        apply();
        List.of(policies, ipcache, endpoints, interfaces).forEach(table -> table.afterEach = this::probe);
        for (int round = 0; round < ROUNDS; round++) {
            Model before = model();
            Map<Ip, Model.Other> others = others();
            boolean restart = random.nextInt(10) == 0;
            for (int changes = random.nextInt(3); changes >= 0; changes--) {
                if (round % 3 == 0) {
                    changeIdentities(random, cases);
                } else {
                    change(random, cases);
                }
            }
            probes = probes(before, others, random, cases);
            if (restart) {
                reconciler.close();
                reconciler = newReconciler(PolicySettings.DEFAULT, random.nextInt());
            }
            Report report = apply();
            assertThat(wrong)
                    .as("seed %d round %d restart %s", seed, round, restart)
                    .isEmpty();
            assertThat(report.policyErrors()).isEmpty();
            for (Probe probe : probes) {
                assertThat(passes(probe)).as("seed %d %s", seed, probe).isEqualTo(probe.after());
            }
            if (random.nextInt(4) == 0) {
                awaitSwept();
            }
        }
        awaitSwept();
        assertThat(wrong).as("seed %d", seed).isEmpty();
    }

    @Test
    void changedRulesGetAnotherIdAndTheOldEntriesGo() throws Exception {
        web(80);
        int first = idOf(1);
        web(81);
        int second = idOf(1);
        assertThat(second).isNotEqualTo(first);
        await(() -> policies.snapshot().keySet().stream().allMatch(key -> key.policy() == second));
        web(81);
        assertThat(idOf(1)).isEqualTo(second);
    }

    @Test
    void anIdentityThatComesOrGoesChangesEntriesInPlace() throws Exception {
        web(80);
        int id = idOf(1);
        int entries = policies.snapshot().size();
        log.clear();
        world.remote(310, List.of("k8s:app=client"));
        apply();
        assertThat(idOf(1)).isEqualTo(id);
        assertThat(log).hasSize(2).first().asString().startsWith("policies+");
        assertThat(policies.snapshot()).hasSize(entries + 1);
        world.identities.remove(310);
        world.peers.remove(World.address(310).toCidr());
        log.clear();
        apply();
        assertThat(log).hasSize(2).first().asString().startsWith("ipcache-");
        assertThat(policies.snapshot()).hasSize(entries);
    }

    @Test
    void aNewPodFindsItsPolicyInForce() throws Exception {
        apply();
        log.clear();
        world.identities.put(300, List.of("k8s:app=web"));
        policy("web", 80);
        apply();
        world.local(1, 300);
        log.clear();
        apply();
        assertThat(log)
                .extracting(line -> line.split("[+-]", 2)[0])
                .containsExactly("policies", "endpoints", "interfaces", "links");
        assertThat(ref(1).ingress()).isTrue();
    }

    @Test
    void aPodWhoseLabelsAreNotKnownCarriesNothing() throws Exception {
        policy("web", 80);
        world.local(1, 300);
        Report report = apply();
        assertThat(ref(1)).isEqualTo(new PolicyRef(0, true, true, false));
        assertThat(report.policyErrors().get(300)).contains("labels of identity 300 are not known yet");
        assertThat(report.isClean()).isFalse();
        world.identities.put(300, List.of("k8s:app=web"));
        assertThat(apply().policyErrors()).isEmpty();
        assertThat(ref(1).id()).isNotZero();
    }

    @Test
    void aPolicyWithTooManyEntriesLeavesTheOneBefore() throws Exception {
        reconciler.close();
        reconciler = newReconciler(
                new PolicySettings(PolicySettings.Enforcement.DEFAULT, false, PolicySettings.Localhost.ALWAYS, 10), 7);
        web(80);
        int first = idOf(1);
        Map<PolicyKey, PolicyEntry> whole = policies.snapshot();
        Report report = policyOf(new Ports(6, 1, 65534));
        assertThat(report.policyErrors().get(300))
                .contains("CiliumNetworkPolicy default/web", "(expected: at most 10)", "before stays in force");
        assertThat(idOf(1)).isEqualTo(first);
        assertThat(policies.snapshot()).isEqualTo(whole);
        PolicyView.Judged judged = reconciler.policies().judged().get(300);
        assertThat(judged.error()).isEqualTo(report.policyErrors().get(300));
        assertThat(policyOf(new Ports(6, 443, 443)).policyErrors()).isEmpty();
        assertThat(idOf(1)).isNotEqualTo(first);
    }

    @Test
    void aNewPodWithTooLargeAPolicyCarriesNothing() throws Exception {
        reconciler.close();
        reconciler = newReconciler(
                new PolicySettings(PolicySettings.Enforcement.DEFAULT, false, PolicySettings.Localhost.ALWAYS, 3), 7);
        world.local(1, 300);
        world.identities.put(300, List.of("k8s:app=web"));
        world.remote(301, List.of("k8s:app=client"));
        Report report = policyOf(new Ports(6, 1, 65534));
        assertThat(report.policyErrors().get(300)).contains("nothing passes");
        assertThat(ref(1)).isEqualTo(new PolicyRef(0, true, true, false));
    }

    @Test
    void entriesTheKernelRefusesLeaveTheOneBeforeAndNoHalf() throws Exception {
        web(80);
        int first = idOf(1);
        Map<PolicyKey, PolicyEntry> whole = policies.snapshot();
        // the next id is one more
        policies.refused.add(new PolicyKey(first + 1, true, 301, 6, 81, 16));
        Report report = policyOf(new Ports(6, 81, 81));
        assertThat(report.policyErrors().get(300)).contains("entries not taken by the kernel", "EINVAL");
        assertThat(idOf(1)).isEqualTo(first);
        assertThat(policies.snapshot()).isEqualTo(whole);
        synchronized (policies) {
            policies.refused.clear();
        }
        reconciler.resyncSoon();
        await(() -> ref(1).id() == first + 1);
        await(() -> reconciler.report().policyErrors().isEmpty());
    }

    @Test
    void anIdentityThereIsNoRoomForIsLeftOutAndSaid() throws Exception {
        reconciler.close();
        reconciler = newReconciler(
                new PolicySettings(PolicySettings.Enforcement.DEFAULT, false, PolicySettings.Localhost.ALWAYS, 3), 7);
        web(80);
        world.remote(302, List.of("k8s:app=client"));
        assertThat(apply().policyErrors()).isEmpty();
        world.remote(303, List.of("k8s:app=client"));
        Report report = apply();
        assertThat(report.policyErrors().get(300)).contains("1 identities that came last are left out");
        assertThat(policies.snapshot()).hasSize(3);
        world.identities.remove(302);
        world.peers.remove(World.address(302).toCidr());
        assertThat(apply().policyErrors()).isEmpty();
        assertThat(policies.snapshot().keySet()).extracting(PolicyKey::identity).contains(303);
    }

    @Test
    void aRestartedAgentThatWantsTheSameWritesNothing() throws Exception {
        web(80);
        policies(
                "out",
                new Rule(
                        app("web"),
                        List.of(),
                        List.of(new DirectionRule(
                                false,
                                List.of(new Peer.Prefix(Cidr.parse("10.0.0.0/8"), List.of(Cidr.parse("10.1.0.0/16")))),
                                List.of())),
                        false,
                        true));
        awaitSwept();
        reconciler.close();
        log.clear();
        reconciler = newReconciler(PolicySettings.DEFAULT, 99);
        reconciler.update(state -> state.withPods(world.state().pods())).get(5, TimeUnit.SECONDS);
        apply();
        assertThat(log).isEmpty();
    }

    @Test
    void beforePoliciesAreKnownARestartedAgentLeavesPodsJudgedAsTheyWere() throws Exception {
        web(80);
        PolicyRef before = ref(1);
        reconciler.close();
        reconciler = newReconciler(PolicySettings.DEFAULT, 99);
        log.clear();
        world.local(2, 300);
        reconciler.update(state -> state.withPods(world.state().pods())).get(5, TimeUnit.SECONDS);
        assertThat(ref(1)).isEqualTo(before);
        assertThat(ref(2)).isEqualTo(new PolicyRef(0, true, true, false));
        assertThat(log).noneMatch(line -> line.startsWith("policies") || line.startsWith("ipcache"));
        policy("web", 81);
        apply();
        assertThat(ref(1)).isEqualTo(ref(2));
    }

    @Test
    void prefixesKeepTheirIdentitiesAndGiveThemUpWhenNobodyNamesThem() throws Exception {
        world.identities.put(300, List.of("k8s:app=web"));
        world.local(1, 300);
        Cidr outer = Cidr.parse("10.0.0.0/8");
        Cidr inner = Cidr.parse("10.1.0.0/16");
        to("a", outer);
        IdentityId of = ipcache.snapshot().get(outer).identity();
        assertThat(of.value()).isEqualTo((1 << 24) + 1);
        to("b", inner);
        assertThat(ipcache.snapshot().get(outer).identity()).isEqualTo(of);
        assertThat(ipcache.snapshot().get(inner).identity().value()).isEqualTo((1 << 24) + 2);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        int id;
        do {
            assertThat(System.nanoTime()).as("the number is never given up").isLessThan(deadline);
            world.policies.clear();
            apply();
            await(() -> !ipcache.snapshot().containsKey(inner));
            assertThat(ipcache.snapshot()).doesNotContainKey(outer);
            // a number is given up a moment after the kernel has forgotten it; named again before that it stays
            TimeUnit.MILLISECONDS.sleep(150);
            to("c", inner);
            id = ipcache.snapshot().get(inner).identity().value();
        } while (id == (1 << 24) + 2);
        assertThat(id).isEqualTo((1 << 24) + 3);
    }

    @Test
    void programsOfNativeDevicesGoOnTheirWayOutToo() throws Exception {
        apply();
        assertThat(links.snapshot()).containsEntry(new Hook("ens33", Hook.Direction.EGRESS), new Attachment(2, 105));
    }

    private void to(String name, Cidr prefix) throws Exception {
        policies(
                name,
                new Rule(
                        app("web"),
                        List.of(),
                        List.of(new DirectionRule(false, List.of(new Peer.Prefix(prefix, List.of())), List.of())),
                        false,
                        true));
    }

    private void web(int port) throws Exception {
        world.identities.put(300, List.of("k8s:app=web"));
        world.local(1, 300);
        world.remote(301, List.of("k8s:app=client"));
        policy("web", port);
        assertThat(apply().policyErrors()).isEmpty();
    }

    private Report policyOf(Ports ports) throws Exception {
        world.policies.clear();
        Policy policy = new Policy(
                new PolicyName(PolicyName.Kind.CILIUM_NETWORK_POLICY, "default", "web"),
                List.of(new Rule(
                        app("web"),
                        List.of(new DirectionRule(false, List.of(new Peer.Labelled(app("client"))), List.of(ports))),
                        List.of(),
                        true,
                        false)));
        world.policies.put(policy.name(), policy);
        return apply();
    }

    private void policy(String name, int port) {
        Rule rule = new Rule(
                app("web"),
                List.of(new DirectionRule(
                        false, List.of(new Peer.Labelled(app("client"))), List.of(new Ports(6, port, port)))),
                List.of(),
                true,
                false);
        PolicyName full = new PolicyName(PolicyName.Kind.CILIUM_NETWORK_POLICY, "default", name);
        world.policies.put(full, new Policy(full, List.of(rule)));
    }

    private void policies(String name, Rule rule) throws Exception {
        PolicyName full = new PolicyName(PolicyName.Kind.CILIUM_NETWORK_POLICY, "default", name);
        world.policies.put(full, new Policy(full, List.of(rule)));
        apply();
    }

    private static Selector app(String value) {
        return new Selector(List.of(new Selector.Requirement("k8s", "app", Selector.Operator.IN, List.of(value))));
    }

    private Report apply() throws Exception {
        var wanted = world.state();
        return reconciler
                .update(state -> state.withPeers(wanted.peers(), wanted.identities(), wanted.policies(), 1)
                        .withPods(wanted.pods()))
                .get(20, TimeUnit.SECONDS);
    }

    private PolicyRef ref(int pod) {
        return interfaces.snapshot().get(100 + pod).policy();
    }

    private int idOf(int pod) {
        PolicyRef ref = ref(pod);
        assertThat(endpoints.snapshot().get(Ip.v4(0x0af40020 + pod)).policy()).isEqualTo(ref);
        return ref.id();
    }

    /** What nobody is judged by, and nobody's prefixes, are gone. */
    private void awaitSwept() throws Exception {
        await(() -> {
            Set<Integer> used = new java.util.HashSet<>();
            interfaces
                    .snapshot()
                    .values()
                    .forEach(entry -> used.add(entry.policy().id()));
            return policies.snapshot().keySet().stream().allMatch(key -> used.contains(key.policy()));
        });
    }

    private Model model() {
        return new Model(PolicySettings.DEFAULT, List.copyOf(world.policies.values()));
    }

    private Map<Ip, Model.Other> others() {
        Map<Ip, Model.Other> others = new HashMap<>();
        world.others().forEach(other -> others.put(other.address(), other));
        return others;
    }

    private void change(Random random, Cases cases) {
        List<PolicyName> all = List.copyOf(world.policies.keySet());
        if (random.nextInt(4) == 0 && !all.isEmpty()) {
            world.policies.remove(all.get(random.nextInt(all.size())));
        } else {
            Policy policy = cases.policy("p" + random.nextInt(4));
            world.policies.put(policy.name(), policy);
        }
    }

    /** Other pods elsewhere; this node's keep theirs. */
    private void changeIdentities(Random random, Cases cases) {
        int identity = 302 + random.nextInt(8);
        if (world.identities.remove(identity) == null) {
            world.remote(identity, cases.labels());
        } else {
            world.peers.remove(World.address(identity).toCidr());
        }
    }

    private List<Probe> probes(Model before, Map<Ip, Model.Other> othersBefore, Random random, Cases cases) {
        Model after = model();
        List<Model.Other> others = world.others();
        List<Probe> chosen = new ArrayList<>();
        List<Pod> pods = List.copyOf(world.pods.values());
        for (int i = 0; i < 40; i++) {
            Pod pod = pods.get(random.nextInt(pods.size()));
            Model.Other other = others.get(random.nextInt(others.size()));
            Model.Other was = othersBefore.getOrDefault(
                    other.address(), new Model.Other(2, List.of(Label.parse("reserved:world")), other.address()));
            boolean ingress = random.nextBoolean();
            int protocol = cases.protocol();
            int port = cases.port();
            var labels = world.labels(pod.identity().value());
            chosen.add(new Probe(
                    pod,
                    ingress,
                    other.address(),
                    protocol,
                    port,
                    before.passes(labels, ingress, was, protocol, port),
                    after.passes(labels, ingress, other, protocol, port)));
        }
        return chosen;
    }

    private void probe() {
        for (Probe probe : probes) {
            boolean now = passes(probe);
            if (probe.before() == probe.after() && now != probe.after()) {
                wrong.add((now ? "passed: " : "dropped: ") + probe + " after " + log.get(log.size() - 1));
                return;
            }
        }
    }

    private boolean passes(Probe probe) {
        PolicyRef ref;
        if (probe.ingress()) {
            LocalEndpoint entry = endpoints.content.get(probe.pod().ipv4().orElseThrow());
            ref = entry == null ? null : entry.policy();
        } else {
            PodInterface entry = interfaces.content.get(probe.pod().ifindex());
            ref = entry == null ? null : entry.policy();
        }
        return ref != null
                && Lookup.passes(
                        policies.content,
                        ref,
                        probe.ingress(),
                        identity(probe.other()),
                        probe.protocol(),
                        probe.port());
    }

    private int identity(Ip address) {
        for (int bits = address.family().bits(); bits >= 0; bits--) {
            @Nullable IpcacheEntry entry = ipcache.content.get(Cidr.containing(address, bits));
            if (entry != null) {
                return entry.identity().value();
            }
        }
        return 2;
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited 10 s").isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }
}
