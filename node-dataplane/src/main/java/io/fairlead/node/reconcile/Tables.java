package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.PersistentMap;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.RouteTarget;
import io.fairlead.node.policy.InKernel;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/**
 * The contents of all tables of the kernel that are the agent's: as they should be, or as they are.
 *
 * @param policies entries by id of their policy: most stay as they are from round to round
 * @param ipcache prefix to identity
 * @param endpoints address to who has it on this node
 * @param interfaces device index to the endpoint behind it
 * @param links programs attached
 * @param nextHops nexthop objects by id
 * @param routes routes by destination
 */
public record Tables(
        Map<Integer, Map<PolicyKey, PolicyEntry>> policies,
        Map<Cidr, IpcacheEntry> ipcache,
        Map<Ip, LocalEndpoint> endpoints,
        Map<Integer, PodInterface> interfaces,
        Map<Hook, Attachment> links,
        Map<Integer, NextHop> nextHops,
        Map<Cidr, RouteTarget> routes) {

    /** Nothing at all. */
    public static final Tables EMPTY = new Tables(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of());

    /** One of the tables; that of policies by id. */
    Map<?, ?> get(TableId table) {
        return switch (table) {
            case POLICIES -> policies;
            case IPCACHE -> ipcache;
            case ENDPOINTS -> endpoints;
            case INTERFACES -> interfaces;
            case LINKS -> links;
            case NEXT_HOPS -> nextHops;
            case ROUTES -> routes;
        };
    }

    /** The same with one table's content replaced. */
    @SuppressWarnings("unchecked")
    Tables with(TableId table, Map<?, ?> content) {
        return new Tables(
                table == TableId.POLICIES ? (Map<Integer, Map<PolicyKey, PolicyEntry>>) content : policies,
                table == TableId.IPCACHE ? (Map<Cidr, IpcacheEntry>) content : ipcache,
                table == TableId.ENDPOINTS ? (Map<Ip, LocalEndpoint>) content : endpoints,
                table == TableId.INTERFACES ? (Map<Integer, PodInterface>) content : interfaces,
                table == TableId.LINKS ? (Map<Hook, Attachment>) content : links,
                table == TableId.NEXT_HOPS ? (Map<Integer, NextHop>) content : nextHops,
                table == TableId.ROUTES ? (Map<Cidr, RouteTarget>) content : routes);
    }

    /** The same with one table as the kernel lists it. */
    Tables loaded(TableId table, Map<?, ?> content) {
        return table == TableId.POLICIES ? with(table, Map.of()).plus(table, content) : with(table, content);
    }

    /** The same with entries of one table written. */
    Tables plus(TableId table, Map<?, ?> entries) {
        if (table != TableId.POLICIES) {
            return with(table, persistent(table).withAll(entries));
        }
        Map<Integer, Map<PolicyKey, PolicyEntry>> changed = new HashMap<>();
        entries.forEach((key, value) -> copy((PolicyKey) key, changed).put((PolicyKey) key, (PolicyEntry) value));
        return withPolicies(changed);
    }

    /** The same with entries of one table gone. */
    Tables minus(TableId table, Collection<?> keys) {
        if (table != TableId.POLICIES) {
            return with(table, persistent(table).withoutAll(keys));
        }
        Map<Integer, Map<PolicyKey, PolicyEntry>> changed = new HashMap<>();
        keys.forEach(key -> copy((PolicyKey) key, changed).remove((PolicyKey) key));
        return withPolicies(changed);
    }

    /** The same, with the very objects of others' policies that are equal: comparing those again costs nothing. */
    Tables adopting(Tables others) {
        Map<Integer, Map<PolicyKey, PolicyEntry>> after = new HashMap<>(policies);
        after.replaceAll((id, entries) -> {
            Map<PolicyKey, PolicyEntry> theirs = others.policies().getOrDefault(id, Map.of());
            return theirs != entries && theirs.equals(entries) ? theirs : entries;
        });
        return with(TableId.POLICIES, after);
    }

    /** What policies are about. */
    InKernel inKernel() {
        return new InKernel(policies, ipcache, endpoints, interfaces);
    }

    /**
     * The same with one table taken from others, but for some entries, which stay as they are. The next comparison of the
     * two costs what they differ in.
     */
    Tables adopting(TableId table, Tables others, Collection<?> except) {
        if (except.isEmpty()) {
            return with(table, others.get(table));
        }
        PersistentMap.Builder<Object, Object> after = new PersistentMap.Builder<>(others.persistent(table));
        Map<?, ?> now = get(table);
        for (Object key : except) {
            Object value = now.get(key);
            if (value == null) {
                after.remove(key);
            } else {
                after.put(key, value);
            }
        }
        return with(table, after.build());
    }

    @SuppressWarnings("unchecked") // keys and values of a table are of its own kind
    private PersistentMap<Object, Object> persistent(TableId table) {
        return PersistentMap.copyOf((Map<Object, Object>) get(table));
    }

    private Map<PolicyKey, PolicyEntry> copy(PolicyKey key, Map<Integer, Map<PolicyKey, PolicyEntry>> into) {
        return into.computeIfAbsent(key.policy(), id -> new HashMap<>(policies.getOrDefault(id, Map.of())));
    }

    private Tables withPolicies(Map<Integer, Map<PolicyKey, PolicyEntry>> changed) {
        Map<Integer, Map<PolicyKey, PolicyEntry>> after = new HashMap<>(policies);
        changed.forEach((id, entries) -> {
            if (entries.isEmpty()) {
                after.remove(id);
            } else {
                after.put(id, Collections.unmodifiableMap(entries));
            }
        });
        return with(TableId.POLICIES, after);
    }
}
