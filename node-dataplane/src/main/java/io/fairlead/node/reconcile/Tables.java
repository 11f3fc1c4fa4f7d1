package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.RouteTarget;
import java.util.Map;

/**
 * The contents of all tables of the kernel that are the agent's: as they should be, or as they are.
 *
 * @param ipcache prefix to identity
 * @param endpoints address to who has it on this node
 * @param interfaces device index to the endpoint behind it
 * @param links programs attached
 * @param nextHops nexthop objects by id
 * @param routes routes by destination
 */
public record Tables(
        Map<Cidr, IpcacheEntry> ipcache,
        Map<Ip, LocalEndpoint> endpoints,
        Map<Integer, PodInterface> interfaces,
        Map<Hook, Attachment> links,
        Map<Integer, NextHop> nextHops,
        Map<Cidr, RouteTarget> routes) {

    /** Nothing at all. */
    public static final Tables EMPTY = new Tables(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of());

    /** One of the tables. */
    Map<?, ?> get(TableId table) {
        return switch (table) {
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
                table == TableId.IPCACHE ? (Map<Cidr, IpcacheEntry>) content : ipcache,
                table == TableId.ENDPOINTS ? (Map<Ip, LocalEndpoint>) content : endpoints,
                table == TableId.INTERFACES ? (Map<Integer, PodInterface>) content : interfaces,
                table == TableId.LINKS ? (Map<Hook, Attachment>) content : links,
                table == TableId.NEXT_HOPS ? (Map<Integer, NextHop>) content : nextHops,
                table == TableId.ROUTES ? (Map<Cidr, RouteTarget>) content : routes);
    }
}
