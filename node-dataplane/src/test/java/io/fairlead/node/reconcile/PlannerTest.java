package io.fairlead.node.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.RouteTarget;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlannerTest {
    private static final Set<Source> ALL = Set.of(Source.values());
    private static final NextHop HOP = new NextHop(Ip.parse("192.168.2.32"), 2);
    private static final Cidr POD_CIDR = Cidr.parse("10.244.1.0/24");

    @Test
    void nextHopsComeBeforeRoutesAndGoAfterThem() {
        Tables one = tables(Map.of(1, HOP), Map.of(POD_CIDR, new RouteTarget.Via(1)));

        assertThat(Planner.plan(one, Tables.EMPTY, ALL))
                .extracting(KernelOp::table)
                .containsExactly(TableId.NEXT_HOPS, TableId.ROUTES);
        assertThat(Planner.plan(Tables.EMPTY, one, ALL))
                .extracting(KernelOp::table)
                .containsExactly(TableId.ROUTES, TableId.NEXT_HOPS);
    }

    @Test
    void aTableWhoseSourceHasNotSpokenIsLeftAlone() {
        Tables leftOver = tables(Map.of(1, HOP), Map.of(POD_CIDR, new RouteTarget.Via(1)));

        assertThat(Planner.plan(Tables.EMPTY, leftOver, Set.of(Source.PODS, Source.IDENTITIES)))
                .isEmpty();
    }

    @Test
    void onlyTheDifferenceIsPlanned() {
        Map<Integer, NextHop> hops = Map.of(1, HOP, 2, new NextHop(Ip.parse("192.168.2.33"), 2));
        Tables before = tables(hops, Map.of(POD_CIDR, new RouteTarget.Via(1)));
        Tables after = tables(hops, Map.of(POD_CIDR, new RouteTarget.Via(2)));

        assertThat(Planner.plan(after, before, ALL))
                .containsExactly(new KernelOp.Upsert(TableId.ROUTES, Map.of(POD_CIDR, new RouteTarget.Via(2))));
        assertThat(Planner.plan(after, after, ALL)).isEmpty();
    }

    @Test
    void carryingAnyPlanOutEndsInWhatIsDesired() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            Tables desired = random(random);
            Tables observed = random(random);
            Map<Cidr, RouteTarget> routes = new HashMap<>(observed.routes());
            Map<Integer, NextHop> hops = new HashMap<>(observed.nextHops());
            for (KernelOp op : Planner.plan(desired, observed, ALL)) {
                carryOut(op, routes, hops);
                // a route never points at an object that is not there, at no step
                assertThat(routes.values())
                        .as("seed " + seed + " round " + round + " after " + op)
                        .allMatch(target -> hops.containsKey(((RouteTarget.Via) target).nextHopId()));
            }
            assertThat(routes).as("seed " + seed).isEqualTo(desired.routes());
            assertThat(hops).as("seed " + seed).isEqualTo(desired.nextHops());
        }
    }

    private static void carryOut(KernelOp op, Map<Cidr, RouteTarget> routes, Map<Integer, NextHop> hops) {
        if (op instanceof KernelOp.Upsert upsert) {
            upsert.entries().forEach((key, value) -> {
                if (op.table() == TableId.ROUTES) {
                    routes.put((Cidr) key, (RouteTarget) value);
                } else {
                    hops.put((Integer) key, (NextHop) value);
                }
            });
        } else if (op instanceof KernelOp.Delete delete) {
            routes.keySet().removeAll(op.table() == TableId.ROUTES ? delete.keys() : List.of());
            hops.keySet().removeAll(op.table() == TableId.NEXT_HOPS ? delete.keys() : List.of());
        }
    }

    private static Tables random(Random random) {
        Map<Integer, NextHop> hops = new HashMap<>();
        Map<Cidr, RouteTarget> routes = new HashMap<>();
        for (int i = 0; i < 6; i++) {
            if (random.nextBoolean()) {
                hops.put(i, new NextHop(Ip.v4(0xc0a80200 + random.nextInt(4)), 2));
            }
        }
        List<Integer> ids = List.copyOf(hops.keySet());
        for (int i = 0; i < 6 && !ids.isEmpty(); i++) {
            if (random.nextBoolean()) {
                routes.put(
                        Cidr.containing(Ip.v4(0x0af40000 + (i << 8)), 24),
                        new RouteTarget.Via(ids.get(random.nextInt(ids.size()))));
            }
        }
        return tables(hops, routes);
    }

    private static Tables tables(Map<Integer, NextHop> hops, Map<Cidr, RouteTarget> routes) {
        return new Tables(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), hops, routes);
    }
}
