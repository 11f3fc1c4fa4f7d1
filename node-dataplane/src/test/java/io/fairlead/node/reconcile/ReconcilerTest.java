package io.fairlead.node.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.RouteTarget;
import io.fairlead.node.policy.PolicySettings;
import io.fairlead.node.policy.PolicySwitch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReconcilerTest {
    private static final Cidr OWN = Cidr.parse("10.244.0.0/24");
    private static final Cidr THEIRS = Cidr.parse("10.244.1.0/24");
    private static final Cidr FAR = Cidr.parse("10.244.9.0/24");
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            Ip.parse("192.168.2.31"),
            List.of(OWN),
            List.of(Ip.parse("10.244.0.1")));
    private static final Pod POD = new Pod(
            7,
            "lxc7",
            12,
            new IdentityId(300),
            Optional.of(Ip.parse("10.244.0.7")),
            Optional.empty(),
            Mac.parse("02:00:00:00:00:07"),
            Mac.parse("02:00:00:00:01:07"),
            true);

    private final List<String> log = FakeTable.newLog();
    private final FakeTable<Cidr, IpcacheEntry> ipcache = new FakeTable<>("ipcache", log);
    private final FakeTable<Ip, LocalEndpoint> endpoints = new FakeTable<>("endpoints", log);
    private final FakeTable<Integer, PodInterface> interfaces = new FakeTable<>("interfaces", log);
    private final FakeTable<Hook, Attachment> links = new FakeTable<>("links", log);
    private final FakeTable<Integer, NextHop> nextHops = new FakeTable<>("nexthops", log);
    private final FakeTable<Cidr, RouteTarget> routes = new FakeTable<>("routes", log);
    private final Reachability onLink = new Reachability() {
        @Override
        public Result of(Ip address) {
            return address.equals(Ip.parse("172.16.0.9"))
                    ? new Result.Not("no route found to destination 172.16.0.9")
                    : new Result.Direct(2);
        }

        @Override
        public void refresh() {}
    };
    private volatile Ground.Look seen = new Ground.Look(Map.of("ens33", 2), Set.of(), 0, List.of());
    private final Ground ground = state -> seen;
    private Reconciler reconciler = newReconciler();

    private Reconciler newReconciler() {
        return new Reconciler(
                Map.of(
                        TableId.IPCACHE, ipcache,
                        TableId.ENDPOINTS, endpoints,
                        TableId.INTERFACES, interfaces,
                        TableId.LINKS, links,
                        TableId.NEXT_HOPS, nextHops,
                        TableId.ROUTES, routes),
                new Translator(
                        NODE,
                        new Translator.Datapath(3, "fl_host", Map.of("ens33", 2), 101, 102, 103, 104, 0),
                        new Translator.Routing(true, List.of(Cidr.parse("10.0.0.0/8"))),
                        new PolicySwitch(PolicySettings.DEFAULT, 5000),
                        1000,
                        1009),
                onLink,
                ground);
    }

    @AfterEach
    void stop() {
        reconciler.close();
    }

    @Test
    void aRouteGoesThroughANextHopObjectOfItsNode() throws Exception {
        give(peer(THEIRS, "192.168.2.32", "dev2"), peer(OWN, "192.168.2.31", "dev1"));

        assertThat(nextHops.snapshot()).containsExactly(Map.entry(1000, new NextHop(Ip.parse("192.168.2.32"), 2)));
        assertThat(routes.snapshot())
                .containsOnly(
                        Map.entry(THEIRS, new RouteTarget.Via(1000)),
                        Map.entry(
                                OWN, new RouteTarget.Device(3, Optional.empty(), Optional.of(Ip.parse("10.244.0.1")))));
    }

    @Test
    void nothingIsWrittenOrRemovedBeforeItsSourceHasSaidAll() throws Exception {
        routes.content.put(FAR, new RouteTarget.Via(1003));
        nextHops.content.put(1003, new NextHop(Ip.parse("192.168.2.39"), 2));

        reconciler.update(state -> state.withPods(Map.of())).get(5, TimeUnit.SECONDS);
        assertThat(routes.snapshot()).containsOnlyKeys(FAR);

        give(peer(THEIRS, "192.168.2.32", "dev2"));
        assertThat(routes.snapshot()).containsOnlyKeys(OWN, THEIRS);
        assertThat(nextHops.snapshot().values()).extracting(NextHop::gateway).containsExactly(Ip.parse("192.168.2.32"));
    }

    @Test
    void aRestartedAgentChangesNothingThatIsRight() throws Exception {
        give(peer(THEIRS, "192.168.2.32", "dev2"), peer(FAR, "192.168.2.33", "dev3"));
        Map<Integer, NextHop> hopsBefore = nextHops.snapshot();
        reconciler.close();
        log.clear();

        reconciler = newReconciler();
        give(peer(FAR, "192.168.2.33", "dev3"), peer(THEIRS, "192.168.2.32", "dev2"));

        assertThat(log).isEmpty();
        assertThat(nextHops.snapshot()).isEqualTo(hopsBefore);
    }

    @Test
    void driftIsRepairedAndCounted() throws Exception {
        give(peer(THEIRS, "192.168.2.32", "dev2"));
        synchronized (routes) {
            routes.content.remove(THEIRS);
        }
        reconciler.resyncSoon();

        await(() -> routes.snapshot().containsKey(THEIRS));
        await(() -> reconciler.report().repaired() == 1);
    }

    @Test
    void whatTheKernelRefusesIsSaidAndTriedAgainLater() throws Exception {
        routes.refused.add(THEIRS);
        Report report = give(peer(THEIRS, "192.168.2.32", "dev2"), peer(FAR, "192.168.2.33", "dev3"));

        assertThat(report.routeFailures()).containsOnlyKeys(THEIRS);
        assertThat(report.routeFailures().get(THEIRS)).contains("EINVAL");
        assertThat(routes.snapshot()).containsKey(FAR).doesNotContainKey(THEIRS);

        synchronized (routes) {
            routes.refused.clear();
        }
        reconciler.resyncSoon();
        await(() -> routes.snapshot().containsKey(THEIRS));
        await(() -> reconciler.report().isClean());
    }

    @Test
    void aNodeThatCannotBeReachedDirectlyGetsNoRouteAndAReason() throws Exception {
        Report report = give(peer(THEIRS, "172.16.0.9", "far"));

        assertThat(report.refused()).containsEntry(THEIRS, "no route found to destination 172.16.0.9");
        assertThat(routes.snapshot()).containsOnlyKeys(OWN);
    }

    @Test
    void aRouteOverThisNodesOwnPodsIsRefused() throws Exception {
        Report report = give(peer(Cidr.parse("10.244.0.128/25"), "192.168.2.32", "dev2"));

        assertThat(report.refused().get(Cidr.parse("10.244.0.128/25"))).contains("overlaps this node's 10.244.0.0/24");
    }

    @Test
    void aTableThatCannotBeReadIsLeftAloneAndSaid() throws Exception {
        synchronized (routes) {
            routes.unreadable = true;
        }
        Report report = give(peer(THEIRS, "192.168.2.32", "dev2"));

        assertThat(report.unreadable()).containsOnlyKeys(TableId.ROUTES);
        assertThat(routes.content).isEmpty();
        synchronized (routes) {
            routes.unreadable = false;
        }
        reconciler.resyncSoon();
        await(() -> routes.snapshot().containsKey(THEIRS));
    }

    @Test
    void aWriteOfUnknownOutcomeIsSaidAndTriedAgain() throws Exception {
        synchronized (nextHops) {
            nextHops.broken = true;
        }
        Report report = give(peer(THEIRS, "192.168.2.32", "dev2"));
        assertThat(report.failures().get(TableId.NEXT_HOPS)).containsValue("nexthops add: ENOBUFS");
        assertThat(report.isClean()).isFalse();
        synchronized (nextHops) {
            nextHops.broken = false;
        }
        reconciler.resyncSoon();
        await(() -> reconciler.report().isClean());
        assertThat(nextHops.snapshot()).hasSize(1);
    }

    @Test
    void moreNodesThanNextHopIdsLeaveTheRestRefusedAndPodsUntouched() throws Exception {
        PeerRoute[] many = new PeerRoute[12];
        for (int i = 0; i < many.length; i++) {
            many[i] = peer(Cidr.parse("10.1." + i + ".0/24"), "192.168.2." + (100 + i), "n" + i);
        }
        Report report = give(many);
        assertThat(report.refused())
                .hasSize(2)
                .allSatisfy((cidr, why) ->
                        assertThat(why).isEqualTo("nexthop ids: all of 1000 to 1009 in use (expected: fewer nodes)"));
        assertThat(reconciler
                        .update(state -> state.withPods(Map.of("lxc7", POD)))
                        .get(5, TimeUnit.SECONDS)
                        .failures())
                .isEmpty();
    }

    @Test
    void devicesThatComeAndGoMoveTheirPrograms() throws Exception {
        reconciler.update(state -> state.withPods(Map.of())).get(5, TimeUnit.SECONDS);
        Hook old = new Hook("ens33", Hook.Direction.INGRESS);
        assertThat(links.snapshot()).containsEntry(old, new Attachment(2, 104));

        Ip address = Ip.parse("192.168.2.77");
        seen = new Ground.Look(Map.of("eth9", 8), Set.of(address), 0, List.of("devices: gone"));
        reconciler.resyncSoon();
        await(() -> links.snapshot().containsKey(new Hook("eth9", Hook.Direction.INGRESS)));
        await(() -> !links.snapshot().containsKey(old));
        assertThat(endpoints.snapshot().get(address).host()).isTrue();
        await(() -> reconciler.report().problems().equals(List.of("devices: gone")));
        assertThat(reconciler.nativeDevices()).containsOnlyKeys("eth9");
    }

    @Test
    void aPodIsSettledInOrderAndGoesInReverse() throws Exception {
        reconciler.update(state -> state.withPods(Map.of())).get(5, TimeUnit.SECONDS);
        log.clear();
        reconciler.update(state -> state.withPod(POD)).get(5, TimeUnit.SECONDS);

        assertThat(log)
                .extracting(line -> line.split("[+-]", 2)[0])
                .containsExactly("endpoints", "interfaces", "links");
        assertThat(links.snapshot())
                .containsEntry(new Hook("lxc7", Hook.Direction.INGRESS), new Attachment(12, 101))
                .containsEntry(new Hook("lxc7", Hook.Direction.EGRESS), new Attachment(12, 102))
                .containsEntry(new Hook("fl_host", Hook.Direction.EGRESS), new Attachment(3, 103))
                .containsEntry(new Hook("ens33", Hook.Direction.INGRESS), new Attachment(2, 104));
        log.clear();
        reconciler.update(state -> state.withoutPod("lxc7")).get(5, TimeUnit.SECONDS);
        assertThat(log)
                .extracting(line -> line.split("[+-]", 2)[0])
                .containsExactly("links", "interfaces", "endpoints");
    }

    private Report give(PeerRoute... peers) throws Exception {
        Map<Cidr, PeerRoute> all = new HashMap<>();
        for (PeerRoute peer : peers) {
            all.put(peer.cidr(), peer);
        }
        return reconciler.update(state -> state.withRoutes(all)).get(5, TimeUnit.SECONDS);
    }

    private static PeerRoute peer(Cidr cidr, String nextHop, String node) {
        return new PeerRoute(cidr, Ip.parse(nextHop), node, "default");
    }

    private static void await(java.util.function.BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited 10 s").isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }
}
