package io.fairlead.node.reconcile;

import io.fairlead.node.kernel.RouteTarget;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * Why routes failed. A route whose nexthop object the kernel refused is refused itself, as "does not exist": what was said
 * of the object is the reason people look for, such as "Carrier for nexthop device is down".
 */
final class RouteFailures {
    private RouteFailures() {}

    /** Failures by table, those of routes with the reason their nexthop object failed for. */
    static Map<TableId, Map<Object, String>> explained(Map<TableId, Map<Object, String>> failures, Tables wanted) {
        Map<Object, String> hops = failures.getOrDefault(TableId.NEXT_HOPS, Map.of());
        Map<Object, String> routes = failures.getOrDefault(TableId.ROUTES, Map.of());
        if (hops.isEmpty() || routes.isEmpty()) {
            return failures;
        }
        Map<Object, String> reasons = new HashMap<>(routes);
        reasons.replaceAll((cidr, reason) -> wanted.routes().get(cidr) instanceof RouteTarget.Via via
                ? hops.getOrDefault(via.nextHopId(), reason)
                : reason);
        Map<TableId, Map<Object, String>> explained = new EnumMap<>(failures);
        explained.put(TableId.ROUTES, Map.copyOf(reasons));
        return explained;
    }
}
