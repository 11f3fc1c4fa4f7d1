package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.RouteTarget;
import io.fairlead.node.policy.PolicySettings;
import io.fairlead.node.policy.PolicySwitch;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All tables in memory with a reconciler on them: fl_host is 3, ens33 is 2. */
public final class FakeKernel implements AutoCloseable {
    private final List<String> log = FakeTable.newLog();
    private final Map<TableId, FakeTable<?, ?>> tables = Map.of(
            TableId.POLICIES, new FakeTable<PolicyKey, PolicyEntry>("policies", log),
            TableId.IPCACHE, new FakeTable<Cidr, IpcacheEntry>("ipcache", log),
            TableId.ENDPOINTS, new FakeTable<Ip, LocalEndpoint>("endpoints", log),
            TableId.INTERFACES, new FakeTable<Integer, PodInterface>("interfaces", log),
            TableId.LINKS, new FakeTable<Hook, Attachment>("links", log),
            TableId.NEXT_HOPS, new FakeTable<Integer, NextHop>("nexthops", log),
            TableId.ROUTES, new FakeTable<Cidr, RouteTarget>("routes", log));
    private final Reconciler reconciler;

    public FakeKernel(LocalNode node) {
        Reachability onLink = new Reachability() {
            @Override
            public Result of(Ip address) {
                return new Result.Direct(2);
            }

            @Override
            public void refresh() {}
        };
        reconciler = new Reconciler(
                Map.copyOf(tables),
                new Translator(
                        node,
                        new Translator.Datapath(3, "fl_host", Map.of("ens33", 2), 101, 102, 103, 104, 0),
                        new Translator.Routing(true, List.of()),
                        new PolicySwitch(PolicySettings.DEFAULT, 5000),
                        1000,
                        1009),
                onLink,
                state -> new Ground.Look(Map.of("ens33", 2), Set.of(), 0, List.of()));
    }

    public Reconciler reconciler() {
        return reconciler;
    }

    /** The kernel takes no entry of this key. */
    public void refuse(TableId table, Object key) {
        FakeTable<?, ?> refusing = tables.get(table);
        synchronized (refusing) {
            refusing.refused.add(key);
        }
    }

    /** What a former agent left in the kernel. */
    public void left(Cidr route, int nextHopId, NextHop hop) {
        put(TableId.NEXT_HOPS, nextHopId, hop);
        put(TableId.ROUTES, route, new RouteTarget.Via(nextHopId));
    }

    @SuppressWarnings("unchecked") // keys and values of a table are of its own kind
    private void put(TableId table, Object key, Object value) {
        FakeTable<Object, Object> content = (FakeTable<Object, Object>) tables.get(table);
        synchronized (content) {
            content.content.put(key, value);
        }
    }

    /** Keys a table holds. */
    public Set<?> keys(TableId table) {
        return tables.get(table).snapshot().keySet();
    }

    /** The table cannot be read any more. */
    public void unreadable(TableId table) {
        FakeTable<?, ?> broken = tables.get(table);
        synchronized (broken) {
            broken.unreadable = true;
        }
    }

    @Override
    public void close() {
        reconciler.close();
    }
}
