package io.fairlead.node.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.desired.PersistentMap;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.RouteTarget;
import io.fairlead.node.policy.PolicySettings;
import io.fairlead.node.policy.PolicySwitch;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Rounds that look at what changed alone end where one ends that looks at everything. */
class RouteRoundsTest {
    private static final int FIRST_ID = 1000;
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            Ip.parse("192.168.2.31"),
            List.of(Cidr.parse("10.244.0.0/24")),
            List.of(Ip.parse("10.244.0.1")));

    private final List<String> log = FakeTable.newLog();
    private final FakeTable<Cidr, IpcacheEntry> ipcache = new FakeTable<>("ipcache", log);
    private final FakeTable<Integer, NextHop> nextHops = new FakeTable<>("nexthops", log);
    private final FakeTable<Cidr, RouteTarget> routes = new FakeTable<>("routes", log);
    private final Ways ways = new Ways();

    /** Every fourth node is behind a router, another one cannot be reached; which they are may change. */
    private static final class Ways implements Reachability {
        private int turn;
        private int asked;

        @Override
        public Result of(Ip address) {
            asked++;
            return switch ((int) (address.low() + turn) & 3) {
                case 0 -> new Result.Behind("behind a router: " + address);
                case 1 -> new Result.Not("no route to " + address);
                default -> new Result.Direct(2);
            };
        }

        @Override
        public void refresh() {}
    }

    private Rounds rounds(
            boolean skipUnreachable,
            FakeTable<Cidr, IpcacheEntry> identities,
            FakeTable<Integer, NextHop> hops,
            FakeTable<Cidr, RouteTarget> targets) {
        Map<TableId, KernelTable<?, ?>> tables = Map.of(
                TableId.POLICIES, new FakeTable<PolicyKey, PolicyEntry>("policies", log),
                TableId.IPCACHE, identities,
                TableId.ENDPOINTS, new FakeTable<Ip, LocalEndpoint>("endpoints", log),
                TableId.INTERFACES, new FakeTable<Integer, PodInterface>("interfaces", log),
                TableId.LINKS, new FakeTable<Hook, Attachment>("links", log),
                TableId.NEXT_HOPS, hops,
                TableId.ROUTES, targets);
        return new Rounds(
                new KernelWriter(tables),
                new Translator(
                        NODE,
                        new Translator.Datapath(3, "fl_host", Map.of("ens33", 2), 101, 102, 103, 104, 0),
                        new Translator.Routing(true, List.of(Cidr.parse("10.0.0.0/8")), skipUnreachable),
                        new PolicySwitch(PolicySettings.DEFAULT, 5000),
                        FIRST_ID,
                        FIRST_ID + 99),
                ways,
                state -> new Ground.Look(Map.of("ens33", 2), Set.of(Ip.parse("10.9.9.9")), 0, List.of()));
    }

    @Test
    void anySequenceOfChangesEndsWhereOneStartedAnewEnds() {
        for (int run = 0; run < 60; run++) {
            long seed = System.nanoTime();
            Random random = new Random(seed);
            boolean skip = random.nextBoolean();
            clear();
            Rounds rounds = rounds(skip, ipcache, nextHops, routes);
            PersistentMap<Cidr, PeerRoute> all = PersistentMap.empty();
            PersistentMap<Cidr, Peer> peers = PersistentMap.empty();
            for (int step = 0; step < 40; step++) {
                all = changed(all, random);
                PersistentMap<Cidr, PeerRoute> now = all;
                rounds.change(state -> state.withRoutes(now));
                switch (random.nextInt(12)) {
                    case 0 -> ways.turn++;
                    case 1 -> disturb(random);
                    case 2 ->
                        rounds.change(state -> state.withPodCidrs(
                                random.nextBoolean() ? NODE.podCidrs() : List.of(cidr(random.nextInt(30)))));
                    case 3 -> rounds.change(state -> state.withPods(Map.of("lxc1", pod(random.nextInt(3)))));
                    case 4 -> {
                        peers = peers.withAll(Map.of(address(random).toCidr(), peer(random)))
                                .withoutAll(List.of(address(random).toCidr()));
                        PersistentMap<Cidr, Peer> said = peers;
                        rounds.change(state -> state.withPeers(said, Map.of()));
                    }
                    case 5 -> refuse(random);
                    default -> {}
                }
                if (random.nextInt(6) == 0) {
                    rounds.resync();
                } else {
                    rounds.run();
                }
                rounds.leftToSweep().ifPresent(rounds::sweep);
                assertThat(rounds.observed().routes())
                        .as("seed " + seed + " step " + step + ": what is known")
                        .isEqualTo(known(routes, rounds.observed().routes()));
            }
            stopRefusing();
            rounds.resync();
            rounds.resync(); // ids that were in the kernel until the first one
            assertSameAsAnew(seed, skip, rounds);
        }
    }

    /** What the kernel has, where nobody altered it since the last look: all that rounds know is there or was altered. */
    private static Map<Cidr, RouteTarget> known(FakeTable<Cidr, RouteTarget> table, Map<Cidr, RouteTarget> believed) {
        Map<Cidr, RouteTarget> result = new HashMap<>(believed);
        table.snapshot().forEach((cidr, target) -> {
            if (!table.altered.contains(cidr)) {
                result.put(cidr, target);
            }
        });
        result.keySet()
                .removeIf(cidr ->
                        !table.altered.contains(cidr) && !table.snapshot().containsKey(cidr));
        return result;
    }

    private void assertSameAsAnew(long seed, boolean skip, Rounds rounds) {
        FakeTable<Cidr, IpcacheEntry> otherIpcache = new FakeTable<>("ipcache", log);
        FakeTable<Integer, NextHop> otherHops = new FakeTable<>("nexthops", log);
        FakeTable<Cidr, RouteTarget> otherRoutes = new FakeTable<>("routes", log);
        Rounds anew = rounds(skip, otherIpcache, otherHops, otherRoutes);
        DesiredState plain = rounds.state();
        anew.change(state -> plain.withRoutes(new HashMap<>(plain.routes())));
        anew.resync();
        String where = "seed " + seed;
        assertThat(resolved(routes, nextHops)).as(where).isEqualTo(resolved(otherRoutes, otherHops));
        assertThat(new HashSet<>(nextHops.snapshot().values()))
                .as(where)
                .isEqualTo(new HashSet<>(otherHops.snapshot().values()))
                .hasSize(nextHops.snapshot().size());
        assertThat(ipcache.snapshot()).as(where).isEqualTo(otherIpcache.snapshot());
        assertThat(rounds.report().refused()).as(where).isEqualTo(anew.report().refused());
        assertThat(rounds.report().skipped()).as(where).isEqualTo(anew.report().skipped());
        assertThat(rounds.report().failures()).as(where).isEmpty();
    }

    /** Routes with the next hops they lead to, whatever their ids are. */
    private static Map<Cidr, Object> resolved(FakeTable<Cidr, RouteTarget> targets, FakeTable<Integer, NextHop> hops) {
        Map<Cidr, Object> result = new HashMap<>();
        targets.snapshot().forEach((cidr, target) -> {
            Object to = target instanceof RouteTarget.Via via ? hops.snapshot().get(via.nextHopId()) : target;
            result.put(cidr, Optional.ofNullable(to));
        });
        return result;
    }

    private void clear() {
        List.of(ipcache, nextHops, routes).forEach(table -> {
            table.content.clear();
            table.altered.clear();
        });
        stopRefusing();
    }

    private void stopRefusing() {
        nextHops.refused.clear();
        routes.refused.clear();
    }

    private void refuse(Random random) {
        if (random.nextBoolean()) {
            stopRefusing();
        } else {
            routes.refused.add(cidr(random.nextInt(30)));
            nextHops.refused.add(FIRST_ID + random.nextInt(20));
        }
    }

    /** Somebody else alters the kernel. */
    private void disturb(Random random) {
        Cidr cidr = cidr(random.nextInt(30));
        routes.altered.add(cidr);
        if (random.nextBoolean()) {
            routes.content.remove(cidr);
        } else {
            routes.content.put(cidr, new RouteTarget.Unreachable());
        }
        int id = FIRST_ID + random.nextInt(20);
        if (random.nextBoolean()) {
            nextHops.content.remove(id);
        } else {
            nextHops.content.put(id, new NextHop(Ip.v4(0xc0a80200 + random.nextInt(60)), 2));
        }
    }

    private static PersistentMap<Cidr, PeerRoute> changed(PersistentMap<Cidr, PeerRoute> all, Random random) {
        if (random.nextInt(20) == 0) {
            all = PersistentMap.copyOf(new HashMap<>(all));
        }
        Map<Cidr, PeerRoute> more = new HashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            Cidr cidr = cidr(random.nextInt(30));
            String owner = random.nextInt(10) == 0 ? "dev1" : "n" + random.nextInt(40);
            more.put(cidr, new PeerRoute(cidr, Ip.v4(0xc0a80200 + random.nextInt(40)), owner, "default"));
        }
        List<Cidr> gone = random.nextBoolean() ? List.of() : List.of(cidr(random.nextInt(30)));
        return all.withoutAll(gone).withAll(more);
    }

    /** The first overlaps the node's own, some lie outside what is native, one has a node in it. */
    private static Cidr cidr(int number) {
        return switch (number) {
            case 0 -> Cidr.parse("10.244.0.128/25");
            case 1 -> Cidr.parse("11.0.0.0/24");
            case 2 -> Cidr.parse("10.244.0.0/24");
            default -> Cidr.containing(Ip.v4(0x0af40000 + (number << 8)), 24);
        };
    }

    private static Ip address(Random random) {
        return random.nextInt(6) == 0 ? Ip.parse("10.9.9.9") : Ip.v4(0x0af40000 + random.nextInt(20));
    }

    private static Peer peer(Random random) {
        return new Peer(new IpcacheEntry(new IdentityId(300 + random.nextInt(3)), Optional.empty()), "", "", "kvstore");
    }

    private static Pod pod(int number) {
        return new Pod(
                7,
                "lxc1",
                12,
                new IdentityId(300 + number),
                Optional.of(Ip.v4(0x0af40007)),
                Optional.empty(),
                Mac.parse("02:00:00:00:00:07"),
                Mac.parse("02:00:00:00:01:07"),
                true);
    }

    @Test
    void aRoundWithoutRouteChangesTouchesNone() {
        Rounds rounds = rounds(false, ipcache, nextHops, routes);
        give(rounds, PersistentMap.copyOf(many(50)));
        Tables before = rounds.observed();
        ways.asked = 0;
        log.clear();
        rounds.change(state -> state.withPods(Map.of("lxc1", pod(1))));
        rounds.run();

        assertThat(log).isNotEmpty().noneMatch(line -> line.startsWith("routes") || line.startsWith("nexthops"));
        assertThat(ways.asked).isZero();
        assertThat(rounds.observed().routes()).isSameAs(before.routes());
        assertThat(rounds.observed().nextHops()).isSameAs(before.nextHops());
    }

    @Test
    void aRoundOfOneRouteLooksAtThatAloneAndTouchesNothingElse() {
        Rounds rounds = rounds(false, ipcache, nextHops, routes);
        rounds.change(state -> state.withPods(Map.of("lxc1", pod(1))).withPeers(Map.of(), Map.of()));
        PersistentMap<Cidr, PeerRoute> all = PersistentMap.copyOf(many(15));
        give(rounds, all);
        rounds.leftToSweep().ifPresent(rounds::sweep);
        Tables before = rounds.observed();
        ways.asked = 0;
        log.clear();
        Cidr cidr = cidr(25);
        PeerRoute more = new PeerRoute(cidr, Ip.parse("192.168.2.254"), "n", "default");
        rounds.change(state -> state.withRoutes(all.withAll(Map.of(cidr, more))));
        rounds.run();

        assertThat(rounds.wasShort()).isTrue();
        assertThat(ways.asked).isEqualTo(1);
        assertThat(log).containsExactly("nexthops+[1015]", "routes+[" + cidr + "]");
        assertThat(rounds.observed().endpoints()).isSameAs(before.endpoints());
        assertThat(rounds.observed().ipcache()).isSameAs(before.ipcache());
        rounds.change(state -> state.withRoutes(all));
        log.clear();
        rounds.run();
        assertThat(log).containsExactly("routes-[" + cidr + "]", "nexthops-[1015]");
        assertThat(ways.asked).isEqualTo(1);
    }

    private static Map<Cidr, PeerRoute> many(int count) {
        Map<Cidr, PeerRoute> all = new HashMap<>();
        for (int i = 0; i < count; i++) {
            Cidr cidr = Cidr.containing(Ip.v4(0x0a640000 + (i << 8)), 24);
            all.put(cidr, new PeerRoute(cidr, Ip.v4(0xc0a80202 + ((i / 2) << 2) + i % 2), "n" + i, "default"));
        }
        return all;
    }

    private static void give(Rounds rounds, Map<Cidr, PeerRoute> all) {
        rounds.change(state -> state.withRoutes(all));
        rounds.run();
    }
}
